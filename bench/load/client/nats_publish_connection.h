// Publishes over NATS's own protocol on TCP. It answers no single publication, so each request ends
// in a PING: the PONG says that the server has taken in everything before it.
//
// Owner: a source of load.   Thread: its worker's.   Bound: kNatsLineSizeMax of an incomplete line.
#pragma once

#include <string>
#include <string_view>

#include "bench/load/client/publish_connection.h"
#include "bench/load/client/tcp_client.h"

namespace load {

class NatsPublishConnection final : public PublishConnection, private TcpClient::Owner {
 public:
  NatsPublishConnection(EventLoop& loop, PublishConnection::Owner& owner, const PublishForm& form)
      : owner_(owner), form_(form), tcp_(loop, *this) {}

  [[nodiscard]] bool open(const Address& target) override;
  [[nodiscard]] bool is_open() const override { return tcp_.is_open(); }
  void add(const Template::Values& values) override;
  void end_request() override;
  void flush() override { tcp_.flush(); }

 private:
  bool on_bytes(std::string_view bytes) override;
  void on_end() override { owner_.on_lost(*this); }
  bool take_steps(std::string_view& input);

  PublishConnection::Owner& owner_;
  const PublishForm& form_;
  TcpClient tcp_;
  std::string unread_;   // An incomplete step.
  std::string subject_;  // Scratch, as payload_; keeps its memory.
  std::string payload_;
};

}  // namespace load
