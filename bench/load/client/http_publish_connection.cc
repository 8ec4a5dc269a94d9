#include "bench/load/client/http_publish_connection.h"

namespace load {

HttpPublishConnection::HttpPublishConnection(EventLoop& loop, PublishConnection::Owner& owner,
                                             const Setup& setup, const PublishForm& form)
    : owner_(owner),
      is_batch_(form.is_batch),
      http_(loop, *this, setup.api_tls),
      request_(form, setup.api_address.text(), setup.options.api_header) {}

void HttpPublishConnection::add(const Template::Values& values) {
  if (is_batch_) return request_.add_line(values);
  request_.append_to(http_.outgoing(), values);
}

void HttpPublishConnection::end_request() { request_.append_batch_to(http_.outgoing()); }

void HttpPublishConnection::on_answer(HttpClient& /*client*/, unsigned status,
                                      std::string_view body) {
  owner_.on_answer(*this, status / 100 == 2, body);
}

void HttpPublishConnection::on_lost(HttpClient& /*client*/) { owner_.on_lost(*this); }

}  // namespace load
