#include "gateway/tls/context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <string_view>

#include "gateway/tls/openssl_error.h"
#include "gateway/tls/ssl_engine.h"
#include "gateway/tls/traffic_key.h"
#include "proto/base/ascii.h"
#include "proto/base/assert.h"

namespace tls {
namespace {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContextPtr = std::unique_ptr<SSL_CTX, SslContextDeleter>;

// Forward secrecy and authenticated encryption; TLS 1.3 has nothing else.
constexpr const char* kTls12Ciphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK:!SHA1:!SHA256:!SHA384";
constexpr std::string_view kSessionContext = "dunlin";
constexpr std::string_view kProtocol = "http/1.1";

// RFC 7301 3.2: a client that names protocols, and not ours, is told so and goes no further.
int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void* /*user*/) {
  for (unsigned at = 0; at < offered_size; at += 1U + offered[at]) {
    const std::string_view name(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
    if (name != kProtocol) continue;
    *chosen = offered + at + 1;
    *chosen_size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::expected<void, std::string> use_certificate(SSL_CTX* context, const Certificate& certificate) {
  bool good = SSL_CTX_use_certificate(context, certificate.leaf.get()) == 1;
  for (const auto& issuer : certificate.chain) {
    good = good && SSL_CTX_add1_chain_cert(context, issuer.get()) == 1;
  }
  good = good && SSL_CTX_use_PrivateKey(context, certificate.key.get()) == 1;
  if (good) return {};
  const std::string_view name =
      certificate.names.empty() ? std::string_view("without a name") : certificate.names.front();
  return std::unexpected(
      fmt::format("the certificate for {} cannot be used: {}", name, take_openssl_error()));
}

std::expected<void, std::string> demand_client_certificates(SSL_CTX* context,
                                                            const std::string& file) {
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, file.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return std::unexpected(
        fmt::format("{}: no certificates in PEM form: {}", file, take_openssl_error()));
  }
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

void set_sessions(SSL_CTX* context, const Settings& settings) {
  // Tickets or nothing: a cache of sessions here would be one more thing to bound.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context,
                                 reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                 static_cast<unsigned>(kSessionContext.size()));
  if (!settings.session_tickets) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    return;
  }
  SSL_CTX_set_num_tickets(context, 1);  // One connection, one reconnect.
  SSL_CTX_set_timeout(context, static_cast<long>(settings.session_timeout_s));
}

std::expected<SslContextPtr, std::string> make_ssl_context(const Settings& settings,
                                                           const Certificate& certificate) {
  SslContextPtr made(SSL_CTX_new(TLS_server_method()));
  if (!made) return std::unexpected(take_openssl_error());
  SSL_CTX* context = made.get();
  SSL_CTX_set_min_proto_version(context, settings.tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Idle connections hold no record buffers.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  DUNLIN_ASSERT(SSL_CTX_set_cipher_list(context, kTls12Ciphers) == 1);
  DUNLIN_ASSERT(SSL_CTX_set_ciphersuites(context, kCipherSuites) == 1);
  SslEngine::prepare(context);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  set_sessions(context, settings);
  if (const auto used = use_certificate(context, certificate); !used) {
    return std::unexpected(used.error());
  }
  if (!settings.client_ca_file.empty()) {
    if (const auto done = demand_client_certificates(context, settings.client_ca_file); !done) {
      return std::unexpected(done.error());
    }
  }
  return made;
}

}  // namespace

struct Context::Entry {
  std::shared_ptr<const Certificate> certificate;
  SslContextPtr context;
};

std::expected<std::shared_ptr<const Context>, std::string> Context::make(const Settings& settings) {
  DUNLIN_ASSERT(!settings.certificates.empty());
  std::shared_ptr<Context> made(new Context);
  for (const auto& certificate : settings.certificates) {
    auto context = make_ssl_context(settings, *certificate);
    if (!context) return std::unexpected(context.error());
    made->entries_.push_back(std::make_unique<Entry>(Entry{certificate, std::move(*context)}));
  }
  SSL_CTX* first = made->entries_.front()->context.get();
  // What SSL_CTX_set_tlsext_servername_callback() does, without its casts.
  SSL_CTX_callback_ctrl(first, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(choose_certificate));
  SSL_CTX_set_tlsext_servername_arg(first, made.get());
  return made;
}

Context::~Context() = default;

SSL* Context::new_ssl() const {
  SSL* ssl = SSL_new(entries_.front()->context.get());
  if (ssl != nullptr) SSL_set_accept_state(ssl);
  return ssl;
}

// RFC 6066 3: an unknown name is not refused; the first certificate answers and the client judges.
int Context::choose_certificate(SSL* ssl, int* /*alert*/, void* self) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  std::string host(name);
  std::ranges::transform(host, host.begin(), dunlin::to_lower);
  for (const auto& entry : static_cast<const Context*>(self)->entries_) {
    if (!covers(*entry->certificate, host)) continue;
    SSL_set_SSL_CTX(ssl, entry->context.get());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

}  // namespace tls
