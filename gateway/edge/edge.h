// The public side of a shard: connections from accept to the end. Handshake, login, frames, pings,
// closing; and the wire under the hub.
//
//   accept ─> kHandshake ─(101)─> [kLogin ─>] kOpen ─> kClosing ─> kLingering ─> gone
//                  │                   └─ uid known: moves to its home shard ─┘
//                  └─ page, or an HTTP error ─> kLingering
//
// Nothing here is re-entrant: what has to end during a call is noted, and ends in end_turn().
//
// Owner: Shard.   Thread: the shard's.   Bound: connections_max; all time is bounded by a deadline
// for each phase.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/token.h"
#include "gateway/config/config.h"
#include "gateway/cross/counters.h"
#include "gateway/edge/close_code.h"
#include "gateway/edge/connection.h"
#include "gateway/edge/moving.h"
#include "gateway/edge/services.h"
#include "gateway/hub/hub.h"
#include "gateway/loop/poller.h"
#include "gateway/loop/timer_wheel.h"
#include "gateway/net/send_batch.h"
#include "gateway/tls/secure_sends.h"
#include "proto/proxy/forwarded.h"
#include "proto/proxy/proxy_header.h"
#include "proto/push/client_protocol.h"
#include "proto/ws/inflater.h"

namespace edge {

class Edge final : public hub::Transport {
 public:
  Edge(cross::ShardIndex shard, loop::Poller& poller, std::uint8_t poll_kind, hub::Hub& hub,
       Services& services, cross::Counters& counters, net::SendBatch& batch);
  ~Edge() override;
  Edge(const Edge&) = delete;
  Edge& operator=(const Edge&) = delete;

  // `tls`: for connections that are accepted from now on; null: they speak plain TCP.
  void configure(std::shared_ptr<const config::Config> config,
                 std::shared_ptr<const tls::Context> tls);

  // --- What the shard's loop calls. ---
  void begin_turn(std::uint64_t now_ms) { now_ms_ = now_ms; }
  // Once a turn: compressed messages may be inflated and steps of TLS handshakes taken again.
  // run_ready() comes next, so that those who wait go before those who come.
  void renew_budget();
  void accept(int fd, const net::Address& peer);
  void on_ready(loop::PollKey key, loop::Readiness readiness);
  void run_timers();
  // Goes on reading where a budget was used up or a room was full.
  void run_ready();
  // Ends what was noted. After it, a slot may be used again.
  void end_turn();
  [[nodiscard]] bool has_ready_work() const {
    return !ready_.empty() || !writing_.empty() || !noted_.empty();
  }
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  // --- From other shards. ---
  void admit(Moving&& connection);
  // `serial`: of the subscription that was to be confirmed; it may be gone, and another one here.
  void on_subscribed(cross::ConnectionId member, std::uint64_t request, std::string_view channel,
                     std::uint32_t serial, bool wanted_recovery, hub::Recovery&& recovery);
  void on_subscribe_refused(cross::ConnectionId member, std::uint64_t request,
                            std::string_view channel, std::uint32_t serial);

  // The API subscribed this member; what arrived meanwhile is delivered, or the subscription ends.
  void confirm_from_server(cross::ConnectionId member, std::string_view channel,
                           std::uint32_t serial, std::uint64_t offset, bool accepted);

  // A connected descriptor that is open at once, without a handshake: the canary's.
  cross::ConnectionId adopt_internal(int fd);

  // --- From the API. ---
  bool close(hub::MemberIndex index, std::uint16_t code, std::string_view reason,
             cross::CloseCause cause);
  [[nodiscard]] const Connection& connection(hub::MemberIndex index) const {
    return connections_[index];
  }
  [[nodiscard]] std::string_view profile_name(std::uint16_t profile) const;

  // Closes connections, those that hold most first, until they held `size` bytes together; a
  // bounded number in one call, and none that holds less than `holder_size_min`. With a size of 0
  // it only looks. Returns what the largest one holds afterwards.
  std::uint64_t shed(std::uint64_t size, std::uint64_t holder_size_min);

  // What is kept for understanding the next message of any client, in bytes: the JSON parser's, and
  // the inflater's beyond what it always keeps. What of it no message since the last rest_parsers()
  // has needed is given back by that, and all by let_go_of_parsers(). Not while a
  // message is being read.
  [[nodiscard]] std::size_t parser_bytes() const;
  void rest_parsers();
  void let_go_of_parsers();

