// The internal HTTP API of one shard: its connections, and when each of them is read, written and
// timed out. A turn of the shard's loop calls on_ready() for what the poller saw and the ReplySink
// functions for answers, then renew_budget(), run_ready() if has_ready_work(), and flush() last:
// answers that were made in one turn leave with one send per connection.
//
// Owner: Shard.   Thread: its shard's.   Bound: api.connections_max connections; each holds at most
// api.pipeline_max unanswered requests, one request body, and answers up to Connection's limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/api/api_context.h"
#include "gateway/api/connection.h"
#include "gateway/api/dispatcher.h"
#include "gateway/config/config.h"
#include "gateway/cross/counters.h"
#include "gateway/loop/poller.h"
#include "gateway/net/send_batch.h"

namespace api {

class ApiServer final : public ReplySink, private ClaimListener {
 public:
  // `poll_kind` marks this server's keys in the shard's poller.
  ApiServer(loop::Poller& poller, std::uint8_t poll_kind, net::SendBatch& sends,
            Dispatcher& dispatcher, cross::Counters& counters,
            std::shared_ptr<const config::Config> config, Hooks hooks = {});
  ~ApiServer() override;
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  // Takes an accepted, non-blocking socket. Over connections_max, or while draining, it is answered
  // 503 and closed.
  void adopt(int fd);

  void on_ready(loop::PollKey key, loop::Readiness readiness);

  // Once a turn: so many steps of TLS handshakes may be taken again. run_ready() comes next, so
  // that those who wait go before those who come.
  void renew_budget() { context_.tls_steps = 0; }

  // Connections that stopped reading for fairness or backpressure and can go on now.
  [[nodiscard]] bool has_ready_work() const { return !ready_.empty(); }
  void run_ready();

  // Sends what was answered in this turn, all connections' answers in one batch. Once, at its end.
  void flush();

  // Time passes only here: call it at next_deadline() or, if late, as soon as can be.
  void on_tick(std::uint64_t now_ms);
  // Nothing while there is no connection. May be in the past: as soon as can be.
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const;

  // Answers and timeouts of requests that begin from now on. `tls`: for connections that are
  // adopted from now on; null: they speak plain TCP.
  void reload(std::shared_ptr<const config::Config> config,
              std::shared_ptr<const tls::Context> tls);

  // Draining, in this order: no connection is adopted any more and answers say "Connection: close";
  // wait until open_requests() is 0 (or the time is over); close_idle() closes what is left idle.
  void stop_accepting();
  [[nodiscard]] std::size_t open_requests() const;
  void close_idle();

  [[nodiscard]] std::size_t connections() const { return slots_.size() - free_slots_.size(); }

  // What the JSON parsers keep for the next request, in bytes; what of it no request since the last
  // rest_parsers() has needed is given back by that, and all by let_go_of_parsers(). Not while a
  // request is being read.
  [[nodiscard]] std::size_t parser_bytes() const;
  void rest_parsers();
  void let_go_of_parsers();

  void on_push_done(ReplyTo reply_to, PushResult&& result) override;
  void on_answer(ReplyTo reply_to, Answer&& answer) override;

 private:
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::uint32_t generation = 0;  // 24 bits.
    std::size_t held = 0;          // Of the connection, in Counters::api_bytes.
  };

  bool on_claim_decided(ReplyTo client) override;
  void on_claimed_answer(ReplyTo client, ClaimedAnswer answer) override;

  [[nodiscard]] Connection* find(std::uint32_t slot, std::uint32_t generation);
  void mark_dirty(std::uint32_t slot);  // flush() has to look at it.
  void mark_ready(std::uint32_t slot);  // run_ready() has to.
  void send_output();
  void turn_away(int fd) const;
  void destroy(std::uint32_t slot);
  void refresh_date();
  template <typename Visit>
  void for_each_connection(Visit visit);

  loop::Poller& poller_;
  const std::uint8_t poll_kind_;
  net::SendBatch& sends_;
  ApiContext context_;
  std::shared_ptr<const tls::Context> tls_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::uint32_t> dirty_;
  std::vector<iovec> outputs_;  // What flush() sends, by operation.
  std::vector<net::SendOperation> operations_;
  std::vector<tls::Stream*> streams_;  // The same.
  std::vector<std::uint32_t> ready_;
  std::vector<std::uint32_t> running_;     // The ready_ of this turn.
  std::optional<std::uint64_t> swept_ms_;  // When timeouts were looked at; nothing: they must be.
  std::uint64_t now_ms_ = 0;               // Of the last tick.
  bool stalled_ = false;                   // A stream waits for room in a shard.
  bool accepting_ = true;
};

}  // namespace api
