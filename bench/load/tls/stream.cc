#include "bench/load/tls/stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>

#include "proto/base/assert.h"

namespace load {

void TlsTicketDeleter::operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }

// OpenSSL's view of a stream: it reads from input_ and writes to *output_.
struct TlsStreamBio {
  static int read(BIO* bio, char* to, int size) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (stream.input_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const auto count = std::min(static_cast<std::size_t>(size), stream.input_.size());
    std::memcpy(to, stream.input_.data(), count);
    stream.input_ = stream.input_.subspan(count);
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* from, int size) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    stream.output_->append(from, static_cast<std::size_t>(size));
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
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "load stream");
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

std::unique_ptr<TlsStream> TlsStream::make(std::shared_ptr<const TlsContext> context,
                                           TlsTicket ticket) {
  SSL* ssl = context->new_ssl();
  BIO* bio = ssl == nullptr ? nullptr : BIO_new(TlsStreamBio::method());
  if (bio == nullptr) {
    SSL_free(ssl);
    return nullptr;
  }
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(context)));
  BIO_set_data(bio, stream.get());
  SSL_set_bio(ssl, bio, bio);  // Takes the one reference.
  SSL_set_app_data(ssl, stream.get());
  if (ticket != nullptr) SSL_set_session(ssl, ticket.get());
  stream->ssl_ = ssl;
  return stream;
}

TlsStream::~TlsStream() {
  // OpenSSL takes a connection without an orderly end for one whose ticket must not be used.
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
}

int TlsStream::on_ticket(SSL* ssl, SSL_SESSION* session) {
  static_cast<TlsStream*>(SSL_get_app_data(ssl))->ticket_.reset(session);
  return 1;  // The reference is ours.
}

void TlsStream::send(std::string_view plain, std::string& cipher) {
  output_ = &cipher;
  if (state_ == State::kHandshake) {
    early_ += plain;
    if (!std::exchange(begun_, true)) note_progress(SSL_do_handshake(ssl_));
  } else {
    write(plain);
  }
  output_ = nullptr;
}

std::size_t TlsStream::receive(std::span<const char> cipher, std::span<char> plain,
                               std::string& answer) {
  DUNLIN_ASSERT(plain.size() >= cipher.size() + kRecordMax);
  if (state_ == State::kFailed || state_ == State::kEnded) return 0;
  input_ = cipher;
  output_ = &answer;
  std::size_t size = 0;
  for (;;) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, plain.data() + size, plain.size() - size, &count);
    size += count;
    if (result == 1) continue;
    note_progress(result);
    break;
  }
  input_ = {};
  output_ = nullptr;
  return size;
}

// After a call that gave nothing: more input is wanted, or the server has ended, or it failed.
void TlsStream::note_progress(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
      if (state_ != State::kHandshake || SSL_is_init_finished(ssl_) != 1) return;
      state_ = State::kOpen;
      write(std::exchange(early_, {}));
      return;
    case SSL_ERROR_ZERO_RETURN:
      state_ = State::kEnded;
      return;
    default:
      return fail();
  }
}

void TlsStream::write(std::string_view plain) {
  if (plain.empty() || state_ != State::kOpen) return;
  ERR_clear_error();
  std::size_t count = 0;  // All of it: output_ takes everything.
  if (SSL_write_ex(ssl_, plain.data(), plain.size(), &count) != 1) fail();
}

void TlsStream::fail() {
  const bool rejected = state_ == State::kHandshake && SSL_get_verify_result(ssl_) != X509_V_OK;
  const char* reason = rejected ? X509_verify_cert_error_string(SSL_get_verify_result(ssl_))
                                : ERR_reason_error_string(ERR_peek_error());
  failure_ = reason != nullptr ? reason : "protocol error";
  state_ = State::kFailed;
  ERR_clear_error();
}

void TlsStream::close(std::string& cipher) {
  if (state_ != State::kOpen && state_ != State::kEnded) return;
  output_ = &cipher;
  ERR_clear_error();
  static_cast<void>(SSL_shutdown(ssl_));  // 0: ours is made, the server's has not come.
  ERR_clear_error();
  output_ = nullptr;
}

bool TlsStream::is_resumed() const { return SSL_session_reused(ssl_) == 1; }

const char* TlsStream::version() const { return SSL_get_version(ssl_); }

const char* TlsStream::cipher() const { return SSL_CIPHER_get_name(SSL_get_current_cipher(ssl_)); }

}  // namespace load
