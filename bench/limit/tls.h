// Bare OpenSSL: one SSL for each connection, on its socket, and one SSL_write for each send. What
// TLS costs a server that does nothing else, written as somebody would who knows the library:
//
//   - a certificate (ECDSA, P-256) that is made here and signed by itself; its key stays in memory
//   - OpenSSL's own choice of ciphers, of which the server's first counts: with any client that has
//     it TLS 1.3 with TLS_AES_256_GCM_SHA384, which is what Dunlin comes to as well
//   - read ahead, so that a record costs one read() and not two
//   - session tickets, stateless; no cache of sessions
//
// Owner: Server.   Thread: the server's only one.   Bound: one SSL for each connection.
#pragma once

#include <openssl/types.h>
#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace limit {

struct TlsOptions {
  unsigned tickets = 2;          // For each whole handshake; OpenSSL's default is two.
  bool release_buffers = false;  // An idle connection holds no record buffers.
};

class Tls {
 public:
  // Null, with OpenSSL's reason on stderr, when it cannot be had.
  static std::unique_ptr<Tls> create(const TlsOptions& options);
  ~Tls();
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  // False: memory is short. The handshake is made by the first calls of receive().
  [[nodiscard]] bool accept(int fd);
  void forget(int fd);
  [[nodiscard]] bool has(int fd) const;

  // As recv() and send() do, with errno. What send() did not take must be offered again unchanged,
  // with nothing before it; more may follow it.
  ssize_t receive(int fd, std::span<char> bytes);
  ssize_t send(int fd, std::span<const char> bytes);

 private:
  Tls() = default;
  [[nodiscard]] ssize_t failure(SSL* ssl, int result) const;

  SSL_CTX* context_ = nullptr;
  std::vector<SSL*> connections_;  // By descriptor.
};

}  // namespace limit
