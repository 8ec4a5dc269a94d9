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

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/token.h"
#include "gateway/config/config.h"
#include "gateway/cross/counters.h"
#include "gateway/edge/connection.h"
#include "gateway/edge/moving.h"
#include "gateway/edge/services.h"
#include "gateway/hub/hub.h"
#include "gateway/loop/poller.h"
#include "gateway/loop/timer_wheel.h"
#include "gateway/net/send_batch.h"
#include "proto/push/client_protocol.h"

namespace edge {

// Codes of ours (7.4.2: 4000–4999 are private). The hundreds tell a client what to do: 40xx do not
// come back, 41xx come back after a while, 42xx come back at once.
inline constexpr std::uint16_t kKicked = 4000;
inline constexpr std::uint16_t kReplaced = 4001;
inline constexpr std::uint16_t kTooManyConnections = 4002;
inline constexpr std::uint16_t kLoginFailed = 4003;
inline constexpr std::uint16_t kTokenExpired = 4004;
inline constexpr std::uint16_t kSlowConsumer = 4100;
inline constexpr std::uint16_t kLoginTimeout = 4101;
inline constexpr std::uint16_t kIdle = 4102;
inline constexpr std::uint16_t kPongTimeout = 4200;

class Edge final : public hub::Transport {
 public:
  Edge(cross::ShardIndex shard, loop::Poller& poller, std::uint8_t poll_kind, hub::Hub& hub,
       Services& services, cross::Counters& counters, net::SendBatch& batch);
  ~Edge() override;
  Edge(const Edge&) = delete;
  Edge& operator=(const Edge&) = delete;

  void configure(std::shared_ptr<const config::Config> config);

  // --- What the shard's loop calls. ---
  void begin_turn(std::uint64_t now_ms) { now_ms_ = now_ms; }
  void accept(int fd, const net::Address& peer);
  void on_ready(loop::PollKey key, loop::Readiness readiness);
  void run_timers();
  // Goes on reading where a budget was used up or a room was full.
  void run_ready();
  // Ends what was noted. After it, a slot may be used again.
  void end_turn();
  [[nodiscard]] bool has_ready_work() const { return !ready_.empty() || !noted_.empty(); }
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
  struct Waiting {  // For room to be subscribed to what its token says.
    Slot slot;
    std::uint32_t generation;
  };
  struct Note {  // For end_turn(): a connection that broke, or whose queue overflowed.
    Slot slot;
    std::uint32_t generation;
    bool broken;
  };

  // connections.cc: the table, accepting, entering, moving, ending.
  Slot open_slot(int fd, const net::Address& peer);
  bool watch(Slot slot);
  void enter(Slot slot, Moving&& connection);
  bool make_room_for_uid(const Moving& newcomer);
  void depart(Slot slot, cross::ShardIndex home, std::unique_ptr<Moving> moving);
  void settle(Slot slot, std::unique_ptr<Moving> moving);
  void end(Slot slot, cross::CloseCause cause);
  void release_slot(Slot slot);
  void refuse(int fd);

  // reading.cc
  void read(Slot slot, bool until_empty);
  Flow process(Slot slot, std::span<std::byte> bytes);
  void process_stored(Slot slot);
  Flow discard(Slot slot, std::size_t size);
  void pause_reading(Slot slot, std::span<const std::byte> rest);
  void read_later(Slot slot);
  [[nodiscard]] bool must_wait(const Connection& c) const;
  [[nodiscard]] bool owes_answers(Slot slot) const;
  void on_peer_end(Slot slot);

  // handshake_phase.cc
  Flow on_head_bytes(Slot slot, std::span<std::byte>& bytes);
  Flow on_head(Slot slot, std::span<std::byte> rest);
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
  void subscribe_waiting();
  [[nodiscard]] std::uint64_t login_size_max() const;
  [[nodiscard]] std::optional<std::uint64_t> token_time_left(const Connection& c) const;

  // session_phase.cc
  Flow on_frames(Slot slot, std::span<std::byte> bytes);
  Flow on_event(Slot slot, ws::Event& event, std::span<std::byte> rest);
  Flow on_message(Slot slot, const ws::Message& message, std::span<std::byte> rest);
  void reply(Slot slot, ws::Opcode opcode, std::span<const std::byte> payload);
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
  void send_error(Slot slot, const push::ProtocolError& error);
  void send_text(Slot slot, std::string_view text);
  void send_login_answer(Slot slot, std::uint64_t request);

  // closing.cc
  void begin_close(Slot slot, ws::CloseCode code, std::string_view reason, cross::CloseCause cause);
  void fail(Slot slot, ws::CloseCode code, std::string_view reason, cross::CloseCause cause);
  void enter_closing(Slot slot);
  void on_close_frame(Slot slot, const ws::Close& close);
  void send_close_frame(Slot slot, ws::CloseCode code, std::string_view reason);
  void linger(Slot slot);
  void send_rest(Slot slot);
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
  [[nodiscard]] loop::PollKey key_of(Slot slot) const {
    return {poll_kind_, connections_[slot].generation, slot};
  }

  static constexpr std::size_t kReadBufferSize = 256U << 10U;
  static constexpr std::size_t kReadBudget = kReadBufferSize;  // Per connection and turn.
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
  std::shared_ptr<const config::Config> config_;
  auth::Rules token_rules_;  // Of config_.
  std::uint64_t now_ms_ = 0;

  hub::Slab<Connection> connections_;
  hub::SlotAllocator slots_;
  loop::TimerWheel wheel_;
  std::uint32_t open_count_ = 0;
  std::uint32_t uncounted_ = 0;  // Connections over the limit that wait for their 503.
  bool draining_ = false;

  std::vector<Slot> ready_;      // To be read again.
  std::vector<Slot> held_back_;  // Of those, the ones whose input has to wait: see must_wait().
  std::vector<Waiting> waiting_;
  std::vector<Note> noted_;    // What the wire told in the middle of something else.
  std::vector<Slot> retired_;  // Ended in this turn; free after it.
  std::vector<std::uint32_t> due_;
  std::unique_ptr<std::byte[]> read_buffer_;
  std::string replies_;  // Frames that answer the input at hand, sent together.
  std::string parse_buffer_;
  push::ClientMessageParser protocol_parser_;
  std::minstd_rand random_;
};

}  // namespace edge
