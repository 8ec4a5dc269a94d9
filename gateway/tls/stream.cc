#include "gateway/tls/stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>

#include "proto/base/assert.h"

namespace tls {

// OpenSSL's view of a Stream: it reads from input_ and writes to output_ or pending_.
struct StreamBio {
  static int read(BIO* bio, char* to, int size) {
    auto& stream = *static_cast<Stream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (stream.too_many_key_updates()) return -1;
    if (stream.input_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t count = std::min(static_cast<std::size_t>(size), stream.input_.size());
    std::memcpy(to, stream.input_.data(), count);
    stream.input_ = stream.input_.subspan(count);
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* from, int size) {
    auto& stream = *static_cast<Stream*>(BIO_get_data(bio));
    std::vector<std::byte>& output = stream.output_ != nullptr ? *stream.output_ : stream.pending_;
    const auto* bytes = reinterpret_cast<const std::byte*>(from);
    output.insert(output.end(), bytes, bytes + size);
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
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "dunlin stream");
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

std::unique_ptr<Stream> Stream::make(std::shared_ptr<const Context> context) {
  SSL* ssl = context->new_ssl();
  if (ssl == nullptr) return nullptr;
  BIO* bio = BIO_new(StreamBio::method());
  if (bio == nullptr) {
    SSL_free(ssl);
    return nullptr;
  }
  std::unique_ptr<Stream> stream(new Stream(std::move(context)));
  BIO_set_data(bio, stream.get());
  SSL_set_bio(ssl, bio, bio);  // Takes the one reference.
  stream->ssl_ = ssl;
  SSL_set_msg_callback(ssl, note_message);
  SSL_set_msg_callback_arg(ssl, stream.get());
  return stream;
}

Stream::~Stream() { SSL_free(ssl_); }

std::size_t Stream::receive(std::span<const std::byte> cipher, std::span<std::byte> plain) {
  DUNLIN_ASSERT(plain.size() >= cipher.size() + kRecordMax);
  if (state_ == State::kFailed || state_ == State::kEnded) return 0;
  input_ = cipher;
  std::size_t size = 0;
  for (;;) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, plain.data() + size, plain.size() - size, &count);
    size += count;
    received_size_ += count;
    if (result == 1) continue;
    note_progress(result);
    break;
  }
  if (pending().size() > kPendingMax) fail();
  input_ = {};
  return size;
}

// After a read that gave nothing: more input is wanted, or the peer has ended, or it failed.
void Stream::note_progress(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      if (state_ == State::kHandshake && SSL_is_init_finished(ssl_)) state_ = State::kOpen;
      break;
    case SSL_ERROR_ZERO_RETURN:
      state_ = State::kEnded;
      break;
    default:
      fail();
      break;
  }
}

void Stream::fail() {
  state_ = State::kFailed;
  const unsigned long code = ERR_get_error();
  spoke_http_ = ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST;
  const char* reason = ERR_reason_error_string(code);
  failure_ = reason != nullptr ? reason : "protocol error";
  if (too_many_key_updates()) failure_ = "too many key updates";
  ERR_clear_error();
}

void Stream::note_message(int written, int /*version*/, int type, const void* message,
                          std::size_t size, SSL* /*ssl*/, void* self) {
  if (written != 0 || type != SSL3_RT_HANDSHAKE || size == 0) return;
  if (*static_cast<const unsigned char*>(message) == SSL3_MT_KEY_UPDATE) {
    ++static_cast<Stream*>(self)->key_updates_;
  }
}

bool Stream::encrypt(std::span<const std::byte> plain, std::vector<std::byte>& cipher) {
  if (state_ != State::kOpen && state_ != State::kEnded) return false;
  DUNLIN_ASSERT(pending().empty());
  output_ = &cipher;
  while (!plain.empty()) {
    ERR_clear_error();
    std::size_t count = 0;
    if (SSL_write_ex(ssl_, plain.data(), std::min(plain.size(), kRecordMax), &count) != 1) {
      fail();
      break;
    }
    plain = plain.subspan(count);
  }
  output_ = nullptr;
  return state_ != State::kFailed;
}

void Stream::close() {
  if (state_ != State::kOpen && state_ != State::kEnded) return;
  if ((SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) != 0) return;
  ERR_clear_error();
  static_cast<void>(SSL_shutdown(ssl_));  // 0: ours is made, the peer's has not come.
  ERR_clear_error();
}

void Stream::keep(std::span<const std::byte> cipher, std::uint32_t held) {
  DUNLIN_ASSERT(pending().empty());
  pending_.assign(cipher.begin(), cipher.end());
  pending_sent_ = 0;
  held_ = held;
}

void Stream::sent(std::size_t size) {
  pending_sent_ += size;
  DUNLIN_ASSERT(pending_sent_ <= pending_.size());
  if (pending_sent_ < pending_.size()) return;
  std::vector<std::byte>().swap(pending_);  // Gives the memory back.
  pending_sent_ = 0;
  released_ += std::exchange(held_, 0);
}

bool Stream::resumed() const { return SSL_session_reused(ssl_) == 1; }

std::string Stream::version() const { return SSL_get_version(ssl_); }

}  // namespace tls
