// One TCP connection to a server's push interface, with TLS or without: bytes out, joined where
// much is queued, bytes in. Knows no protocol; its owner does.
//
// Owner: HttpClient, NatsPublishConnection.   Thread: its worker's.   Bound: none; its owner's
// requests under way have one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bench/load/net/address.h"
#include "bench/load/net/event_loop.h"
#include "bench/load/tls/stream.h"

namespace load {

class TcpClient final : public Handler {
 public:
  class Owner {
   public:
    // False: these bytes break the protocol, and the connection shall end.
    [[nodiscard]] virtual bool on_bytes(std::string_view bytes) = 0;
    // The connection ended, or never was; not called for close(). open() may be called again, but
    // not in this call.
    virtual void on_end() = 0;

   protected:
    ~Owner() = default;
  };

  // Without a context there is no TLS.
  TcpClient(EventLoop& loop, Owner& owner, std::shared_ptr<const TlsContext> tls = nullptr)
      : loop_(loop), owner_(owner), tls_context_(std::move(tls)) {}
  ~TcpClient() { close(); }
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;

  [[nodiscard]] bool open(const Address& target);

  // What is appended here leaves with the next flush(), which comes by itself when the connection
  // stands, and after on_bytes().
  [[nodiscard]] std::string& outgoing() { return outgoing_; }
  void flush();
  void close();
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

  void on_ready(std::uint32_t events) override;

 private:
  void read();
  bool take(std::span<const char> bytes);
  void end();

  EventLoop& loop_;
  Owner& owner_;
  const std::shared_ptr<const TlsContext> tls_context_;
  int fd_ = -1;
  bool connected_ = false;
  std::string outgoing_;
  std::unique_ptr<TlsStream> tls_;
  std::string cipher_;  // What of outgoing_ was encrypted.
};

}  // namespace load
