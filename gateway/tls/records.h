// The record layer of an established TLS 1.3 connection (RFC 8446 section 5), with what may still
// be said after the handshake: new keys (4.6.3) and alerts (6). OpenSSL makes the handshake and the
// ciphers; this is here because its own record layer takes 15 KB of every idle connection, and
// could neither be written down nor handed to another process, as these keys and counts can.
//
// Owner: Stream.   Thread: the connection's shard.   Bound: one incomplete record of the peer's
// (17 KB), while it is incomplete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gateway/tls/traffic_key.h"

namespace tls {

// A record's payload, RFC 8446 section 5.1.
inline constexpr std::size_t kRecordMax = 16 << 10;

// What a handshake leaves for the records after it.
struct TrafficSecrets {
  const CipherSuite* suite = nullptr;
  TrafficKey::Secret client{};
  TrafficKey::Secret server{};
  std::uint64_t sent = 0;               // Records sent with the server's key already: tickets.
  std::size_t record_max = kRecordMax;  // Of both. The client may have asked for less (RFC 6066 4).
};

struct Received {
  std::size_t size = 0;           // Plaintext.
  bool ended = false;             // By close_notify: nothing follows.
  const char* failure = nullptr;  // Why it failed; the alert, if there is one, is made.
};

class Records {
 public:
  // New keys cost a peer 27 bytes and us as much work as several records. Who sends much may ask
  // for them from time to time (RFC 8446 section 5.5); nobody else has a reason to.
  static constexpr std::uint32_t kKeyUpdatesFree = 256;
  static constexpr std::uint64_t kBytesPerKeyUpdate = 1 << 20;
  // One after the other. They cost as much as others, and nothing that bounds data sees them.
  static constexpr std::uint32_t kEmptyRecordsMax = 32;
  // With AES-GCM 2^24.5 are safe (RFC 8446 section 5.5).
  static constexpr std::uint64_t kRecordsPerKey = 1 << 23;

  explicit Records(const TrafficSecrets& secrets)
      : read_(*secrets.suite, secrets.client, 0),
        write_(*secrets.suite, secrets.server, secrets.sent),
        record_max_(static_cast<std::uint32_t>(secrets.record_max)) {}

  // Takes all of `cipher`, unless it ends or fails. `plain` has room for cipher.size() + kRecordMax
  // bytes. What is to be answered is appended to `answers`. Not to be called again once it failed.
  [[nodiscard]] Received receive(std::span<const std::byte> cipher, std::span<std::byte> plain,
                                 std::vector<std::byte>& answers);
  // Appends records with all of `plain`.
  void encrypt(std::span<const std::byte> plain, std::vector<std::byte>& cipher);
  // Appends the announcement of a new key, if this one has been used enough. Before encrypt().
  void renew_key_if_worn(std::vector<std::byte>& answers);
  // Appends close_notify. Nothing is to be encrypted after it.
  void close(std::vector<std::byte>& answers);
  [[nodiscard]] bool closed() const { return closed_; }

  [[nodiscard]] std::size_t memory() const { return partial_.capacity(); }

 private:
  enum class ContentType : std::uint8_t { kAlert = 21, kHandshake = 22, kApplicationData = 23 };
  enum class Alert : std::uint8_t {  // RFC 8446 section 6.
    kCloseNotify = 0,
    kUnexpectedMessage = 10,
    kBadRecordMac = 20,
    kRecordOverflow = 22,
    kIllegalParameter = 47,
    kDecodeError = 50,
    kUserCanceled = 90,
  };
  struct Fault {
    Alert alert = Alert::kCloseNotify;  // kCloseNotify: none is sent.
    const char* reason = nullptr;       // Null: no fault.
  };
  struct Content {
    ContentType type;
    std::span<const std::byte> bytes;
  };

  [[nodiscard]] std::span<const std::byte> next_record(std::span<const std::byte>& cipher,
                                                       Fault& fault);
  [[nodiscard]] std::span<const std::byte> add_to_partial(std::span<const std::byte>& cipher,
                                                          std::size_t size);
  [[nodiscard]] Fault read_record(std::span<const std::byte> record, std::byte* plain,
                                  Received& received);
  [[nodiscard]] Fault on_data(std::size_t size, Received& received);
  [[nodiscard]] Fault on_nothing();
  [[nodiscard]] Fault on_alert(std::span<const std::byte> bytes, Received& received);
  [[nodiscard]] Fault on_handshake(std::span<const std::byte> bytes);
  [[nodiscard]] Fault on_key_update();
  void write_record(ContentType type, std::span<const std::byte> content,
                    std::vector<std::byte>& out);
  void write_alert(Alert alert, std::vector<std::byte>& out);
  void write_key_update(std::vector<std::byte>& out);

  TrafficKey read_;
  TrafficKey write_;
  std::vector<std::byte> partial_;   // The beginning of a record.
  std::uint64_t received_size_ = 0;  // Plaintext.
  std::uint32_t key_updates_ = 0;    // The peer's.
  std::uint32_t empty_records_ = 0;  // In a row: of data without any, or alerts that say nothing.
  std::uint32_t record_max_;
  std::array<std::byte, 5> message_{};  // A KeyUpdate, as far as it has come.
  std::uint8_t message_size_ = 0;
  bool key_update_due_ = false;  // The peer asked for ours.
  bool closed_ = false;
};

}  // namespace tls
