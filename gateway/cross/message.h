// One publication, framed once: header and payload stand in one immutable buffer, whatever the
// number of receivers and shards. Other forms of it (gzip, dunlin.v1, and the compressed forms of
// RFC 7692) are made once, on first need, by whichever shard needs them first.
//
// Owner: shared; the reference count is atomic.   Thread: any, once it is shared. set_position()
// belongs to the one shard that still owns it alone.   Bound: the request that carried it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/cross/counters.h"
#include "gateway/cross/ids.h"
#include "proto/push/push_request.h"

namespace ws {
class Deflater;
struct DeflateParameters;
}  // namespace ws

namespace cross {

// The forms in which a receiver may want a message.
enum class Encoding : std::uint8_t {
  kPlain,     // The payload as a text or binary message.
  kGzip,      // The payload in gzip's format (RFC 1952), as a binary message.
  kProtocol,  // The dunlin.v1 envelope as a text message.
  // kPlain and kProtocol compressed, without context takeover: the same bytes for every receiver.
  kDeflate,
  kProtocolDeflate,
};
inline constexpr std::size_t kEncodings = 5;

// A receiver's encoding never is a compressed one: whether a message is worth it is decided for
// each.
[[nodiscard]] constexpr Encoding deflated(Encoding encoding) {
  return encoding == Encoding::kProtocol ? Encoding::kProtocolDeflate : Encoding::kDeflate;
}

class Message;

// A counted reference.
class MessageRef {
 public:
  MessageRef() = default;
  explicit MessageRef(Message* adopted) : message_(adopted) {}  // Takes over one reference.
  MessageRef(const MessageRef& other);
  MessageRef(MessageRef&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  MessageRef& operator=(MessageRef other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~MessageRef();

  const Message* operator->() const { return message_; }
  const Message& operator*() const { return *message_; }
  [[nodiscard]] const Message* get() const { return message_; }
  [[nodiscard]] Message& unshared() { return *message_; }  // Only before it is shared.
  explicit operator bool() const { return message_ != nullptr; }

 private:
  Message* message_ = nullptr;
};

class Message {
 public:
  struct Parts {
    MessageId id;
    push::PayloadKind kind = push::PayloadKind::kText;
    std::string_view payload;
    std::string_view conflate_key = {};
    push::Policy policy = push::Policy::kQueue;
    bool fanout = false;            // To a channel or to all: the second lane.
    std::uint64_t expires_ms = 0;   // Loop time; 0: never.
    std::uint64_t accepted_ns = 0;  // Monotonic clock; for the latency histogram.
  };
  static MessageRef make(const Parts& parts);

  // From here on, what messages take that are made or end on this thread is counted there; null: it
  // is not counted.
  static void count_on_this_thread(Counter* bytes);

  // Bytes for one connection that are framed already: what a partial write left over, answers,
  // control frames.
  static MessageRef make_framed(std::span<const std::byte> head,
                                std::span<const std::byte> rest = {});

  // Before the message is shared: its place in its channel. `offset` 0: none (a live message).
  void set_position(std::string_view channel, std::uint64_t offset);

  // The whole frame in the given form; lives as long as the message. A compressed form, or gzip's,
  // must have been found to be there, or made.
  [[nodiscard]] std::span<const std::byte> frame(Encoding encoding) const;

  // Whether the compressed form is there. kUnknown: nobody has tried yet. kNone: somebody has, and
  // it would not be smaller.
  enum class Deflated : std::uint8_t { kUnknown, kNone, kThere };
  [[nodiscard]] Deflated find_deflated(Encoding encoding) const;
  // Tries now. Where another shard was first, its work stands.
  Deflated make_deflated(Encoding encoding, ws::Deflater& deflater) const;

  [[nodiscard]] bool has_gzip() const;
  // Level 0: the payload is not compressed, only wrapped: some bytes for each 16 KiB. Where another
  // shard was first, its work stands.
  void make_gzip(const ws::DeflateParameters& parameters) const;

  // One receiver's own compressed frame of this message: its frame has no other form.
  [[nodiscard]] MessageRef with_frame(std::string_view frame) const;
  [[nodiscard]] std::string_view payload() const;
  // What a WebSocket message of kPlain or kProtocol says, before compression. `made` holds it where
  // it has to be made.
  [[nodiscard]] std::string_view text(Encoding encoding, std::string& made) const;

  [[nodiscard]] MessageId id() const { return id_; }
  // False for bytes of our own (answers, control frames, canaries), which nobody pushed.
  [[nodiscard]] bool is_push() const { return id_ != MessageId{}; }
  [[nodiscard]] push::PayloadKind kind() const { return kind_; }
  [[nodiscard]] push::Policy policy() const { return policy_; }
  [[nodiscard]] bool fanout() const { return fanout_; }
  [[nodiscard]] const std::string& conflate_key() const { return conflate_key_; }
  // Tells most different keys apart without looking at them.
  [[nodiscard]] std::uint32_t conflate_hash() const { return conflate_hash_; }
  [[nodiscard]] const std::string& channel() const { return channel_; }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] std::uint64_t expires_ms() const { return expires_ms_; }
  [[nodiscard]] std::uint64_t accepted_ns() const { return accepted_ns_; }

  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

 private:
  friend class MessageRef;
  struct Variant {
    std::string bytes;  // Empty: a compressed form that is not worth it.
  };

  Message() = default;
  ~Message();
  static Message* allocate(std::size_t frame_size);
  static void release(Message* message);
  [[nodiscard]] std::size_t memory_size() const;
  [[nodiscard]] std::byte* frame_bytes() { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] const std::byte* frame_bytes() const {
    return reinterpret_cast<const std::byte*>(this + 1);
  }
  [[nodiscard]] std::string encode_protocol() const;
  // Sets the form, unless another shard was first; gives what is there then.
  const Variant& publish(Encoding encoding, std::string bytes) const;

  std::atomic<std::uint32_t> references_{1};
  push::PayloadKind kind_ = push::PayloadKind::kText;
  push::Policy policy_ = push::Policy::kQueue;
  bool fanout_ = false;
  std::uint8_t header_size_ = 0;  // Of the plain frame.
  std::uint32_t conflate_hash_ = 0;
  std::uint64_t frame_size_ = 0;  // Of the plain frame, which follows this object in memory.
  MessageId id_;
  std::uint64_t offset_ = 0;
  std::uint64_t expires_ms_ = 0;
  std::uint64_t accepted_ns_ = 0;
  std::string conflate_key_;
  std::string channel_;
  // Set once, by compare-and-swap, by the first shard that needs the form; kPlain is unused.
  mutable std::array<std::atomic<Variant*>, kEncodings> variants_{};
};

inline MessageRef::MessageRef(const MessageRef& other) : message_(other.message_) {
  if (message_ != nullptr) message_->references_.fetch_add(1, std::memory_order_relaxed);
}

inline MessageRef::~MessageRef() {
  if (message_ != nullptr) Message::release(message_);
}

}  // namespace cross