  // Asks every connection to go, spread over `window_ms`; with 0, all now.
  void drain(std::uint32_t window_ms, std::uint32_t reconnect_spread_ms);
  [[nodiscard]] std::uint32_t open_count() const { return open_count_; }
  [[nodiscard]] net::SendBatch::Mode send_mode() const { return batch_.mode(); }

  // --- hub::Transport ---
  void send(std::span<net::SendOperation> operations) override;
  void close_slow(hub::MemberIndex member) override;
  void wake_at(hub::MemberIndex member, std::uint64_t at_ms) override;
  std::uint64_t now_ns() override;

 private:
  using Slot = std::uint32_t;
  enum class Flow : std::uint8_t { kGoOn, kStop };  // kStop: gone, moved, or must not be read now.
  struct Ref {  // A connection that may be gone when it is looked at again.
    Slot slot;
    std::uint32_t generation;
  };
  struct Note {  // For end_turn(): a connection that broke, or whose queue overflowed.
    Ref connection;
    bool broken;
  };

  // admission.cc: who gets in.
  [[nodiscard]] Obstacle check_arrival();
  void refuse(int fd, Obstacle obstacle);
  [[nodiscard]] bool counts_by_address(const net::Address& peer) const;
  bool take_address(Slot slot);
  bool give_up_place(Slot slot);
  [[nodiscard]] std::uint32_t uncounted_max() const;
  void give_back_address(Slot slot);
  void prove(Slot slot);
  void queue_handshake(Slot slot);
  Flow answer_refusal(Slot slot);
  [[nodiscard]] std::string retry_after();
  void warn_of(std::string_view what, const net::Address& peer);

  // client_address.cc: whose connection it is, when a proxy brings it.
  [[nodiscard]] bool is_trusted(const net::Address& peer) const;
  Flow read_proxy_header(Slot slot);
  Flow refuse_proxy_header(Slot slot, proxy::ProxyError error);
  void become_client(Slot slot, const proxy::Endpoint& client);
  [[nodiscard]] proxy::Forwarded read_forwarded(Slot slot) const;

  // rates.cc
  [[nodiscard]] static Rate message_rate_of(const config::Profile& profile);
  [[nodiscard]] static Rate byte_rate_of(const config::Profile& profile);
  [[nodiscard]] bool has_tokens(Slot slot) const;
  [[nodiscard]] std::uint64_t tokens_at_ms(const Connection& c) const;
  [[nodiscard]] std::size_t read_size(const Connection& c) const;
  Flow overrun(Slot slot, std::span<const std::byte> rest);

  // shedding.cc
  void account_input(Slot slot);
  [[nodiscard]] std::uint64_t held_by(Slot slot) const;
  void close_for_memory(Slot slot);

  // edge.cc
  void configure_hub();

  // connections.cc: the table, entering, moving, ending.
  Slot open_slot(int fd, const net::Address& peer);
  bool watch(Slot slot);
  void enter(Slot slot, Moving&& connection);
  bool make_room_for_uid(const Moving& newcomer);
  void depart(Slot slot, cross::ShardIndex home, std::unique_ptr<Moving> moving);
  void settle(Slot slot, std::unique_ptr<Moving> moving);
  void end(Slot slot, cross::CloseCause cause);
  void release_slot(Slot slot);

  // reading.cc
  void read(Slot slot, bool until_empty);
  [[nodiscard]] static bool tls_ended(const Connection& c);
  [[nodiscard]] std::span<std::byte> receive_buffer(const Connection& c) const;
  Flow take_input(Slot slot, std::span<std::byte> bytes);
  void write(Slot slot);
  Flow process(Slot slot, std::span<std::byte> bytes);
  void process_stored(Slot slot);
  Flow discard(Slot slot, std::size_t size);
  void keep_input(Slot slot, std::span<const std::byte> rest);
  void pause_reading(Slot slot, std::span<const std::byte> rest);
  void read_later(Slot slot);
  [[nodiscard]] bool must_wait(const Connection& c) const;
  [[nodiscard]] bool inflated_enough(const Connection& c) const;
  [[nodiscard]] bool owes_answers(Slot slot) const;
  void on_peer_end(Slot slot);

