#include "gateway/api/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

#include "gateway/api/backpressure.h"
#include "gateway/api/query_answers.h"
#include "proto/base/assert.h"

namespace api {
namespace {

constexpr std::size_t kReadBudget = 256 << 10;  // Bytes a turn; the others must not starve.
constexpr std::size_t kDiscardMax = 1 << 20;    // Bytes read after the last answer.
constexpr std::size_t kKeptBody = 64 << 10;     // A larger body's memory is given back.
constexpr std::uint64_t kLingerMs = 2'000;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kNdjson = "application/x-ndjson";

}  // namespace

Connection::Connection(ApiContext& context, int fd, std::unique_ptr<tls::Stream> stream,
                       ReplyTo self)
    : context_(context),
      fd_(fd),
      tls_(std::move(stream)),
      self_(self),
      parser_(http_limits(context.config->api)) {}

Connection::~Connection() { ::close(fd_); }

// ---- Input ----

void Connection::on_ready(loop::Readiness readiness) {
  readable_ |= readiness.readable || readiness.peer_closed;
  writable_ |= readiness.writable;
  peer_closed_ |= readiness.peer_closed;
  if (tls_ && readiness.writable && !context_.secure_sends.flush(fd_, *tls_))
    phase_ = Phase::kEnded;
  run();
}

void Connection::run() {
  if (phase_ == Phase::kLingering) return discard_input();
  if (stream_ && stream_->can_run()) {
    stream_->run();
    settle_stream();
  }
  if (stopped_ && may_take()) take_rest();
  if (!stopped_) read();
}

bool Connection::can_run() const {
  if (phase_ == Phase::kLingering) return readable_;
  if (phase_ != Phase::kOpen) return false;
  if (stream_ && stream_->busy()) return stream_->can_run();
  return (stopped_ || (readable_ && !input_ended_)) && may_take();
}

bool Connection::may_take() const {
  if (phase_ != Phase::kOpen || claiming_) return false;
  if (stream_) return !stream_->busy();
  // A request that was begun is taken to its end.
  return in_request_ || !parser_.idle() ||
         (answers_.size() < context_.config->api.pipeline_max &&
          answers_.output_size() < kOutputHigh);
}

void Connection::read() {
  std::size_t budget = kReadBudget;
  while (readable_ && !input_ended_ && !stopped_ && budget > 0 && may_take()) {
    const std::size_t size = receive();
    if (size == 0) break;
    budget -= std::min(budget, size);
    const auto bytes = context_.receive_buffer.bytes().first(size);
    take({reinterpret_cast<const char*>(bytes.data()), size});
  }
  if (input_ended_ && !stopped_) on_input_ended();
}

// Input, in the receive buffer; 0: there is none now.
std::size_t Connection::receive() {
  const auto buffer = tls_ ? std::span(context_.cipher_buffer.get(), ReceiveBuffer::kCipherSize)
                           : context_.receive_buffer.bytes();
  for (;;) {
    const ssize_t received = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (received > 0) {
      const auto size = static_cast<std::size_t>(received);
      // A short read has emptied the socket, unless the end of the input stands behind it.
      if (size < buffer.size() && !peer_closed_) readable_ = false;
      bytes_received_ += size;
      if (!tls_) return size;
      return decrypt(size);  // 0: a part of a record, or of a handshake; the rest in another turn.
    }
    if (received < 0 && errno == EINTR) continue;
    readable_ = false;
    if (received == 0) {
      input_ended_ = true;
    } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
      phase_ = Phase::kEnded;  // Reset: there is nobody to answer.
    }
    return 0;
  }
}

// From the cipher buffer to the receive buffer. What TLS itself has to say leaves at once.
std::size_t Connection::decrypt(std::size_t size) {
  using State = tls::Stream::State;
  const bool establishing = tls_->state() == State::kHandshake;
  const std::size_t plain =
      tls_->receive({context_.cipher_buffer.get(), size}, context_.receive_buffer.bytes());
  const bool sent = context_.secure_sends.flush(fd_, *tls_);
  if (!sent || tls_->state() == State::kFailed) phase_ = Phase::kEnded;
  if (tls_->state() == State::kEnded) input_ended_ = true;
  if (establishing && tls_->state() != State::kHandshake) {
    const auto result = tls_->state() == State::kFailed ? cross::TlsResult::kFailed
                        : tls_->resumed()               ? cross::TlsResult::kResumed
                                                        : cross::TlsResult::kFull;
    context_.counters.tls_handshakes[result].add();
  }
  return phase_ == Phase::kEnded ? 0 : plain;
}

