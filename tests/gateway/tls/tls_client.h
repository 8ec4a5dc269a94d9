// A TLS client in memory, OpenSSL's own, for the other end of a tls::Stream.
#pragma once

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/tls/context.h"
#include "gateway/tls/stream.h"

namespace testing_support {

struct ClientOptions {
  std::string name = {};  // SNI; empty: none.
  int version = TLS1_3_VERSION;
  std::string protocols = {};  // ALPN, in wire form.
  SSL_SESSION* session = nullptr;
  bool small_records = false;    // RFC 6066 section 4: at most 512 bytes of plaintext in each.
  const char* suites = nullptr;  // Null: all.
};

class TlsClient {
 public:
  explicit TlsClient(const ClientOptions& options = {})
      : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_, options.version);
    SSL_CTX_set_max_proto_version(context_, options.version);
    ssl_ = SSL_new(context_);
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_connect_state(ssl_);
    if (!options.name.empty()) {
      SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(options.name.c_str()));
    }
    if (!options.protocols.empty()) {
      SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(options.protocols.data()),
                          static_cast<unsigned>(options.protocols.size()));
    }
    if (options.suites != nullptr) {
      EXPECT_EQ(SSL_set_ciphersuites(ssl_, options.suites), 1);
    }
    if (options.session != nullptr) SSL_set_session(ssl_, options.session);
    if (options.small_records) {
      SSL_set_tlsext_max_fragment_length(ssl_, TLSEXT_max_fragment_length_512);
    }
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] SSL* ssl() { return ssl_; }

  // What the client wants to say, after it has thought.
  std::vector<std::byte> take_output() {
    if (!SSL_is_init_finished(ssl_)) SSL_do_handshake(ssl_);
    std::vector<std::byte> bytes(BIO_ctrl_pending(out_));
    if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  void receive(std::span<const std::byte> bytes) {
    if (!bytes.empty()) BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
  }
  void write(std::string_view text) {
    EXPECT_EQ(SSL_write(ssl_, text.data(), static_cast<int>(text.size())),
              static_cast<int>(text.size()));
  }
  std::string read() {
    std::string all;
    std::array<char, 4'096> buffer{};
    int size = 0;
    while ((size = SSL_read(ssl_, buffer.data(), buffer.size())) > 0) {
      all.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return all;
  }
  // The common name of the certificate it was shown.
  std::string shown() {
    X509* certificate = SSL_get1_peer_certificate(ssl_);
    if (certificate == nullptr) return {};
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                              name.size());
    X509_free(certificate);
    return name.data();
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
  BIO* in_;
  BIO* out_;
};

// What `cipher` says, in plaintext.
inline std::string received(tls::Stream& stream, std::span<const std::byte> cipher) {
  std::vector<std::byte> plain(cipher.size() + tls::kRecordMax);
  const std::size_t size = stream.receive(cipher, plain);
  return {reinterpret_cast<const char*>(plain.data()), size};
}

inline std::vector<std::byte> take_pending(tls::Stream& stream) {
  const auto pending = stream.pending();
  std::vector<std::byte> bytes(pending.begin(), pending.end());
  stream.sent(bytes.size());
  return bytes;
}

// Until neither has anything to say; `step`: so many bytes at a time from the client.
inline void shake_hands(tls::Stream& stream, TlsClient& client, std::size_t step = 1 << 20) {
  for (int i = 0; i < 10; ++i) {
    const std::vector<std::byte> said = client.take_output();
    for (std::size_t at = 0; at < said.size(); at += step) {
      EXPECT_EQ(received(stream, std::span(said).subspan(at, std::min(step, said.size() - at))),
                "");
    }
    client.receive(take_pending(stream));
  }
}

inline std::shared_ptr<const tls::Certificate> self_signed() {
  static const auto kMade = std::make_shared<const tls::Certificate>(tls::make_self_signed());
  return kMade;
}

inline std::shared_ptr<const tls::Context> make_context(tls::Settings settings = {}) {
  if (settings.certificates.empty()) settings.certificates = {self_signed()};
  if (settings.session_timeout_s == 0) settings.session_timeout_s = 300;
  auto made = tls::Context::make(settings);
  EXPECT_TRUE(made) << made.error();
  return *made;
}

}  // namespace testing_support