  // secure.cc: where TLS is spoken.
  [[nodiscard]] bool start_tls(Slot slot);
  Flow decrypt(Slot slot, std::span<std::byte>& bytes);
  void count_tls_handshake(Slot slot);
  void on_tls_failed(Slot slot);
  [[nodiscard]] bool flush_tls(Slot slot);
  void account_pending(Slot slot);
  [[nodiscard]] bool say_goodbye(Slot slot);

  // handshake_phase.cc
  Flow on_head_bytes(Slot slot, std::span<std::byte>& bytes);
  Flow on_head(Slot slot, std::span<std::byte> rest);
  std::optional<auth::Refusal> identify_by_token(const config::Profile& profile,
                                                 const http::RequestHead& head, Moving& moving);
  [[nodiscard]] bool identify_by_query(const config::Profile& profile,
                                       const http::RequestHead& head, Moving& moving) const;
  Flow answer_page(Slot slot, bool is_profile);
  Flow reject(Slot slot, int status, std::string_view code, std::string_view message,
              std::string_view extra_headers = {});
  Flow answer_and_linger(Slot slot, std::string_view response, cross::HandshakeResult result);
  [[nodiscard]] const config::Profile* find_profile(std::string_view path,
                                                    std::uint16_t& index) const;

  // tokens.cc
  std::expected<auth::Identity, auth::Refusal> verify_token(std::string_view token);
  std::expected<std::unique_ptr<Grant>, auth::Refusal> make_grant(const config::Profile& profile,
                                                                  auth::Identity& identity);
  std::optional<auth::Refusal> take_token(const config::Profile& profile, std::string_view token,
                                          Moving& moving);
  std::optional<auth::Refusal> refresh(Slot slot, std::string_view token);
  auth::Refusal refused(auth::Refusal refusal);  // Counts it.
  Flow reject_token(Slot slot, auth::Refusal refusal);
  void refuse_login(Slot slot, auth::Refusal refusal, std::optional<std::uint64_t> request);
  void on_bare_token(Slot slot, const ws::Message& message);
  bool on_token_timer(Slot slot);
  void subscribe_granted(Slot slot);
  void end_revoked(Slot slot);
  void subscribe_waiting();
  [[nodiscard]] std::uint64_t login_size_max() const;
  [[nodiscard]] std::optional<std::uint64_t> token_time_left(const Connection& c) const;

  // session_phase.cc
  Flow on_frames(Slot slot, std::span<std::byte> bytes);
  Flow on_event(Slot slot, ws::Event& event, std::span<std::byte> rest);
  Flow on_message(Slot slot, const ws::Message& message);
  void count_inflate_failure(ws::Violation violation);
  void reply(Slot slot, ws::Opcode opcode, std::span<const std::byte> payload);
  [[nodiscard]] bool reply_deflated(Slot slot, ws::Opcode opcode,
                                    std::span<const std::byte> payload);
  [[nodiscard]] std::byte* place_before(std::span<const std::byte> payload, std::size_t size);
  void flush_replies(Slot slot);
  void broadcast(Slot slot, const ws::Message& message);

  // login.cc and client_protocol.cc
  Flow on_login_message(Slot slot, const ws::Message& message, std::span<std::byte> rest);
  Flow on_login(Slot slot, const push::Credentials& credentials,
                std::optional<std::uint64_t> request, std::span<std::byte> rest);
  Flow log_in(Slot slot, std::unique_ptr<Moving> moving, std::span<std::byte> rest);
  Flow on_protocol_message(Slot slot, const ws::Message& message);
  void on_request(Slot slot, const push::Subscribe& request);
  void on_request(Slot slot, const push::Unsubscribe& request);
  void on_request(Slot slot, const push::Refresh& request);
  [[nodiscard]] hub::MemberIndex find_pending(cross::ConnectionId member, std::string_view channel,
                                              std::uint32_t serial) const;
  void refuse_channel(Slot slot, std::uint64_t request);
  void send_error(Slot slot, const push::ProtocolError& error);
  void send_text(Slot slot, std::string_view text);
  void send_login_answer(Slot slot, std::uint64_t request);

  // closing.cc
  void begin_close(Slot slot, ws::CloseCode code, std::string_view reason, cross::CloseCause cause);
  void fail(Slot slot, ws::CloseCode code, std::string_view reason, cross::CloseCause cause);
  void enter_closing(Slot slot);
  void read_on(Slot slot);
  void on_close_frame(Slot slot, const ws::Close& close);
  void send_close_frame(Slot slot, ws::CloseCode code, std::string_view reason);
  void linger(Slot slot);
  void send_answer(Slot slot);
  void after_write(Slot slot);

