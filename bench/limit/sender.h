// Three ways to hand bytes to the kernel: PlainSender calls send() at once, RingSender collects the
// sends of one loop turn and submits them as one io_uring batch, TlsSender has OpenSSL encrypt and
// write at once. None waits: what the socket does not take is reported, never queued here.
//
// Owner: Server.   Thread: the server's only one.   Bound: kRingEntries sends between two flushes.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "bench/limit/tls.h"

namespace limit {

class Sender {
 public:
  // Told what a socket did not take: the rest of the bytes, or an error that ends the connection.
  class Unsent {
   public:
    virtual void on_unsent(int fd, std::span<const char> rest) = 0;
    virtual void on_send_error(int fd, int error) = 0;

   protected:
    ~Unsent() = default;
  };

  virtual ~Sender() = default;

  // `bytes` must stay valid until flush() returns. One send per socket between two flushes: a
  // short first send followed by a successful second one would tear the stream.
  virtual void send(int fd, std::span<const char> bytes) = 0;
  virtual void flush() = 0;

  // At once, and with the result of send(): for what is behind an earlier send that fell short.
  virtual ssize_t write(int fd, std::span<const char> bytes);
};

class PlainSender final : public Sender {
 public:
  explicit PlainSender(Unsent& unsent) : unsent_(unsent) {}
  void send(int fd, std::span<const char> bytes) override;
  void flush() override {}

 private:
  Unsent& unsent_;
};

class TlsSender final : public Sender {
 public:
  TlsSender(Unsent& unsent, Tls& tls) : unsent_(unsent), tls_(tls) {}
  void send(int fd, std::span<const char> bytes) override;
  void flush() override {}
  ssize_t write(int fd, std::span<const char> bytes) override;  // Without TLS as the others do.

 private:
  Unsent& unsent_;
  Tls& tls_;
};

class RingSender final : public Sender {
 public:
  // Null where the kernel refuses io_uring; errno says why.
  static std::unique_ptr<RingSender> create(Unsent& unsent);
  ~RingSender() override;
  RingSender(const RingSender&) = delete;
  RingSender& operator=(const RingSender&) = delete;

  void send(int fd, std::span<const char> bytes) override;
  void flush() override;

 private:
  // Enough that the submitting system call is spread thin, and small enough that entries and
  // completions stay in the first-level cache.
  static constexpr unsigned kRingEntries = 256;

  struct Queued {
    int fd;
    std::span<const char> bytes;
  };

  explicit RingSender(Unsent& unsent) : unsent_(unsent) { queued_.reserve(kRingEntries); }

  Unsent& unsent_;
  io_uring ring_{};
  bool ready_ = false;
  std::vector<Queued> queued_;
  std::vector<Queued> submitted_;  // Empty outside flush(); keeps its memory.
};

}  // namespace limit
