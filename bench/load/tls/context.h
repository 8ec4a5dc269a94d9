// What the harness's TLS connections to one server share: whom they trust, which name they ask for.
// Written apart from gateway/tls/ on purpose, as all of the harness's protocols are.
//
// Without a file of authorities no certificate is checked, only that the server has its key: what
// is measured is a server of one's own, mostly with a certificate made for the occasion.
//
// Owner: Setup.   Thread: any (immutable; OpenSSL locks what it counts).   Bound: none of its own.
#pragma once

#include <openssl/types.h>

#include <expected>
#include <memory>
#include <string>

namespace load {

class TlsContext {
 public:
  // `host`: a name, which is then sent (SNI, RFC 6066 section 3), or an IP address. `ca_file`: PEM;
  // the server must show a certificate for `host` that one of these has signed. Empty: not checked.
  [[nodiscard]] static std::expected<std::shared_ptr<const TlsContext>, std::string> make(
      const std::string& host, const std::string& ca_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // A new connection's state, client side; null when memory is short. For TlsStream.
  [[nodiscard]] SSL* new_ssl() const;

 private:
  TlsContext() = default;

  SSL_CTX* context_ = nullptr;
  std::string server_name_;  // Empty: an IP address.
};

}  // namespace load
