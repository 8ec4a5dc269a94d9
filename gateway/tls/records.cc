#include "gateway/tls/records.h"

#include <algorithm>
#include <array>

#include "proto/base/assert.h"

namespace tls {
namespace {

constexpr std::size_t kHeaderSize = 5;
constexpr std::size_t kTypeSize = 1;  // Of the content, behind it.
constexpr std::size_t kSealedMin = kTypeSize + TrafficKey::kTagSize;
constexpr std::size_t kSealedMax = kRecordMax + kSealedMin;  // All our suites' tags are 16 bytes.
constexpr std::byte kOpaqueType{23};
constexpr std::size_t kKeyUpdateSize = 5;
constexpr std::byte kKeyUpdateType{24};

std::array<std::byte, kHeaderSize> make_header(std::size_t sealed_size) {
  return {kOpaqueType, std::byte{3}, std::byte{3}, static_cast<std::byte>(sealed_size >> 8),
          static_cast<std::byte>(sealed_size)};
}

std::size_t sealed_size_of(std::span<const std::byte> header) {
  return std::to_integer<std::size_t>(header[3]) << 8 | std::to_integer<std::size_t>(header[4]);
}

}  // namespace

Received Records::receive(std::span<const std::byte> cipher, std::span<std::byte> plain,
                          std::vector<std::byte>& answers) {
  DUNLIN_ASSERT(plain.size() >= cipher.size() + kRecordMax);
  Received received;
  Fault fault;
  while (!received.ended && fault.reason == nullptr) {
    const auto record = next_record(cipher, fault);
    if (record.empty()) break;
    fault = read_record(record, plain.data() + received.size, received);
    if (!partial_.empty()) std::vector<std::byte>().swap(partial_);  // Gives the memory back.
  }
  received.failure = fault.reason;
  if (closed_) return received;  // Nothing follows our close_notify.
  if (fault.reason != nullptr && fault.alert != Alert::kCloseNotify) {
    write_alert(fault.alert, answers);
  } else if (fault.reason == nullptr && key_update_due_) {
    write_key_update(answers);  // One for all that asked (RFC 8446 section 4.6.3).
  }
  key_update_due_ = false;
  return received;
}

// A whole record, header and all: where it stands in `cipher`, or from partial_. Empty: there is
// none yet, or a fault.
std::span<const std::byte> Records::next_record(std::span<const std::byte>& cipher, Fault& fault) {
  std::span<const std::byte> begin = partial_.empty() ? cipher : std::span(partial_);
  if (begin.size() < kHeaderSize) {
    begin = add_to_partial(cipher, kHeaderSize);
    if (begin.empty()) return {};
  }
  // The version in it says nothing (RFC 8446 section 5.1), but is authenticated.
  if (begin[0] != kOpaqueType) {
    fault = {Alert::kUnexpectedMessage, "a record that is not encrypted"};
    return {};
  }
  const std::size_t sealed_size = sealed_size_of(begin);
  if (sealed_size > kSealedMax) {
    fault = {Alert::kRecordOverflow, "record too long"};
    return {};
  }
  if (sealed_size < kSealedMin) {
    fault = {Alert::kDecodeError, "record too short"};
    return {};
  }
  const std::size_t size = kHeaderSize + sealed_size;
  if (!partial_.empty() || cipher.size() < size) return add_to_partial(cipher, size);
  const auto record = cipher.first(size);
  cipher = cipher.subspan(size);
  return record;
}

// Moves bytes of `cipher` until partial_ has so many. Empty: it has not.
std::span<const std::byte> Records::add_to_partial(std::span<const std::byte>& cipher,
                                                   std::size_t size) {
  const std::size_t count = std::min(size - partial_.size(), cipher.size());
  if (count == 0 && partial_.size() < size) return {};
  // Memory follows what has come, not what was announced: else five bytes would take 17 KB.
  const std::size_t needed = partial_.size() + count;
  if (needed > partial_.capacity()) partial_.reserve(std::min(size, 2 * needed));
  partial_.insert(partial_.end(), cipher.begin(),
                  cipher.begin() + static_cast<std::ptrdiff_t>(count));
  cipher = cipher.subspan(count);
  return partial_.size() == size ? std::span<const std::byte>(partial_)
                                 : std::span<const std::byte>();
}

Records::Fault Records::read_record(std::span<const std::byte> record, std::byte* plain,
                                    Received& received) {
  const auto header = record.first(kHeaderSize);
  const auto sealed = record.subspan(kHeaderSize);
  if (!read_.open(header, sealed, plain)) return {Alert::kBadRecordMac, "bad record MAC"};
  // RFC 8446 section 5.4: zeros behind the type are padding.
  std::size_t size = sealed.size() - TrafficKey::kTagSize;
  while (size > 0 && plain[size - 1] == std::byte{0}) --size;
  if (size == 0) return {Alert::kUnexpectedMessage, "a record of padding only"};
  const auto type = static_cast<ContentType>(plain[--size]);
  if (size > record_max_) return {Alert::kRecordOverflow, "more than the peer wanted in a record"};
  if (type != ContentType::kHandshake && message_size_ != 0) {
    return {Alert::kUnexpectedMessage, "a record between the parts of a message"};
  }
  switch (type) {
    case ContentType::kApplicationData:
      return on_data(size, received);
    case ContentType::kAlert:
      return on_alert({plain, size}, received);
    case ContentType::kHandshake:
      return on_handshake({plain, size});
  }
  return {Alert::kUnexpectedMessage, "a record of an unknown type"};
}

Records::Fault Records::on_data(std::size_t size, Received& received) {
  if (size == 0) return on_nothing();
  received.size += size;
  received_size_ += size;
  empty_records_ = 0;
  return {};
}

Records::Fault Records::on_nothing() {
  if (++empty_records_ <= kEmptyRecordsMax) return {};
  return {Alert::kUnexpectedMessage, "too many empty records"};
}

Records::Fault Records::on_alert(std::span<const std::byte> bytes, Received& received) {
  if (bytes.empty()) return {Alert::kUnexpectedMessage, "an empty alert"};  // Section 5.4.
  if (bytes.size() != 2) return {Alert::kDecodeError, "bad alert"};
  switch (static_cast<Alert>(bytes[1])) {  // The level says nothing (RFC 8446 section 6).
    case Alert::kCloseNotify:
      received.ended = true;
      return {};
    case Alert::kUserCanceled:
      return on_nothing();  // A close_notify follows.
    default:
      return {Alert::kCloseNotify, "alert of the peer"};
  }
}

// The only message that a client may send now is a KeyUpdate: we never ask it to authenticate
// itself after the handshake.
Records::Fault Records::on_handshake(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {Alert::kUnexpectedMessage, "an empty part of a message"};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    message_[message_size_++] = bytes[i];
    if (message_[0] != kKeyUpdateType) return {Alert::kUnexpectedMessage, "unexpected message"};
    if (message_size_ < kKeyUpdateSize) continue;
    // RFC 8446 section 5.1: what follows is under the new key, so nothing may follow in this
    // record.
    if (i + 1 != bytes.size()) return {Alert::kUnexpectedMessage, "data behind a key update"};
    message_size_ = 0;
    return on_key_update();
  }
  return {};
}