void Connection::discard_input() {
  while (readable_ && phase_ == Phase::kLingering) {
    const std::uint64_t received_before = bytes_received_;
    static_cast<void>(receive());
    discarded_ += bytes_received_ - received_before;
    if (input_ended_ || discarded_ > kDiscardMax) phase_ = Phase::kEnded;
  }
}

void Connection::take(std::string_view input) {
  dunlin::ConstBytes bytes = dunlin::as_bytes(input);
  for (;;) {
    if (!may_take()) {
      stopped_ = true;
      break;
    }
    const http::Step step = parser_.next(bytes);
    if (std::holds_alternative<dunlin::NeedInput>(step)) break;
    if (const auto* complete = std::get_if<http::HeadComplete>(&step)) {
      begin_request(complete->repeated);
    } else if (const auto* body = std::get_if<http::Body>(&step)) {
      take_body(dunlin::as_string_view(body->bytes));
    } else if (std::holds_alternative<http::RequestComplete>(step)) {
      complete_request();
    } else {
      refuse_input(std::get<http::HttpError>(step));
    }
  }
  keep_body();
  unread_.keep(phase_ == Phase::kOpen ? dunlin::as_string_view(bytes) : std::string_view{});
}

void Connection::take_rest() {
  stopped_ = false;
  take(unread_.view());
}

// The peer has sent its last byte and can still read: what it asked is answered.
void Connection::on_input_ended() {
  if (phase_ != Phase::kOpen) return;
  if (stream_ && !stream_->busy()) {
    stream_->end_early({.code = "truncated", .message = "the request ended before its body did"});
    stream_.reset();
  }
  if (!stream_) phase_ = Phase::kClosing;
}

// ---- Requests ----

void Connection::begin_request(bool repeated) {
  const http::RequestHead& head = parser_.head();
  context_.counters.api_requests.add();
  in_request_ = true;
  // What let an equal head pass lets this one pass, unless the keys have changed since.
  const bool passes = repeated && passage_.route != nullptr &&
                      passage_.credentials_version == context_.credentials_version;
  if (!passes) {
    fields_ = find_fields(head);
    passage_ = pass_gate(context_, head, fields_, known_key_);
  }
  if (head.expect_continue) {
    // RFC 9110 10.1.1: a final answer in place of 100 tells the client to keep its body.
    if (passage_.refusal) return complete_request();
    const std::uint64_t serial = answers_.open({.kind = Exchange::Kind::kInterim});
    answers_.text_of(serial).append(kContinue);
    answers_.answered(serial);
  }
  if (passage_.streamed) begin_stream();
}

void Connection::begin_stream() {
  const http::RequestHead& head = parser_.head();
  parser_.set_body_size_max(~std::uint64_t{0});
  const bool chunked = head.version_minor > 0;
  close_after_stream_ = !head.keep_alive || !chunked;
  const Persistence persistence = close_after_stream_ ? Persistence::kClose : Persistence::kDefault;
  const std::uint64_t serial = answers_.open({.kind = Exchange::Kind::kStreamHead});
  append_stream_head(answers_.text_of(serial), kNdjson, persistence, context_.date_field, chunked);
  answers_.answered(serial);
  stream_.emplace(context_, answers_, self_, chunked);
}

void Connection::settle_stream() {
  if (!stream_ || !stream_->done()) return;
  stream_.reset();
  if (close_after_stream_) phase_ = Phase::kClosing;
}

void Connection::take_body(std::string_view bytes) {
  if (stream_) return stream_->feed(bytes);
  if (passage_.refusal || passage_.route == nullptr || passage_.route->body == BodyUse::kIgnored) {
    return;
  }
  if (body_.empty() && parser_.head().content_length == bytes.size()) {
    whole_body_ = bytes;
  } else if (context_.dispatcher.memory_full()) {
    // A body that has to be kept while the rest of it comes: no room for that now.
    passage_.refusal = refusal(Admission::kMemoryFull);
    passage_.route = nullptr;  // Holds for this request only.
    std::string().swap(body_);
  } else {
    body_.append(bytes);
  }
}

// What stands in the receive buffer is about to be overwritten.
void Connection::keep_body() {
  if (whole_body_.empty()) return;
  body_ = whole_body_;
  whole_body_ = {};
}

void Connection::complete_request() {
  if (stream_) {
    stream_->end();
    settle_stream();
    return end_request();
  }
  const std::uint64_t serial = open_response();
  if (passage_.refusal) {
    respond(serial, *passage_.refusal, passage_.fields);
  } else if (passage_.route == nullptr) {
    respond(serial, Response{.status = 204, .fields = passage_.fields});
  } else {
    call_route(serial);
  }
  end_request();
}

