#include "bench/limit/tls.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace limit {
namespace {

bool add_names(X509* certificate) {
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                              "DNS:localhost,IP:127.0.0.1,IP:::1");
  const bool added = names != nullptr && X509_add_ext(certificate, names, -1) == 1;
  X509_EXTENSION_free(names);
  return added;
}

bool fill(X509* certificate, EVP_PKEY* key) {
  constexpr long kDay = 24L * 3600;
  constexpr int kVersion3 = 2;
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* common_name = reinterpret_cast<const unsigned char*>("localhost");
  return X509_set_version(certificate, kVersion3) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), kDay) != nullptr &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         add_names(certificate) && X509_sign(certificate, key, EVP_sha256()) > 0;
}

bool use_own_certificate(SSL_CTX* context) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  const bool used = key != nullptr && certificate != nullptr && fill(certificate, key) &&
                    SSL_CTX_use_certificate(context, certificate) == 1 &&
                    SSL_CTX_use_PrivateKey(context, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  return used;
}

}  // namespace

std::unique_ptr<Tls> Tls::create(const TlsOptions& options) {
  std::unique_ptr<Tls> tls(new Tls);
  SSL_CTX* context = tls->context_ = SSL_CTX_new(TLS_server_method());
  if (context == nullptr || !use_own_certificate(context)) {
    ERR_print_errors_fp(stderr);
    return nullptr;
  }
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, options.tickets);
  SSL_CTX_set_read_ahead(context, 1);
  // A backlog grows, and thereby moves, while a part of it waits in OpenSSL.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (options.release_buffers) SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return tls;
}

Tls::~Tls() {
  for (SSL* ssl : connections_) SSL_free(ssl);
  SSL_CTX_free(context_);
}

bool Tls::accept(int fd) {
  if (std::cmp_less_equal(connections_.size(), fd)) {
    connections_.resize(static_cast<std::size_t>(fd) + 1);
  }
  SSL* ssl = SSL_new(context_);
  if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1) {
    SSL_free(ssl);
    return false;
  }
  SSL_set_accept_state(ssl);
  connections_[static_cast<std::size_t>(fd)] = ssl;
  return true;
}

void Tls::forget(int fd) {
  if (has(fd)) SSL_free(std::exchange(connections_[static_cast<std::size_t>(fd)], nullptr));
}

bool Tls::has(int fd) const {
  return std::cmp_less(fd, connections_.size()) &&
         connections_[static_cast<std::size_t>(fd)] != nullptr;
}

ssize_t Tls::receive(int fd, std::span<char> bytes) {
  SSL* ssl = connections_[static_cast<std::size_t>(fd)];
  std::size_t size = 0;
  // Each call gives one record. What was read ahead makes no event, so it must be fetched now.
  do {
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl, bytes.data() + size, bytes.size() - size, &count);
    size += count;
    if (result != 1) return size > 0 ? static_cast<ssize_t>(size) : failure(ssl, result);
  } while (size < bytes.size() && SSL_has_pending(ssl) == 1);
  return static_cast<ssize_t>(size);
}

ssize_t Tls::send(int fd, std::span<const char> bytes) {
  SSL* ssl = connections_[static_cast<std::size_t>(fd)];
  std::size_t size = 0;
  while (size < bytes.size()) {
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl, bytes.data() + size, bytes.size() - size, &count);
    size += count;
    if (result != 1) return size > 0 ? static_cast<ssize_t>(size) : failure(ssl, result);
  }
  return static_cast<ssize_t>(size);
}

ssize_t Tls::failure(SSL* ssl, int result) const {
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      errno = EPROTO;
      return -1;
  }
}

}  // namespace limit