Records::Fault Records::on_key_update() {
  if (message_[1] != std::byte{0} || message_[2] != std::byte{0} || message_[3] != std::byte{1}) {
    return {Alert::kDecodeError, "bad key update"};
  }
  if (message_[4] > std::byte{1}) return {Alert::kIllegalParameter, "bad key update"};
  ++key_updates_;
  if (key_updates_ > kKeyUpdatesFree + received_size_ / kBytesPerKeyUpdate) {
    return {Alert::kUnexpectedMessage, "too many key updates"};
  }
  read_.renew();
  if (message_[4] == std::byte{1}) key_update_due_ = true;
  return {};
}

void Records::encrypt(std::span<const std::byte> plain, std::vector<std::byte>& cipher) {
  while (!plain.empty()) {
    const auto content = plain.first(std::min<std::size_t>(plain.size(), record_max_));
    write_record(ContentType::kApplicationData, content, cipher);
    plain = plain.subspan(content.size());
  }
}

void Records::write_record(ContentType type, std::span<const std::byte> content,
                           std::vector<std::byte>& out) {
  const std::size_t sealed_size = content.size() + kTypeSize + TrafficKey::kTagSize;
  const auto header = make_header(sealed_size);
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), content.begin(), content.end());
  out.push_back(static_cast<std::byte>(type));
  out.resize(out.size() + TrafficKey::kTagSize);
  const auto sealed = std::span(out).last(sealed_size);
  write_.seal(header, sealed.first(content.size() + kTypeSize),
              sealed.last<TrafficKey::kTagSize>());
}

void Records::write_alert(Alert alert, std::vector<std::byte>& out) {
  constexpr std::byte kWarning{1};
  constexpr std::byte kFatal{2};
  const std::array bytes{alert == Alert::kCloseNotify ? kWarning : kFatal,
                         static_cast<std::byte>(alert)};
  write_record(ContentType::kAlert, bytes, out);
}

// We never ask for the peer's new key: how much it has sent with the old one is its own concern.
void Records::write_key_update(std::vector<std::byte>& out) {
  constexpr std::array<std::byte, kKeyUpdateSize> kMessage{
      kKeyUpdateType, std::byte{0}, std::byte{0}, std::byte{1}, std::byte{0}};
  write_record(ContentType::kHandshake, kMessage, out);
  write_.renew();
}

void Records::renew_key_if_worn(std::vector<std::byte>& answers) {
  if (!closed_ && write_.records() >= kRecordsPerKey) write_key_update(answers);
}

void Records::close(std::vector<std::byte>& answers) {
  if (closed_) return;
  closed_ = true;
  write_alert(Alert::kCloseNotify, answers);
}

}  // namespace tls
