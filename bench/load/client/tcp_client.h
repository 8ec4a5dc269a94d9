// One TCP connection to a server's push interface: bytes out, joined where much is queued, bytes
// in. Knows no protocol; its owner does.
//
// Owner: HttpClient, NatsPublishConnection.   Thread: its worker's.   Bound: none; its owner's
// requests under way have one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/load/net/address.h"
#include "bench/load/net/event_loop.h"

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

  TcpClient(EventLoop& loop, Owner& owner) : loop_(loop), owner_(owner) {}
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
  void end();

  EventLoop& loop_;
  Owner& owner_;
  int fd_ = -1;
  bool connected_ = false;
  std::string outgoing_;
};

}  // namespace load
