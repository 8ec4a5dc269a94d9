#include "gateway/tls/stream.h"

#include "proto/base/assert.h"

namespace tls {

std::unique_ptr<Stream> Stream::make(std::shared_ptr<const Context> context) {
  auto engine = SslEngine::make(std::move(context));
  if (engine == nullptr) return nullptr;
  return std::unique_ptr<Stream>(new Stream(std::move(engine)));
}

std::size_t Stream::receive(std::span<const std::byte> cipher, std::span<std::byte> plain) {
  if (state_ == State::kHandshake) {
    switch (engine_->shake_hands(cipher, pending_)) {
      case SslEngine::Handshake::kWantsInput:
        return 0;
      case SslEngine::Handshake::kFailed:
        fail(engine_->failure());
        return 0;
      case SslEngine::Handshake::kDone:
        on_handshake_done();
        break;
    }
  }
  if (state_ != State::kOpen) return 0;
  const Received received = records_ != nullptr ? records_->receive(cipher, plain, pending_)
                                                : engine_->receive(cipher, plain, pending_);
  if (received.ended) state_ = State::kEnded;
  if (received.failure != nullptr) fail(received.failure);
  if (pending().size() > kPendingMax) fail("too many answers that are not taken");
  return received.size;
}

void Stream::on_handshake_done() {
  auto records = engine_->take_records();
  if (!records) return fail(records.error());
  state_ = State::kOpen;
  resumed_ = engine_->resumed();
  if (*records == nullptr) return;  // TLS 1.2.
  records_ = std::move(*records);
  engine_.reset();
}

void Stream::fail(const char* reason) {
  state_ = State::kFailed;
  failure_ = reason;
}

bool Stream::encrypt(std::span<const std::byte> plain, std::vector<std::byte>& cipher) {
  if (state_ != State::kOpen && state_ != State::kEnded) return false;
  DUNLIN_ASSERT(pending().empty());
  if (records_ != nullptr) {
    if (records_->closed()) return false;
    records_->encrypt(plain, cipher);
    return true;
  }
  if (engine_->encrypt(plain, cipher)) return true;
  fail(engine_->failure());
  return false;
}

void Stream::renew_key_if_worn() {
  if (state_ != State::kFailed && records_ != nullptr) records_->renew_key_if_worn(pending_);
}

void Stream::close() {
  if (state_ != State::kOpen && state_ != State::kEnded) return;
  if (records_ != nullptr) {
    records_->close(pending_);
  } else {
    engine_->close(pending_);
  }
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

}  // namespace tls