std::uint64_t Connection::open_response() {
  const http::RequestHead& head = parser_.head();
  const bool early = head.expect_continue && passage_.refusal;  // The body may come or not.
  const bool close = !head.keep_alive || early;
  if (close) phase_ = Phase::kClosing;
  return answers_.open({.close = close,
                        .http_1_0 = head.version_minor == 0,
                        .head_only = head.method == http::Method::kHead});
}

void Connection::call_route(std::uint64_t serial) {
  ReplyTo reply_to = self_;
  reply_to.request = serial;
  const push::PaddedText body =
      whole_body_.empty() ? push::PaddedText::of(body_) : push::PaddedText::promise(whole_body_);
  const Call call{.context = context_,
                  .head = parser_.head(),
                  .fields = fields_,
                  .parameter = passage_.parameter,
                  .body = body,
                  .reply_to = reply_to,
                  .style = answers_.find(serial)->style};
  Outcome outcome = passage_.route->handler(call);
  if (const auto* response = std::get_if<Response>(&outcome)) {
    respond(serial, *response);
  } else if (const auto* error = std::get_if<ApiError>(&outcome)) {
    respond(serial, *error);
  } else {
    claiming_ = std::holds_alternative<Claiming>(outcome);
  }
}

void Connection::end_request() {
  in_request_ = false;
  ++requests_;
  whole_body_ = {};
  if (body_.capacity() > kKeptBody) {
    std::string().swap(body_);
  } else {
    body_.clear();
  }
}

// The request cannot be understood, and so neither what follows it.
void Connection::refuse_input(const http::HttpError& error) {
  if (stream_) {
    stream_->end_early(to_api_error(error));
    stream_.reset();
    phase_ = Phase::kClosing;
    return;
  }
  phase_ = Phase::kClosing;
  respond(answers_.open({.close = true}), to_api_error(error));
  end_request();
}

// ---- Answers ----

void Connection::on_push_done(std::uint64_t serial, const PushResult& result) {
  const Exchange* exchange = answers_.find(serial);
  if (exchange == nullptr) return;
  retry_stalled();  // There may be room now.
  std::string& body = context_.body;
  body.clear();
  if (exchange->kind == Exchange::Kind::kLine) {
    append_push_line(body, exchange->style, result, exchange->line);
    return answer_line(serial, body);
  }
  const int status = append_push_answer(body, exchange->style, result);
  respond(
      serial,
      {.status = status, .body = body, .fields = status == 503 ? kRetryAfter : std::string_view{}});
}

void Connection::on_answer(std::uint64_t serial, const Answer& answer) {
  const Exchange* exchange = answers_.find(serial);
  if (exchange == nullptr) return;
  std::string& body = context_.body;
  body.clear();
  const int status = append_query_answer(body, answer, exchange->style.single_target);
  respond(serial, {.status = status, .body = body});
}

void Connection::on_claim_decided() {
  claiming_ = false;
  if (stream_) stream_->on_claim_decided();
}

void Connection::on_claimed_answer(std::uint64_t serial, const ClaimedAnswer& answer) {
  const Exchange* exchange = answers_.find(serial);
  if (exchange == nullptr) return;
  if (exchange->kind == Exchange::Kind::kLine) return answer_line(serial, answer.body);
  Response response{.status = answer.status, .body = answer.body};
  if (answer.replayed) response.fields = "Idempotency-Replayed: true\r\n";
  if (answer.status == 503) response.fields = kRetryAfter;
  respond(serial, response);
}

void Connection::respond(std::uint64_t serial, Response response) {
  Exchange* exchange = answers_.find(serial);
  DUNLIN_ASSERT(exchange != nullptr);
  if (response.status >= 400) context_.counters.api_errors.add();
  const Persistence persistence = persistence_of(serial, *exchange);
  append_response(answers_.text_of(serial), response, persistence, context_.date_field,
                  !exchange->head_only);
  answers_.answered(serial);
}

void Connection::respond(std::uint64_t serial, const ApiError& error, std::string_view fields) {
  std::string& body = context_.body;
  body.clear();
  append_error(body, error);
  if (error.status == 503) fields = kRetryAfter;
  respond(serial, {.status = error.status, .body = body, .fields = fields});
}

void Connection::answer_line(std::uint64_t serial, std::string_view line) {
  answers_.text_of(serial).append(line).push_back('\n');
  answers_.answered(serial);
}

