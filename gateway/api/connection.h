// One connection to the API: HTTP/1.x requests in, answers out in the same order. Reads while it
// may take requests: few enough unanswered, their answers leaving, no claim under way. Nothing here
// waits; what cannot go on now is gone on with by run().
//
//   kOpen ──"Connection: close", an error, draining──> kClosing ──all sent──> kLingering ──> kEnded
//                                              (with TLS, its close_notify, too)
//
// Owner: ApiServer.   Thread: its shard's.   Bound: api.pipeline_max exchanges, one request body of
// api.body_size_max, one receive buffer of unread input, kOutputHigh output and one answer more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/answer_queue.h"
#include "gateway/api/api_context.h"
#include "gateway/api/gate.h"
#include "gateway/api/progress_watch.h"
#include "gateway/api/push_stream.h"
#include "gateway/api/request_fields.h"
#include "gateway/api/response.h"
#include "gateway/api/unread.h"
#include "gateway/loop/poller.h"
#include "gateway/tls/stream.h"
#include "proto/http/request_parser.h"

namespace api {

class Connection {
 public:
  // Takes over `fd`, a connected, non-blocking stream socket. `stream`: its TLS; null: none.
  // `self` names this connection.
  Connection(ApiContext& context, int fd, std::unique_ptr<tls::Stream> stream, ReplyTo self);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void on_ready(loop::Readiness readiness);

  // Takes and reads more, within a budget.
  void run();
  // Whether run() would find something to do.
  [[nodiscard]] bool can_run() const;
  // The same, of a TLS handshake: the turn's share of those was used up.
  [[nodiscard]] bool awaits_handshake() const { return shaking_hands() && can_run(); }

  // What is answered and can be sent; then what became of it (net::SendOperation::result). Whoever
  // calls any of the others does this at the end of the turn, calls finish_turn(), and then looks
  // at ended().
  [[nodiscard]] std::string_view output();
  void on_sent(std::int64_t result);
  void finish_turn();
  [[nodiscard]] int descriptor() const { return fd_; }
  [[nodiscard]] tls::Stream* stream() const { return tls_.get(); }
  [[nodiscard]] bool ended() const { return phase_ == Phase::kEnded; }

  // Times out what does not get on.
  void on_tick(std::uint64_t now_ms);
  [[nodiscard]] bool stalled() const { return stream_ && stream_->stalled(); }
  void retry_stalled();

  // For what was asked with this connection's ReplyTo.
  void on_push_done(std::uint64_t serial, const PushResult& result);
  void on_answer(std::uint64_t serial, const Answer& answer);
  void on_claim_decided();
  void on_claimed_answer(std::uint64_t serial, const ClaimedAnswer& answer);

  // Draining: a stream ends after the lines it has taken.
  void end_streams();
  [[nodiscard]] std::size_t open_requests() const;
  // What it keeps of requests and answers.
  [[nodiscard]] std::size_t held_bytes() const;
  void close() { phase_ = Phase::kEnded; }

  // For the server's lists: each connection stands in each of them at most once.
  bool in_dirty_list = false;
  bool in_ready_list = false;

 private:
  enum class Phase : std::uint8_t { kOpen, kClosing, kLingering, kEnded };

  // Input.
  [[nodiscard]] bool may_take() const;
  [[nodiscard]] bool shaking_hands() const {
    return tls_ && tls_->state() == tls::Stream::State::kHandshake;
  }
  [[nodiscard]] bool may_step() const;
  void read();
  void discard_input();
  [[nodiscard]] std::size_t receive();
  [[nodiscard]] std::size_t decrypt(std::size_t size);
  void count_handshake();
  void take(std::string_view input);
  void take_rest();
  void on_input_ended();

  // Requests.
  void begin_request(bool repeated);
  void begin_stream();
  void settle_stream();
  void take_body(std::string_view bytes);
  void keep_body();
  void complete_request();
  void call_route(std::uint64_t serial);
  void refuse_input(const http::HttpError& error);
  std::uint64_t open_response();
  void end_request();

  // Answers.
  void respond(std::uint64_t serial, Response response);
  void respond(std::uint64_t serial, const ApiError& error, std::string_view fields = {});
  void answer_line(std::uint64_t serial, std::string_view line);
  [[nodiscard]] Persistence persistence_of(std::uint64_t serial, Exchange& exchange);
  [[nodiscard]] bool say_goodbye();
  void begin_lingering();
  [[nodiscard]] ProgressWatch::Activity activity() const;

  ApiContext& context_;
  const int fd_;
  const std::unique_ptr<tls::Stream> tls_;
  const ReplyTo self_;
  Phase phase_ = Phase::kOpen;
  bool readable_ = true;      // There may be something to receive.
  bool writable_ = true;      // The kernel took all of the last send.
  bool peer_closed_ = false;  // A FIN is under way; a short read is not the end of the input.
  bool input_ended_ = false;  // It was read.
  bool stopped_ = false;      // Taking stopped before the end of the received input.
  bool claiming_ = false;     // A request waits for its key's claim, all others for it.
  bool in_request_ = false;   // From a request's head to its end.

  http::RequestParser parser_;
  Unread unread_;
  Passage passage_;
  RequestFields fields_;
  std::string_view whole_body_;  // In the receive buffer, if the body came in one piece.
  std::string body_;             // Else.
  std::optional<PushStream> stream_;
  bool close_after_stream_ = false;
  KnownKey known_key_;

  AnswerQueue answers_;
  ProgressWatch watch_;
  std::uint64_t requests_ = 0;  // Counted for the watch, as are the bytes.
  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::size_t discarded_ = 0;
};

}  // namespace api