  // timers.cc
  void reschedule(Slot slot);
  void start_timers(Slot slot);
  void on_timer(Slot slot);
  void on_phase_deadline(Slot slot);
  void send_ping(Slot slot);
  [[nodiscard]] std::uint64_t jittered(std::uint32_t interval_ms, std::uint32_t jitter_percent);

  [[nodiscard]] const config::Profile& profile_of(const Connection& c) const {
    return config_->profiles[c.profile];
  }
  [[nodiscard]] Ref ref_to(Slot slot) const { return {slot, connections_[slot].generation}; }
  [[nodiscard]] bool is_gone(const Ref& ref) const {
    const Connection& c = connections_[ref.slot];
    return c.generation != ref.generation || c.phase == Phase::kFree;
  }
  [[nodiscard]] loop::PollKey key_of(Slot slot) const {
    return {poll_kind_, connections_[slot].generation, slot};
  }

  static constexpr std::size_t kReadBufferSize = 256U << 10U;
  static constexpr std::size_t kReadBudget = kReadBufferSize;  // Per connection and turn.
  // What is decrypted from so much always fits the read buffer.
  static constexpr std::size_t kCipherBufferSize = kReadBufferSize - tls::kRecordMax;
  static constexpr std::uint64_t kWriteBudget = 256U << 10U;  // Likewise.
  // What a failed connection may still send before it is cut without waiting for its end.
  static constexpr std::uint32_t kDiscardMax = 1 << 20;
  // Connections over connections_max that are kept until they can be told so.
  static constexpr std::uint32_t kUncountedMax = 256;
  // What a handshake that is under way still gets when the gateway is told to end.
  static constexpr std::uint64_t kLastHandshakeMs = 1'000;
  static constexpr std::uint64_t kNoRequest = 0;       // Nobody asked for it: clients count from 1.
  static constexpr std::size_t kReplyJoinMax = 4'096;  // Larger replies are sent without a copy.

  const cross::ShardIndex shard_;
  loop::Poller& poller_;
  const std::uint8_t poll_kind_;
  hub::Hub& hub_;
  Services& services_;
  cross::Counters& counters_;
  net::SendBatch& batch_;
  tls::SecureSends secure_sends_;
  std::shared_ptr<const config::Config> config_;
  std::shared_ptr<const tls::Context> tls_;
  auth::Rules token_rules_;  // Of config_.
  std::uint64_t now_ms_ = 0;

  hub::Slab<Connection> connections_;
  hub::SlotAllocator slots_;
  loop::TimerWheel wheel_;
  std::uint32_t open_count_ = 0;
  std::uint32_t uncounted_ = 0;  // Connections over the limit that wait for their 503.
  bool draining_ = false;

  std::vector<proxy::Network> trusted_;
  std::vector<proxy::Network> exempt_;  // From limits by address.
  TokenBucket arrivals_;
  std::deque<Ref> handshakes_;  // Oldest first; some have ended since.
  boost::unordered_flat_map<Slot, proxy::HeaderParser> proxy_headers_;  // While they come.
  std::uint64_t warn_again_ms_ = 0;

  std::vector<Slot> ready_;      // To be read again.
  std::vector<Slot> held_back_;  // The same, when their input need wait no more: see must_wait().
  std::vector<Slot> writing_;    // To be written again.
  std::vector<Ref> waiting_;     // For room to be subscribed to what their tokens say.
  std::vector<Note> noted_;      // What the wire told in the middle of something else.
  std::vector<Slot> retired_;    // Ended in this turn; free after it.
  std::vector<std::uint32_t> due_;
  std::unique_ptr<std::byte[]> read_buffer_;
  std::unique_ptr<std::byte[]> cipher_buffer_;  // Only where TLS is spoken.
  std::vector<tls::Stream*> streams_;           // Of the operations of one send().
  std::uint32_t tls_steps_ = 0;                 // Of handshakes, in this turn.
  std::string replies_;  // Frames that answer the input at hand, sent together.
  std::string parse_buffer_;
  push::ClientMessageParser protocol_parser_;
  ws::Inflater inflater_;
  std::minstd_rand random_;
};

}  // namespace edge
