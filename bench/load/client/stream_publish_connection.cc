#include "bench/load/client/stream_publish_connection.h"

namespace load {

StreamPublishConnection::StreamPublishConnection(EventLoop& loop, PublishConnection::Owner& owner,
                                                 const Setup& setup, const PublishForm& form)
    : owner_(owner),
      http_(loop, *this, setup.api_tls),
      request_(form, setup.api_address.text(), setup.options.api_header) {}

void StreamPublishConnection::flush() {
  if (!begun_) request_.append_stream_head_to(http_.outgoing());
  begun_ = true;
  request_.append_chunk_to(http_.outgoing());
  http_.flush();
}

void StreamPublishConnection::finish() {
  if (!begun_) return;
  begun_ = false;
  PublishRequest::append_stream_end_to(http_.outgoing());
  http_.flush();
}

bool StreamPublishConnection::on_body_part(HttpClient& /*client*/, unsigned status,
                                           std::string_view part) {
  if (status / 100 != 2) return false;  // One answer for all: on_answer() gets it whole.
  for (auto end = part.find('\n'); end != std::string_view::npos; end = part.find('\n')) {
    unfinished_line_ += part.substr(0, end);
    answer_one(/*accepted=*/true, unfinished_line_);
    unfinished_line_.clear();
    part.remove_prefix(end + 1);
  }
  // Not taken, so that HttpClient's own bound ends the connection.
  if (unfinished_line_.size() + part.size() > kLineSizeMax) return false;
  unfinished_line_ += part;
  return true;
}

// The whole answer has come. If that is not because the request had ended, the server has broken it
// off: what it did with the lines that it did not answer is unknown.
void StreamPublishConnection::on_answer(HttpClient& /*client*/, unsigned status,
                                        std::string_view body) {
  if (status / 100 == 2) {
    if (unanswered_ > 0) owner_.on_lost(*this);
  } else {
    while (unanswered_ > 0) answer_one(/*accepted=*/false, body);
  }
  forget();
}

void StreamPublishConnection::on_lost(HttpClient& /*client*/) {
  forget();
  owner_.on_lost(*this);
}

void StreamPublishConnection::answer_one(bool accepted, std::string_view line) {
  if (unanswered_ == 0) return;  // More answers than lines; the count of pushes will show it.
  --unanswered_;
  owner_.on_answer(*this, accepted, line);
}

void StreamPublishConnection::forget() {
  begun_ = false;
  unanswered_ = 0;
  unfinished_line_.clear();
}

}  // namespace load
