// One WebSocket client connection of the harness, with TLS or without: connects, shakes hands,
// sends and receives whole messages, answers pings. Counts nothing and keeps no time; its owner
// does.
//
// Owner: a scenario (ClientSet, ConnectTask).   Thread: its worker's.
// Bound: an incomplete message of kMessageSizeMax bytes; unsent bytes as many as the owner queues.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bench/load/client/inflater.h"
#include "bench/load/client/ws_wire.h"
#include "bench/load/net/address.h"
#include "bench/load/net/event_loop.h"
#include "bench/load/tls/stream.h"

namespace load {

class WsClient final : public Handler {
 public:
  enum class Ending : std::uint8_t {
    kByPeer,         // Closed or reset, with or without a closing handshake.
    kConnectFailed,  // No TCP or TLS connection; also: out of descriptors or ports.
    kRefused,        // The opening handshake was answered with anything but a proper 101.
    kFault,          // The peer broke the protocol.
  };

  class Owner {
   public:
    virtual void on_open(WsClient& client) = 0;
    virtual void on_message(WsClient& client, std::string_view payload) = 0;
    // Not called for close(). The client may be opened again, but not in this call.
    virtual void on_end(WsClient& client, Ending ending) = 0;
    // The server asked for a sign of life; the answer is sent without the owner's help.
    virtual void on_ping(WsClient& /*client*/) {}
    // The message that comes next had `wire_size` bytes, and has `size`.
    virtual void on_compressed(std::size_t /*wire_size*/, std::size_t /*size*/) {}

   protected:
    ~Owner() = default;
  };

  struct Opening {
    const Address& target;
    const Address* source;        // Null: the kernel chooses.
    std::string request;          // The whole opening handshake.
    std::string_view accept;      // Outlives the handshake.
    int receive_buffer_size = 0;  // 0: the system's default.
    Lane lane = Lane::kNormal;
    std::shared_ptr<const TlsContext> tls = nullptr;  // Null: no TLS.
    bool resume = false;           // Keep the server's tickets, and offer the last one.
    Inflater* inflater = nullptr;  // The request offers permessage-deflate. Null: it does not.
  };

  WsClient(EventLoop& loop, Owner& owner) : loop_(loop), owner_(owner) {}
  ~WsClient() { close(); }
  WsClient(const WsClient&) = delete;
  WsClient& operator=(const WsClient&) = delete;

  // False, with errno, when not even a socket could be had.
  [[nodiscard]] bool open(Opening opening);

  // Queues a message for the next flush(), which comes by itself after on_open and on_message.
  // The queue is the loop's: flush before another client of this loop queues.
  void queue(Opcode opcode, std::string_view payload);
  void flush();

  void close();         // Orderly at the TCP level: FIN.
  void reset();         // As a crash or a broken network does: RST.
  void stop_reading();  // Stays connected, never reads again: the slow consumer.

  [[nodiscard]] bool is_open() const { return state_ == State::kOpen; }
  [[nodiscard]] bool is_idle() const { return state_ == State::kIdle; }
  // After kRefused, until it is opened again.
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  // Why it failed or was refused, as far as that is known; a constant, else empty.
  [[nodiscard]] const char* failure() const { return failure_; }
  // Null without TLS, and while it is not connected.
  [[nodiscard]] const TlsStream* tls() const { return tls_.get(); }

  void on_ready(std::uint32_t events) override;

 private:
  enum class State : std::uint8_t { kIdle, kConnecting, kUpgrading, kOpen };

  static constexpr std::size_t kMessageSizeMax = 64 << 20;

  bool start_tls(Opening& opening);
  void read();
  [[nodiscard]] std::span<const char> decrypt(std::span<const char> bytes);
  void process(std::span<const char> input);
  void send_bytes(std::string& queued);
  void end_of_tls();
  void send_close_notify();
  void shut();
  void consume(std::span<const char>& input);
  bool finish_handshake(std::span<const char>& input);
  bool take_frame(std::span<const char>& input);
  void deliver(const ServerFrame& frame);
  void deliver_message(std::string_view payload, bool compressed);
  void end(Ending ending);

  EventLoop& loop_;
  Owner& owner_;
  int fd_ = -1;
  State state_ = State::kIdle;
  std::string_view accept_;
  Refusal refusal_;
  const char* failure_ = "";
  std::unique_ptr<TlsStream> tls_;
  TlsTicket ticket_;  // Of the last connection, for the next one.
  bool resume_ = false;
  bool compressed_ = false;  // The message that message_ belongs to.
  Inflater* inflater_ = nullptr;
  std::string unsent_;   // Until connected the first bytes; then what the socket did not take.
  std::string stash_;    // An incomplete frame or handshake answer.
  std::string message_;  // The fragments of an incomplete message.
};

}  // namespace load