Persistence Connection::persistence_of(std::uint64_t serial, Exchange& exchange) {
  // Draining: the last answer that is owed says so, and ends the connection.
  const bool nothing_else =
      answers_.is_last(serial) && unread_.empty() && !stream_ && (in_request_ || parser_.idle());
  if (context_.draining && phase_ == Phase::kOpen && nothing_else) {
    phase_ = Phase::kClosing;
    exchange.close = true;
  }
  if (exchange.close) return Persistence::kClose;
  return exchange.http_1_0 ? Persistence::kKeepAlive : Persistence::kDefault;
}

std::string_view Connection::output() {
  const bool can_send = writable_ && phase_ != Phase::kEnded;
  return can_send ? answers_.output() : std::string_view{};
}

void Connection::on_sent(std::int64_t result) {
  if (result < 0) {
    phase_ = Phase::kEnded;
    return;
  }
  answers_.sent(static_cast<std::size_t>(result));
  bytes_sent_ += static_cast<std::uint64_t>(result);
  writable_ = answers_.output_size() == 0;  // Else the kernel's buffer is full.
}

void Connection::finish_turn() {
  if (phase_ == Phase::kClosing && answers_.empty() && answers_.output_size() == 0) {
    begin_lingering();
  }
}

// Closing at once could reset the connection under an answer that the peer has not read yet, if it
// has sent something that was not received.
void Connection::begin_lingering() {
  phase_ = input_ended_ ? Phase::kEnded : Phase::kLingering;
  if (tls_) {
    tls_->close();
    static_cast<void>(context_.secure_sends.flush(fd_, *tls_));
  }
  if (phase_ == Phase::kEnded) return;
  if (::shutdown(fd_, SHUT_WR) != 0) phase_ = Phase::kEnded;
  discard_input();
}

// ---- Time ----

void Connection::on_tick(std::uint64_t now_ms) {
  using Kind = ProgressWatch::Activity::Kind;
  const ProgressWatch::Activity now = activity();
  const std::uint64_t lasted_ms = watch_.look(now, now_ms);
  const config::Api& limits = context_.config->api;
  switch (now.kind) {
    case Kind::kNone:
      return;
    case Kind::kRequest:
      if (lasted_ms < limits.request_timeout_ms) return;
      if (tls_ && tls_->state() == tls::Stream::State::kHandshake) return close();
      phase_ = Phase::kClosing;
      respond(answers_.open({.close = true}),
              ApiError{.status = 408,
                       .code = "request_timeout",
                       .message = "the request did not arrive in time"});
      return;
    case Kind::kIdle:
    case Kind::kStream:
    case Kind::kOutput:
      if (lasted_ms >= limits.idle_timeout_ms) phase_ = Phase::kEnded;
      return;
    case Kind::kLinger:
      if (lasted_ms >= kLingerMs) phase_ = Phase::kEnded;
      return;
  }
}

ProgressWatch::Activity Connection::activity() const {
  using Kind = ProgressWatch::Activity::Kind;
  if (phase_ == Phase::kLingering) return {.kind = Kind::kLinger};
  if (answers_.output_size() != 0) return {.kind = Kind::kOutput, .progress = bytes_sent_};
  if (stream_) {
    const bool waits_for_us = stream_->busy() || !answers_.empty();
    if (waits_for_us) return {};
    return {.kind = Kind::kStream, .progress = bytes_received_};
  }
  if (tls_ && tls_->state() == tls::Stream::State::kHandshake) return {.kind = Kind::kRequest};
  if (phase_ != Phase::kOpen || stopped_) return {};
  if (in_request_ || !parser_.idle()) return {.kind = Kind::kRequest, .progress = requests_};
  if (!answers_.empty()) return {};
  return {.kind = Kind::kIdle, .progress = requests_};
}

void Connection::retry_stalled() {
  if (stream_) stream_->allow_retry();
}

// ---- Draining ----

void Connection::end_streams() {
  if (!stream_ || phase_ != Phase::kOpen) return;
  stream_->end_early(refusal(Admission::kDraining));
  stream_.reset();
  phase_ = Phase::kClosing;
}

std::size_t Connection::held_bytes() const {
  return body_.size() + unread_.view().size() + answers_.output_size() +
         (stream_ ? stream_->held_bytes() : 0) + (tls_ ? tls_->buffer_memory() : 0);
}

std::size_t Connection::open_requests() const {
  const bool reading = phase_ == Phase::kOpen && (in_request_ || stopped_ || !parser_.idle());
  const bool writing = phase_ != Phase::kLingering && answers_.output_size() != 0;
  return answers_.size() + (reading || writing ? 1 : 0);
}

}  // namespace api
