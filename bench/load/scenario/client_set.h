// The WebSocket clients of one worker: opens them, logs each in with its uid, and checks what
// arrives for order, copies and damage.
//
// Owner: a Task.   Thread: its worker's.   Bound: `count` members of some 300 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/client/message_decoder.h"
#include "bench/load/client/ws_client.h"
#include "bench/load/options.h"
#include "bench/load/payload.h"
#include "bench/load/scenario/control.h"
#include "bench/load/scenario/outcome.h"
#include "bench/load/scenario/retry.h"
#include "bench/load/sequence_check.h"
#include "bench/load/stamp.h"

namespace load {

// The streams whose numbers a client checks apart from each other.
enum class Stream : std::uint8_t { kBroadcast = 0, kTargeted = 1 };

class ClientSet {
 public:
  class Member;

  class Listener {
   public:
    // A message of ours, checked and counted; not called for second copies.
    virtual void on_stamped(Member& member, const Stamp& stamp) = 0;

   protected:
    ~Listener() = default;
  };

  class Member final : private WsClient::Owner, private MessageDecoder::Sink {
   public:
    Member(EventLoop& loop, ClientSet& set, std::size_t index)
        : client_(loop, *this), set_(set), index_(index) {}

    [[nodiscard]] WsClient& client() { return client_; }
    [[nodiscard]] bool is_reader() const { return reader_; }
    [[nodiscard]] bool is_pushed_to() const {
      return ClientSet::is_pushed_to(set_.setup_.options, index_);
    }
    // Open, or ended, or failed for good; not on its way.
    [[nodiscard]] bool is_settled() const { return settled_; }
    [[nodiscard]] std::string uid() const;
    // The number of the next message that is sent to it (or by it: echo).
    std::uint64_t next_sequence() { return sequence_++; }

   private:
    friend class ClientSet;
    void on_open(WsClient& client) override;
    void on_message(WsClient& client, std::string_view payload) override;
    void on_end(WsClient& client, WsClient::Ending ending) override;
    void on_ping(WsClient& client) override;
    void on_compressed(std::size_t wire_size, std::size_t size) override;
    void on_publication(std::string_view payload) override;
    void on_reply(std::string_view message) override;
    [[nodiscard]] std::string fill(const Template& source) const;

    WsClient client_;
    std::unique_ptr<MessageDecoder> decoder_;  // Of the connection: from its opening on.
    ClientSet& set_;
    std::size_t index_;  // Over all workers; makes the uid.
    std::int64_t connect_ns_ = 0;
    std::int64_t dropped_ns_ = 0;  // 0: never was.
    Retry retry_;                  // Since then.
    std::uint64_t sequence_ = 0;
    std::array<SequenceCheck, 2> checks_;  // By Stream.
    bool reader_ = true;
    bool settled_ = false;
  };

  struct Range {
    std::size_t first;
    std::size_t count;
  };

  struct Place {
    const Template& path;
    const Template& login;  // First text message; empty: none.
    // Those who are turned away try again. Off: they have failed.
    bool retries = false;
    // What is sent to these clients is counted as received. Off: it is only checked, because they
    // come and go, and nobody can say what must reach them.
    bool counts_received = true;
  };

  ClientSet(EventLoop& loop, const Setup& setup, Place place, Range range, Counters& counters,
            Outcome& outcome, Listener& listener);

  // Whether the client of this index gets targeted pushes: it reads, and is one of the probes where
  // there are such.
  [[nodiscard]] static bool is_pushed_to(const Options& options, std::size_t index);

  // Opens more clients; to be called until is_complete(). Returns when one that was turned away
  // wants to try again.
  std::int64_t turn(std::int64_t now);
  // Every client is open, or has failed.
  [[nodiscard]] bool is_complete() const { return settled_ == range_.count; }

  // Ends a connection that was due to end at `due_ns`, or all of them; turn() opens them again.
  // Only of clients that are settled.
  void drop(Member& member, Drop how, std::int64_t due_ns);
  void drop_all(Drop how);

  [[nodiscard]] std::deque<Member>& members() { return members_; }
  [[nodiscard]] std::size_t reader_count() const { return reader_count_; }

 private:
  [[nodiscard]] std::string request_for(const Member& member) const;
  void open(Member& member, std::int64_t now);
  void turn_away(Member& member);
  void settle(Member& member);
  void check(Member& member, std::string_view payload);

  struct Returning {
    std::int64_t due_ns;
    Member* member;
    bool operator>(const Returning& other) const { return due_ns > other.due_ns; }
  };

  // A client that never reads gets little room in the kernel, so that it is soon felt.
  static constexpr int kNonReaderBufferSize = 4'096;

  EventLoop& loop_;
  const Setup& setup_;
  const Place place_;
  const Range range_;
  Counters& counters_;
  Outcome& outcome_;
  Listener& listener_;
  const Payload payload_;  // What every message looks like but for its stamp.
  std::string key_;        // One Sec-WebSocket-Key for the run: its check costs no SHA-1 each.
  std::string accept_;
  std::deque<Member> members_;  // A deque: members do not move.
  std::deque<Member*> to_open_;
  std::priority_queue<Returning, std::vector<Returning>, std::greater<>> returning_;
  Inflater inflater_;
  std::minstd_rand random_;  // Jitter.
  std::size_t opening_ = 0;  // Members whose opening is under way.
  std::size_t settled_ = 0;  // Members that are.
  std::size_t reader_count_ = 0;
};

}  // namespace load
