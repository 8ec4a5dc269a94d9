// One worker's epoll set. Connections are edge-triggered with both directions armed once, so that
// neither a handshake nor a full socket costs an epoll_ctl; a handler reads until a short read.
//
// There may be thousands of messages to read at once. A turn takes few of them, and serves the
// urgent lane first: so that what is due in between is sent in time, and what is measured on the
// urgent descriptors is not the time that the others took.
//
// Owner: Worker.   Thread: its worker's, but for wake().   Bound: kEventsMax events a turn, and
// kUrgentMax of the urgent lane.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace load {

class Handler {
 public:
  // May close its own descriptor, and destroy itself never: destroying handlers is for between
  // two turns, because a turn's later events may name them.
  virtual void on_ready(std::uint32_t events) = 0;

 protected:
  ~Handler() = default;
};

enum class Lane : std::uint8_t { kNormal, kUrgent };

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Closing the descriptor takes it out again.
  void add(int fd, Handler& handler, Lane lane = Lane::kNormal);
  void remove(int fd);

  // Serves what is ready; waits for it until `until_ns` at the latest. With `spin` it does not
  // sleep, so that a message is neither sent nor seen late because this thread had to wake up.
  void turn(std::int64_t until_ns, bool spin);

  // Ends a wait of turn(). Any thread.
  void wake() const;

  // Scratch space that every handler of this loop may use within one call.
  [[nodiscard]] std::span<char> read_buffer() { return {read_buffer_.get(), kReadBufferSize}; }
  [[nodiscard]] std::string& write_buffer() { return write_buffer_; }
  // The same for TLS: what was decrypted, of all that read_buffer() can hold, and what is to leave
  // as it is.
  [[nodiscard]] std::span<char> plain_buffer();
  [[nodiscard]] std::string& cipher_buffer() { return cipher_buffer_; }

 private:
  void serve(const epoll_event& event);
  void serve_urgent();

  static constexpr std::size_t kEventsMax = 32;
  static constexpr std::size_t kUrgentMax = 256;
  static constexpr std::size_t kReadBufferSize = 256 << 10;
  static constexpr std::size_t kPlainBufferSize = kReadBufferSize + (16 << 10);  // And a record.

  int epoll_ = -1;
  int urgent_ = -1;  // An epoll set in the epoll set, once there is something in it.
  int wake_ = -1;
  std::array<epoll_event, kEventsMax> events_{};
  std::array<epoll_event, kUrgentMax> urgent_events_{};
  std::unique_ptr<char[]> read_buffer_ = std::make_unique_for_overwrite<char[]>(kReadBufferSize);
  std::string write_buffer_;
  std::unique_ptr<char[]> plain_buffer_;  // Made when first asked for.
  std::string cipher_buffer_;
};

}  // namespace load
