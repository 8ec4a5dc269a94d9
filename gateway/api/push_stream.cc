#include "gateway/api/push_stream.h"

#include <utility>
#include <variant>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "gateway/api/backpressure.h"
#include "proto/base/assert.h"

namespace api {

PushStream::PushStream(ApiContext& context, AnswerQueue& answers, ReplyTo connection, bool chunked)
    : context_(context),
      answers_(answers),
      connection_(connection),
      chunked_(chunked),
      splitter_(context.config->api.line_size_max) {}

void PushStream::feed(std::string_view bytes) {
  DUNLIN_ASSERT(!busy());
  take_lines(bytes);
}

void PushStream::end() {
  ending_ = true;
  run();
}

void PushStream::end_early(const ApiError& error) {
  if (stalled_) refuse(stalled_->serial, error);
  stalled_.reset();
  refuse(open_line(next_number_), error);
  unread_.clear();
  announce_end();
}

bool PushStream::can_run() const {
  if (done_ || claiming_) return false;
  if (stalled_) return may_retry_;
  return may_take();
}

void PushStream::run() {
  if (!can_run()) return;
  if (stalled_) {
    may_retry_ = false;
    const Stalled retried = std::move(*stalled_);
    stalled_.reset();
    submit(retried.push.request(), retried.fingerprint, retried.serial);
  }
  take_lines(unread_.view());
  if (!ending_ || !unread_.empty() || !may_take()) return;
  const auto step = splitter_.finish();
  if (const auto* line = std::get_if<LineSplitter::Line>(&step)) take(*line);
  announce_end();
}

bool PushStream::may_take() const {
  return !claiming_ && !stalled_ && !done_ && answers_.size() < kLinesMax &&
         answers_.output_size() < kOutputHigh;
}

void PushStream::take_lines(std::string_view bytes) {
  while (may_take()) {
    const auto step = splitter_.next(bytes);
    if (std::holds_alternative<dunlin::NeedInput>(step)) break;
    if (const auto* too_long = std::get_if<LineSplitter::TooLong>(&step)) {
      next_number_ = too_long->number + 1;
      refuse(open_line(too_long->number),
             {.code = "line_too_long",
              .message = "a line may have at most " +
                         std::to_string(context_.config->api.line_size_max) + " bytes"});
    } else {
      take(std::get<LineSplitter::Line>(step));
    }
  }
  unread_.keep(bytes);
}

void PushStream::take(const LineSplitter::Line& line) {
  next_number_ = line.number + 1;
  const std::uint64_t serial = open_line(line.number);
  push::PushRequest& request = context_.push_request;
  auto parsed = context_.push_parser.parse(line.text, context_.push_limits, request);
  if (!parsed) return refuse(serial, to_api_error(std::move(parsed.error())));
  std::uint64_t fingerprint = 0;
  if (!request.idempotency_key.empty()) {
    fingerprint = XXH3_64bits(line.text.view().data(), line.text.size());
  }
  submit(request, fingerprint, serial);
}

void PushStream::submit(const push::PushRequest& request, std::uint64_t fingerprint,
                        std::uint64_t serial) {
  answers_.find(serial)->style = answer_style(request);
  ReplyTo reply_to = connection_;
  reply_to.request = serial;
  const bool claimed = !request.idempotency_key.empty();
  const Admission admission =
      claimed ? context_.claims.begin(request, fingerprint, reply_to, /*in_stream=*/true)
              : context_.dispatcher.push(request, reply_to);
  switch (admission) {
    case Admission::kAccepted:
      claiming_ = claimed;
      return;
    case Admission::kRingFull:
      stalled_.emplace(SavedPush(request), fingerprint, serial);
      return;
    case Admission::kDraining:
    case Admission::kMemoryFull:
      return refuse(serial, refusal(admission));
  }
}

std::uint64_t PushStream::open_line(std::uint64_t number) {
  return answers_.open({.kind = Exchange::Kind::kLine, .chunked = chunked_, .line = number});
}

void PushStream::refuse(std::uint64_t serial, const ApiError& error) {
  context_.counters.api_errors.add();
  const std::uint64_t line = answers_.find(serial)->line;
  std::string& text = answers_.text_of(serial);
  append_error_line(text, error, line);
  text.push_back('\n');
  answers_.answered(serial);
}

void PushStream::announce_end() {
  done_ = true;
  const std::uint64_t serial =
      answers_.open({.kind = Exchange::Kind::kStreamEnd, .chunked = chunked_});
  std::string& text = answers_.text_of(serial);
  if (chunked_) text.append("0\r\n\r\n");
  answers_.answered(serial);
}

}  // namespace api
