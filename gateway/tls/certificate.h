// A server's certificate with its chain and its key: read from PEM files, or made here for
// development.
//
// Owner: Context.   Thread: any; immutable once it is made.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tls {

struct Certificate {
  struct Deleter {
    void operator()(X509* certificate) const;
    void operator()(EVP_PKEY* key) const;
  };
  std::unique_ptr<X509, Deleter> leaf;
  std::vector<std::unique_ptr<X509, Deleter>> chain;  // Intermediates, leaf's issuer first.
  std::unique_ptr<EVP_PKEY, Deleter> key;
  std::vector<std::string> names;  // DNS names in lower case; "*.example.org" for a wildcard.
};

// `key_file` may be empty: then the key stands in `certificate_file`, too. The error is one line
// that names the file and what is wrong with it: unreadable, no certificate, a key of another one.
[[nodiscard]] std::expected<Certificate, std::string> read_certificate(
    const std::string& certificate_file, const std::string& key_file);

// For localhost, 127.0.0.1 and ::1, signed by itself, for 30 days. Its key never leaves memory.
[[nodiscard]] Certificate make_self_signed();

// When it ends, as Unix time.
[[nodiscard]] std::int64_t not_after_s(const Certificate& certificate);

// Until it ends, rounded down; below 0 when it has ended.
[[nodiscard]] int days_left(const Certificate& certificate);

// Whether one of the certificate's names covers `host`: as it is, or with "*" in place of its first
// label (RFC 6125 section 6.4.3). `host` is in lower case.
[[nodiscard]] bool covers(const Certificate& certificate, std::string_view host);

}  // namespace tls
