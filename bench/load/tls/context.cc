#include "bench/load/tls/context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

#include "bench/load/tls/stream.h"

namespace load {
namespace {

constexpr std::array<unsigned char, 9> kProtocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

// Building a chain to nobody would only cost the harness time.
int accept_any(X509_STORE_CTX* /*store*/, void* /*user*/) { return 1; }

bool is_ip_address(const std::string& host) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  ERR_clear_error();
  return address != nullptr;
}

bool expect_host(SSL_CTX* context, const std::string& host) {
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(context);
  return is_ip_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1
                             : X509_VERIFY_PARAM_set1_host(param, host.c_str(), host.size()) == 1;
}

}  // namespace

std::expected<std::shared_ptr<const TlsContext>, std::string> TlsContext::make(
    const std::string& host, const std::string& ca_file) {
  const std::shared_ptr<TlsContext> made(new TlsContext);
  SSL_CTX* context = made->context_ = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return std::unexpected("OpenSSL cannot be used");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Ten thousand clients, one of which is read at a time, share the allocator's hot buffer.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  // A client keeps its own ticket, if it keeps any.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  SSL_CTX_sess_set_new_cb(context, TlsStream::on_ticket);
  SSL_CTX_set_alpn_protos(context, kProtocols.data(), kProtocols.size());  // 0 is success.
  if (!is_ip_address(host)) made->server_name_ = host;
  if (ca_file.empty()) {
    SSL_CTX_set_cert_verify_callback(context, accept_any, nullptr);
    return made;
  }
  if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1 || !expect_host(context, host)) {
    ERR_clear_error();
    return std::unexpected(fmt::format("{}: no certificates in PEM form", ca_file));
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

SSL* TlsContext::new_ssl() const {
  SSL* ssl = SSL_new(context_);
  if (ssl == nullptr) return nullptr;
  SSL_set_connect_state(ssl);
  if (!server_name_.empty()) {
    // What SSL_set_tlsext_host_name() does, without its cast.
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(server_name_.c_str()));
  }
  return ssl;
}

}  // namespace load
