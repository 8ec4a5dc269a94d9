// One TLS connection, client side, without a socket: ciphertext in, plaintext out, and the other
// way round. All records of one recv() are read by one call, and all that is to be sent leaves
// together, so that the harness needs no more system calls than without TLS. (The gateway has the
// like of it for its own end: what measures shares nothing with what is measured.)
//
// Owner: WsClient, TcpClient.   Thread: its worker's.   Bound: what is sent before the handshake is
// over waits here; of the server's bytes one incomplete record.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "bench/load/tls/context.h"

using SSL_SESSION = struct ssl_session_st;  // As <openssl/ssl.h> has it.

namespace load {

// What a server gave for the next connection, so that it needs no certificate again.
struct TlsTicketDeleter {
  void operator()(SSL_SESSION* session) const;
};
using TlsTicket = std::unique_ptr<SSL_SESSION, TlsTicketDeleter>;

class TlsStream {
 public:
  enum class State : std::uint8_t {
    kHandshake,
    kOpen,
    kEnded,   // The server sends nothing more.
    kFailed,  // An alert for the server may have been made; nothing more can be done.
  };

  // A record's payload (RFC 8446 section 5.1).
  static constexpr std::size_t kRecordMax = 16 << 10;

  // Null when memory is short. A ticket is offered to the server, which may ignore it.
  [[nodiscard]] static std::unique_ptr<TlsStream> make(std::shared_ptr<const TlsContext> context,
                                                       TlsTicket ticket);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  [[nodiscard]] State state() const { return state_; }

  // Appends to `cipher` what is to be sent; the first call begins the handshake. What it is called
  // with before that is over leaves with the handshake's last flight.
  void send(std::string_view plain, std::string& cipher);

  // Takes all of `cipher`, returns how much of `plain` it filled, and appends to `answer` what the
  // server has to be told. `plain` has room for cipher.size() + kRecordMax bytes.
  [[nodiscard]] std::size_t receive(std::span<const char> cipher, std::span<char> plain,
                                    std::string& answer);

  // Appends close_notify: we send nothing more.
  void close(std::string& cipher);

  // The newest one; none before the server has sent one.
  [[nodiscard]] TlsTicket take_ticket() { return std::move(ticket_); }

  // Of an open connection; constants.
  [[nodiscard]] bool is_resumed() const;
  [[nodiscard]] const char* version() const;  // "TLSv1.3"
  [[nodiscard]] const char* cipher() const;   // "TLS_AES_256_GCM_SHA384"
  // Why it failed; a constant, empty if it has not.
  [[nodiscard]] const char* failure() const { return failure_; }

 private:
  friend class TlsContext;
  friend struct TlsStreamBio;
  explicit TlsStream(std::shared_ptr<const TlsContext> context) : context_(std::move(context)) {}
  static int on_ticket(SSL* ssl, SSL_SESSION* session);
  void note_progress(int result);
  void write(std::string_view plain);
  void fail();

  std::shared_ptr<const TlsContext> context_;
  SSL* ssl_ = nullptr;
  std::span<const char> input_;    // Of the receive() under way.
  std::string* output_ = nullptr;  // Of the call under way.
  std::string early_;              // To be sent when the handshake is over.
  TlsTicket ticket_;
  const char* failure_ = "";
  State state_ = State::kHandshake;
  bool begun_ = false;
};

}  // namespace load
