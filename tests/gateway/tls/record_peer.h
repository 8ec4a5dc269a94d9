// The client's end of tls::Records, which says what it is told to: any content type, padding and
// order. For tests and fuzzers.
#pragma once

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/tls/records.h"
#include "proto/base/bytes.h"

namespace testing_support {

enum class Type : std::uint8_t { kAlert = 21, kHandshake = 22, kData = 23 };

inline std::vector<std::byte> from_hex(std::string_view digits) {
  const std::string text(digits);
  std::vector<std::byte> bytes(text.size() / 2);
  std::size_t size = 0;
  OPENSSL_hexstr2buf_ex(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), &size,
                        text.c_str(), '\0');
  bytes.resize(size);
  return bytes;
}

inline tls::TrafficKey::Secret secret_from_hex(std::string_view digits) {
  tls::TrafficKey::Secret secret{};
  const auto bytes = from_hex(digits);
  for (std::size_t i = 0; i < bytes.size(); ++i) secret[i] = bytes[i];
  return secret;
}

inline std::vector<std::byte> seal_with(tls::TrafficKey& key, Type type, std::string_view content,
                                        std::size_t padding = 0) {
  const std::size_t sealed_size = content.size() + 1 + padding + tls::TrafficKey::kTagSize;
  std::vector<std::byte> record(5 + sealed_size);
  record[0] = std::byte{23};
  record[1] = record[2] = std::byte{3};
  record[3] = static_cast<std::byte>(sealed_size >> 8);
  record[4] = static_cast<std::byte>(sealed_size);
  std::ranges::copy(dunlin::as_bytes(content), record.begin() + 5);
  record[5 + content.size()] = static_cast<std::byte>(type);
  const auto sealed = std::span(record).subspan(5);
  key.seal(std::span(record).first(5), sealed.first(content.size() + 1 + padding),
           sealed.last<tls::TrafficKey::kTagSize>());
  return record;
}

class RecordPeer {
 public:
  static constexpr int kCloseNotify = -1;

  explicit RecordPeer(std::uint32_t suite = 0x1301) {
    secrets.suite = tls::find_cipher_suite(suite);
    secrets.client.fill(std::byte{1});
    secrets.server.fill(std::byte{2});
  }

  tls::TrafficSecrets secrets;  // To be changed before make_records().
  std::size_t record_max = tls::kRecordMax;

  tls::Records make_records() {
    secrets.record_max = record_max;
    client_ = std::make_unique<tls::TrafficKey>(*secrets.suite, secrets.client, 0);
    server_ = std::make_unique<tls::TrafficKey>(*secrets.suite, secrets.server, secrets.sent);
    return tls::Records(secrets);
  }

  std::vector<std::byte> seal(Type type, std::string_view content, std::size_t padding = 0) {
    return seal_with(*client_, type, content, padding);
  }
  std::vector<std::byte> key_update(bool asks) {
    const std::array message{'\x18', '\0', '\0', '\1', asks ? '\1' : '\0'};
    auto record = seal(Type::kHandshake, {message.data(), message.size()});
    renew_client_key();
    return record;
  }
  void renew_client_key() { client_->renew(); }

  // The application data in these records; "?" for what is none.
  std::string open(std::span<const std::byte> cipher) {
    std::string all;
    while (!cipher.empty()) {
      const std::string content = open_record(cipher);
      all += content.ends_with(static_cast<char>(Type::kData))
                 ? content.substr(0, content.size() - 1)
                 : "?";
    }
    return all;
  }
  // The alert that is all there is; 0: nothing at all.
  int open_alert(std::span<const std::byte> cipher) {
    if (cipher.empty()) return 0;
    const std::string content = open_record(cipher);
    if (!cipher.empty() || content.size() != 3 || content[2] != static_cast<char>(Type::kAlert)) {
      return -2;
    }
    if (content[0] == 1 && content[1] == 0) return kCloseNotify;
    return content[0] == 2 ? content[1] : -2;
  }
  // One key update that asks for nothing is all there is.
  bool open_key_update(std::span<const std::byte> cipher) {
    const std::string content = open_record(cipher);
    server_->renew();
    return cipher.empty() && content == std::string("\x18\0\0\1\0\x16", 6);
  }

 private:
  // The next record's content and type.
  std::string open_record(std::span<const std::byte>& cipher) {
    if (cipher.size() < 5) return cipher = {}, "short";
    const std::size_t size =
        std::to_integer<std::size_t>(cipher[3]) << 8 | std::to_integer<std::size_t>(cipher[4]);
    if (cipher.size() < 5 + size) return cipher = {}, "short";
    std::string text(size - tls::TrafficKey::kTagSize, '\0');
    const bool good = server_->open(cipher.first(5), cipher.subspan(5, size),
                                    reinterpret_cast<std::byte*>(text.data()));
    cipher = cipher.subspan(5 + size);
    return good ? text : "bad";
  }

  std::unique_ptr<tls::TrafficKey> client_;
  std::unique_ptr<tls::TrafficKey> server_;
};

// What came of some input, as it was given in one piece or several.
struct Outcome {
  std::vector<std::byte> plain;
  std::vector<std::byte> answers;
  std::string failure;
  bool ended = false;

  void add(tls::Records& records, std::span<const std::byte> cipher) {
    if (ended || !failure.empty()) return;
    std::vector<std::byte> room(cipher.size() + tls::kRecordMax);
    const tls::Received received = records.receive(cipher, room, answers);
    plain.insert(plain.end(), room.begin(),
                 room.begin() + static_cast<std::ptrdiff_t>(received.size));
    ended = received.ended;
    if (received.failure != nullptr) failure = received.failure;
  }
};

}  // namespace testing_support
