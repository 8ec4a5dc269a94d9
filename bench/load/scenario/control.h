// THE ONLY FILE OF THE HARNESS THAT TWO THREADS TOUCH: the coordinator's orders to the workers,
// their counters, and the board on which workers note how far a broadcast has come.
//
// Owner: Run.   Thread: each member says who writes it; everybody may read.   Bound: fixed size.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "bench/load/net/event_loop.h"
#include "bench/load/tls/stream.h"

namespace load {

enum class Phase : std::uint8_t {
  kOpening,   // Workers connect and log in.
  kRunning,   // Load from start_ns on; only [window_begin_ns, window_end_ns) is recorded.
  kDraining,  // Nothing new is sent; what is under way arrives.
  kStopping,
};

// A count with one writing thread: a load and a store, no locked instruction.
class Counter {
 public:
  void add(std::uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;  // Other side: the coordinator's progress and slices.
};

// The first thing that one writing thread had to say about something: a constant text.
class Remark {
 public:
  void note(const char* text) {
    if (*text != '\0' && text_.load(std::memory_order_relaxed) == nullptr)
      text_.store(text, std::memory_order_release);
  }
  [[nodiscard]] const char* get() const {  // Empty: nothing.
    const char* text = text_.load(std::memory_order_acquire);
    return text != nullptr ? text : "";
  }

 private:
  std::atomic<const char*> text_ = nullptr;  // Other side: the coordinator.
};

// Written by one worker.
struct alignas(64) Counters {
  Counter opened;   // Handshakes completed.
  Counter resumed;  // … with a ticket of an earlier connection (TLS).
  Counter open_failed;
  Counter turned_away;  // Handshakes that were refused and tried again later.
  Counter past_hint;    // … after the time that an earlier refusal's hint had named.
  Counter ended;        // Connections that the server ended.
  Counter published;    // Pushes or broadcasts that the server accepted.
  Counter refused;      // … that it answered with anything but 2xx.
  Counter unanswered;   // … whose HTTP connection ended first.
  Counter unsent;       // Due in time, but never sent: no connection was free for them.
  Counter timed_out;    // Broadcasts that did not reach everybody in time.
  Counter expected;     // Messages that must arrive.
  Counter received;     // Messages that did, second copies not counted.
  Counter duplicated;
  Counter reordered;
  Counter corrupted;
  Counter foreign;     // Messages that are not ours: heartbeats, greetings.
  Counter pings;       // Of the server, each answered.
  Counter compressed;  // Messages that came so; how long they were on the wire, and then.
  Counter compressed_bytes;
  Counter inflated_bytes;

  Remark tls_version;
  Remark tls_cipher;
  Remark open_failure;

  void note_tls(const TlsStream* tls) {
    if (tls == nullptr) return;
    if (tls->is_resumed()) resumed.add();
    tls_version.note(tls->version());
    tls_cipher.note(tls->cipher());
  }
};

// How many workers have not yet seen a broadcast arrive at all of their clients. Broadcast n uses
// cell n modulo kOutstandingMax, so no more may be under way.
class BroadcastBoard {
 public:
  static constexpr std::size_t kOutstandingMax = 1'024;

  // The publishing worker, before the broadcast leaves.
  void open(std::uint64_t sequence, std::uint32_t workers) {
    cell(sequence).store(workers, std::memory_order_relaxed);
  }

  // Each worker once; true for the last one.
  bool complete_one(std::uint64_t sequence) {
    return cell(sequence).fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  [[nodiscard]] bool is_complete(std::uint64_t sequence) const {
    return cells_[sequence % kOutstandingMax].load(std::memory_order_acquire) == 0;
  }

 private:
  std::atomic<std::uint32_t>& cell(std::uint64_t sequence) {
    return cells_[sequence % kOutstandingMax];
  }

  std::array<std::atomic<std::uint32_t>, kOutstandingMax> cells_{};
};

struct Control {
  // Written by the coordinator; the times before `phase` becomes kRunning.
  std::atomic<Phase> phase = Phase::kOpening;
  std::atomic<std::int64_t> start_ns = 0;
  std::atomic<std::int64_t> window_begin_ns = 0;
  std::atomic<std::int64_t> window_end_ns = 0;

  // Written by the workers.
  std::atomic<std::uint32_t> workers_open = 0;  // Workers whose clients are all connected.
  std::atomic<std::uint32_t> readers = 0;       // Clients that read, over all workers.
  BroadcastBoard board;

  // Orders of `reconnect`, by the coordinator: how often clients were told so far …
  std::atomic<std::uint32_t> drops = 0;       // … to drop their connections and come back,
  std::atomic<std::uint32_t> roll_calls = 0;  // … and to be pushed to once each.
  // By the workers: how often one of them had all of its clients back, and when the last time was.
  std::atomic<std::uint32_t> workers_back = 0;
  std::atomic<std::int64_t> back_ns = 0;

  // Set once before the workers start; wake() is safe from any thread.
  const EventLoop* publisher_loop = nullptr;

  // Whether something that was due at `due_ns` belongs to the recorded time. By its due time and
  // not by its arrival, or what came late would be left out.
  [[nodiscard]] bool in_window(std::int64_t due_ns) const {
    return due_ns >= window_begin_ns.load(std::memory_order_relaxed) &&
           due_ns < window_end_ns.load(std::memory_order_relaxed);
  }

  // Which of `count` equal parts of the recorded time something of that time belongs to.
  [[nodiscard]] std::size_t slice_of(std::int64_t due_ns, std::size_t count) const {
    const std::int64_t begin = window_begin_ns.load(std::memory_order_relaxed);
    const std::int64_t end = window_end_ns.load(std::memory_order_relaxed);
    return static_cast<std::size_t>(static_cast<double>(due_ns - begin) *
                                    static_cast<double>(count) / static_cast<double>(end - begin));
  }
};

}  // namespace load
