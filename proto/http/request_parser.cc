#include "proto/http/request_parser.h"

#include <algorithm>
#include <utility>

#include "proto/http/head_parser.h"

namespace http {
Step RequestParser::next(ConstBytes& input) {
  switch (state_) {
    case State::kHead:
      return read_head(input);
    case State::kBodyBegin:
      return begin_body(input);
    case State::kIdentity:
      return read_identity(input);
    case State::kChunked:
      return read_chunked(input);
    case State::kFailed:
      break;
  }
  return error_;
}

Step RequestParser::read_head(ConstBytes& input) {
  if (input.empty()) return NeedInput{};
  if (guard_.blank()) {
    if (guard_.untouched() && take_repeated_head(input)) return HeadComplete{.repeated = true};
    head_bytes_.clear();
  }
  const HeadGuard::Result result = guard_.feed(input);
  head_bytes_.append(dunlin::as_string_view(dunlin::take_front(input, result.size)));
  if (result.error) return fail(*result.error);
  if (!result.complete) return NeedInput{};

  guard_.reset();
  if (std::exchange(kept_alive_, true)) memo_.hold(head_bytes_);
  if (const auto error = parse_head(head_bytes_, limits_.target_size_max, headers_, head_)) {
    return fail(*error);
  }
  memo_.learn(head_, head_bytes_.data());
  begin_request();
  return HeadComplete{};
}

bool RequestParser::take_repeated_head(ConstBytes& input) {
  const auto match = memo_.match(input);
  if (!match) return false;
  head_bytes_.replace(match->length_offset, match->length_text.size(), match->length_text);
  head_.content_length = match->content_length;
  input = input.subspan(match->size);
  begin_request();
  return true;
}

void RequestParser::begin_request() {
  body_size_max_ = limits_.body_size_max;
  state_ = State::kBodyBegin;
}

// Only now, so that the owner could set another limit, or answer without wanting the body.
Step RequestParser::begin_body(ConstBytes& input) {
  if (head_.chunked) {
    body_left_ = body_size_max_;
    chunked_.reset();
    state_ = State::kChunked;
    return read_chunked(input);
  }
  body_left_ = head_.content_length.value_or(0);
  if (body_left_ > body_size_max_) return fail(refusal::kBodyTooLarge);
  state_ = State::kIdentity;
  return read_identity(input);
}

Step RequestParser::read_identity(ConstBytes& input) {
  if (body_left_ == 0) return complete();
  if (input.empty()) return NeedInput{};
  const std::uint64_t size = std::min<std::uint64_t>(input.size(), body_left_);
  body_left_ -= size;
  return Body{dunlin::take_front(input, static_cast<std::size_t>(size))};
}

Step RequestParser::read_chunked(ConstBytes& input) {
  const ChunkedDecoder::Step step = chunked_.next(input, body_left_);
  if (const auto* chunk = std::get_if<ChunkedDecoder::Chunk>(&step)) {
    body_left_ -= chunk->bytes.size();
    return Body{chunk->bytes};
  }
  if (const auto* error = std::get_if<HttpError>(&step)) return fail(*error);
  if (std::holds_alternative<ChunkedDecoder::End>(step)) return complete();
  return NeedInput{};
}

Step RequestParser::complete() {
  state_ = State::kHead;
  return RequestComplete{};
}

Step RequestParser::fail(const HttpError& error) {
  state_ = State::kFailed;
  error_ = error;
  return error;
}

}  // namespace http
