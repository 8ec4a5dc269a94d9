// What all TLS connections of one port share: certificates by name (SNI, RFC 6066 section 3),
// protocol versions, session tickets, whose client certificates are accepted. A reload makes a new
// one; connections keep the one they began with.
//
//   TLS 1.2 with forward secrecy and AEAD only, TLS 1.3; no compression, no renegotiation; ALPN
//   "http/1.1" (RFC 7301), so that a connection meant for another protocol does not end up here.
//
// Owner: shared_ptr, one for each port.   Thread: any (immutable; OpenSSL locks what it counts).
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "gateway/tls/certificate.h"

namespace tls {

struct Settings {
  // Shared, so that a self-made one survives a reload. The first one answers unknown names.
  std::vector<std::shared_ptr<const Certificate>> certificates;
  bool tls13_only = false;
  bool session_tickets = true;          // Resumption without state here (RFC 5077, 8446 4.6.1).
  std::uint32_t session_timeout_s = 0;  // How long a ticket is good for.
  std::string client_ca_file;  // PEM; clients must show a certificate signed by one of these.
};

class Context {
 public:
  // The error is one line that says which file is wrong and how.
  [[nodiscard]] static std::expected<std::shared_ptr<const Context>, std::string> make(
      const Settings& settings);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // A new connection's state, server side; null when memory is short. For Stream.
  [[nodiscard]] SSL* new_ssl() const;

 private:
  struct Entry;
  Context() = default;
  static int choose_certificate(SSL* ssl, int* alert, void* self);

  // The first one's SSL_CTX is every connection's until its name is known, and keeps the sessions.
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace tls
