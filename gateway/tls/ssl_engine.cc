#include "gateway/tls/ssl_engine.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "proto/base/assert.h"

namespace tls {

// OpenSSL's view of an engine: it reads from input_ and writes to output_.
struct EngineBio {
  static int read(BIO* bio, char* to, int size) {
    auto& engine = *static_cast<SslEngine*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (engine.input_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t count = std::min(static_cast<std::size_t>(size), engine.input_.size());
    std::memcpy(to, engine.input_.data(), count);
    engine.input_ = engine.input_.subspan(count);
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* from, int size) {
    auto& engine = *static_cast<SslEngine*>(BIO_get_data(bio));
    const auto* bytes = reinterpret_cast<const std::byte*>(from);
    engine.output_->insert(engine.output_->end(), bytes, bytes + size);
    return size;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const kMethod = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "dunlin engine");
      DUNLIN_ASSERT(made != nullptr);
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      BIO_meth_set_create(made, create);
      return made;
    }();
    return kMethod;
  }
};

void SslEngine::prepare(SSL_CTX* context) { SSL_CTX_set_keylog_callback(context, note_secret); }

std::unique_ptr<SslEngine> SslEngine::make(std::shared_ptr<const Context> context) {
  SSL* ssl = context->new_ssl();
  if (ssl == nullptr) return nullptr;
  BIO* bio = BIO_new(EngineBio::method());
  if (bio == nullptr) {
    SSL_free(ssl);
    return nullptr;
  }
  std::unique_ptr<SslEngine> engine(new SslEngine(std::move(context)));
  BIO_set_data(bio, engine.get());
  SSL_set_bio(ssl, bio, bio);  // Takes the one reference.
  engine->ssl_ = ssl;
  SSL_set_msg_callback(ssl, note_message);
  SSL_set_msg_callback_arg(ssl, engine.get());
  return engine;
}

SslEngine::~SslEngine() {
  SSL_free(ssl_);
  OPENSSL_cleanse(&secrets_, sizeof(secrets_));
}

// A line for a key log, which is how OpenSSL tells the keys of TLS 1.3: NAME, the client's random
// number, the secret; all but the name in hexadecimal digits.
void SslEngine::note_secret(const SSL* ssl, const char* line) {
  auto& self = *static_cast<SslEngine*>(BIO_get_data(SSL_get_rbio(ssl)));
  const std::string_view text(line);
  const bool client = text.starts_with("CLIENT_TRAFFIC_SECRET_0 ");
  if (!client && !text.starts_with("SERVER_TRAFFIC_SECRET_0 ")) return;
  TrafficKey::Secret& secret = client ? self.secrets_.client : self.secrets_.server;
  std::size_t& size = client ? self.client_secret_size_ : self.server_secret_size_;
  auto* to = reinterpret_cast<unsigned char*>(secret.data());
  const char* digits = line + text.rfind(' ') + 1;
  if (OPENSSL_hexstr2buf_ex(to, secret.size(), &size, digits, '\0') != 1) size = 0;
}

// From its secret on, the server's records are counted.
void SslEngine::note_message(int written, int /*version*/, int type, const void* /*message*/,
                             std::size_t /*size*/, SSL* /*ssl*/, void* engine) {
  auto& self = *static_cast<SslEngine*>(engine);
  if (written == 1 && type == SSL3_RT_HEADER && self.server_secret_size_ != 0) {
    ++self.secrets_.sent;
  }
}

SslEngine::Handshake SslEngine::shake_hands(std::span<const std::byte>& input,
                                            std::vector<std::byte>& output) {
  input_ = input;
  output_ = &output;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  const int error = SSL_get_error(ssl_, result);
  input = input_;
  if (result == 1) return Handshake::kDone;
  if (error == SSL_ERROR_WANT_READ) return Handshake::kWantsInput;
  fail();
  return Handshake::kFailed;
}

std::expected<std::unique_ptr<Records>, const char*> SslEngine::take_records() {
  if (SSL_version(ssl_) != TLS1_3_VERSION) return nullptr;
  // OpenSSL reads record by record, and a handshake ends at the end of one.
  if (SSL_has_pending(ssl_) != 0) return std::unexpected("data behind the handshake");
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_);
  secrets_.suite = find_cipher_suite(SSL_CIPHER_get_protocol_id(cipher));
  if (secrets_.suite == nullptr || client_secret_size_ != secrets_.suite->secret_size ||
      server_secret_size_ != secrets_.suite->secret_size) {
    return std::unexpected("OpenSSL has not told the keys");
  }
  const unsigned wish = SSL_SESSION_get_max_fragment_length(SSL_get_session(ssl_));
  if (wish != TLSEXT_max_fragment_length_DISABLED) secrets_.record_max = std::size_t{256} << wish;
  return std::make_unique<Records>(secrets_);
}

Received SslEngine::receive(std::span<const std::byte> cipher, std::span<std::byte> plain,
                            std::vector<std::byte>& answers) {
  DUNLIN_ASSERT(plain.size() >= cipher.size() + kRecordMax);
  input_ = cipher;
  output_ = &answers;
  Received received;
  for (;;) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result =
        SSL_read_ex(ssl_, plain.data() + received.size, plain.size() - received.size, &count);
    received.size += count;
    if (result == 1) continue;
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
        return received;
      case SSL_ERROR_ZERO_RETURN:
        received.ended = true;
        return received;
      default:
        fail();
        received.failure = failure_;
        return received;
    }
  }
}

bool SslEngine::encrypt(std::span<const std::byte> plain, std::vector<std::byte>& cipher) {
  output_ = &cipher;
  while (!plain.empty()) {
    ERR_clear_error();
    std::size_t count = 0;
    if (SSL_write_ex(ssl_, plain.data(), std::min(plain.size(), kRecordMax), &count) != 1) {
      fail();
      return false;
    }
    plain = plain.subspan(count);
  }
  return true;
}

void SslEngine::close(std::vector<std::byte>& answers) {
  if ((SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) != 0) return;
  output_ = &answers;
  ERR_clear_error();
  static_cast<void>(SSL_shutdown(ssl_));  // 0: ours is made, the peer's has not come.
  ERR_clear_error();
}

void SslEngine::fail() {
  const unsigned long code = ERR_get_error();
  spoke_http_ = ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST;
  const char* reason = ERR_reason_error_string(code);
  failure_ = reason != nullptr ? reason : "protocol error";
  ERR_clear_error();
}

bool SslEngine::resumed() const { return SSL_session_reused(ssl_) == 1; }

}  // namespace tls
