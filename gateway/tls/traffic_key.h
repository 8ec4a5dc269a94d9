// One direction's key of an established TLS 1.3 connection, and the two steps of its record layer
// that are cryptography (RFC 8446 sections 5.2, 5.3, 7.2, 7.3). The ciphers are OpenSSL's.
//
// A connection keeps no cipher state: each thread has one for each suite and direction, which takes
// a connection's key when it is that one's turn. That costs 130 ns a record, and is what makes an
// idle connection some hundred bytes instead of some thousand (record_bench).
//
// Owner: Records.   Thread: any, one at a time.   Errors: OpenSSL without memory ends the process.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tls {

struct CipherSuite {
  std::uint16_t id = 0;  // RFC 8446 appendix B.4.
  const char* cipher = nullptr;
  const char* digest = nullptr;
  std::size_t key_size = 0;
  std::size_t secret_size = 0;  // The digest's.
};
// Null: not one of kCipherSuites.
[[nodiscard]] const CipherSuite* find_cipher_suite(std::uint32_t id);
// As OpenSSL names them, the most wanted first.
inline constexpr const char* kCipherSuites =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

class TrafficKey {
 public:
  static constexpr std::size_t kTagSize = 16;
  static constexpr std::size_t kSecretMax = 48;
  using Secret = std::array<std::byte, kSecretMax>;  // The first secret_size of them.

  // `suite` is a static one. `records`: so many were made with this key already.
  TrafficKey(const CipherSuite& suite, const Secret& secret, std::uint64_t records);
  ~TrafficKey();  // Leaves no keys behind in memory.
  TrafficKey(const TrafficKey&) = delete;
  TrafficKey& operator=(const TrafficKey&) = delete;

  // Encrypts `text` where it stands, and writes the tag. `header`: that of the record.
  void seal(std::span<const std::byte> header, std::span<std::byte> text,
            std::span<std::byte, kTagSize> tag);
  // Decrypts `sealed` but for its last kTagSize bytes into `text`, which has room for them. False:
  // it is not what the other end has sealed, and `text` is not to be looked at.
  [[nodiscard]] bool open(std::span<const std::byte> header, std::span<const std::byte> sealed,
                          std::byte* text);

  void renew();  // The next key (KeyUpdate).
  [[nodiscard]] std::uint64_t records() const { return records_; }

 private:
  using Nonce = std::array<std::byte, 12>;
  [[nodiscard]] Nonce next_nonce();
  void derive();

  const CipherSuite* suite_;
  std::uint64_t records_;
  Secret secret_;
  std::array<std::byte, 32> key_{};
  Nonce iv_{};
};

}  // namespace tls
