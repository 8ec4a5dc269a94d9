#include "gateway/cross/message.h"

#include <zlib.h>

#include <array>
#include <cstring>
#include <new>

#include "gateway/cross/slots.h"  // hash_of()
#include "proto/base/assert.h"
#include "proto/base/bytes.h"
#include "proto/push/client_protocol.h"
#include "proto/ws/deflater.h"
#include "proto/ws/frame_encoder.h"
#include "proto/ws/opcode.h"

namespace cross {
namespace {

ws::Opcode opcode_of(push::PayloadKind kind) {
  return kind == push::PayloadKind::kBinary ? ws::Opcode::kBinary : ws::Opcode::kText;
}

std::string gzip(std::string_view input, const ws::DeflateParameters& parameters) {
  z_stream stream{};
  const int window = parameters.window_bits + 16;  // With gzip's header and trailer.
  const int memory_level = parameters.window_bits - 7;
  DUNLIN_ASSERT(deflateInit2(&stream, parameters.level, Z_DEFLATED, window, memory_level,
                             Z_DEFAULT_STRATEGY) == Z_OK);
  // zlib 1.2's bound does not think of level 0: the header of a stored block.
  constexpr std::size_t kBlockHeader = 8;
  std::string output(deflateBound(&stream, static_cast<uLong>(input.size())) + kBlockHeader, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  DUNLIN_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  output.resize(stream.total_out);
  deflateEnd(&stream);
  return output;
}

// Memory of small messages that have been delivered: thousands of them come and go in a turn, which
// is more than the allocator's own caches hold. A thread's own; what was allocated by one may be
// given back by another.
class SmallBlocks {
 public:
  static constexpr std::size_t kSize = 512;
  SmallBlocks() = default;
  SmallBlocks(const SmallBlocks&) = delete;
  SmallBlocks& operator=(const SmallBlocks&) = delete;
  ~SmallBlocks() {
    for (; count_ > 0; --count_) ::operator delete(blocks_[count_ - 1]);
  }

  [[nodiscard]] void* take() { return count_ > 0 ? blocks_[--count_] : ::operator new(kSize); }
  void give_back(void* block) {
    if (count_ < kKept) {
      blocks_[count_++] = block;
    } else {
      ::operator delete(block);
    }
  }

 private:
#ifdef __SANITIZE_ADDRESS__
  static constexpr std::size_t kKept = 0;  // What is used after it was freed is to be found.
#else
  static constexpr std::size_t kKept = 512;  // 256 KiB.
#endif
  std::array<void*, kKept> blocks_;
  std::size_t count_ = 0;
};
thread_local SmallBlocks small_blocks;
thread_local Counter* bytes_counter = nullptr;

void count_bytes(std::size_t size) {
  if (bytes_counter != nullptr) bytes_counter->add(size);
}

}  // namespace

void Message::count_on_this_thread(Counter* bytes) { bytes_counter = bytes; }

// Short names stand in the object itself; what a long one takes beside it is bounded by settings.
std::size_t Message::memory_size() const {
  std::size_t size = sizeof(Message) + frame_size_;
  for (const auto& slot : variants_) {
    const Variant* variant = slot.load(std::memory_order_relaxed);
    if (variant != nullptr) size += sizeof(Variant) + variant->bytes.size();
  }
  return size;
}

Message* Message::allocate(std::size_t frame_size) {
  const std::size_t size = sizeof(Message) + frame_size;
  void* memory = size <= SmallBlocks::kSize ? small_blocks.take() : ::operator new(size);
  auto* message = new (memory) Message;
  message->frame_size_ = frame_size;
  count_bytes(size);
  return message;
}

Message::~Message() {
  for (const auto& variant : variants_) delete variant.load(std::memory_order_relaxed);
}

void Message::release(Message* message) {
  // Acquire on the last release: what other shards did with the message happened before.
  if (message->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (bytes_counter != nullptr) bytes_counter->subtract(message->memory_size());
  const bool small = sizeof(Message) + message->frame_size_ <= SmallBlocks::kSize;
  message->~Message();
  if (small) {
    small_blocks.give_back(message);
  } else {
    ::operator delete(message);
  }
}

MessageRef Message::make(const Parts& parts) {
  std::byte header[ws::kFrameHeaderSizeMax];
  const std::size_t header_size =
      ws::encode_frame_header(opcode_of(parts.kind), parts.payload.size(), header);
  Message* message = allocate(header_size + parts.payload.size());
  message->header_size_ = static_cast<std::uint8_t>(header_size);
  message->id_ = parts.id;
  message->kind_ = parts.kind;
  message->policy_ = parts.policy;
  message->fanout_ = parts.fanout;
  message->expires_ms_ = parts.expires_ms;
  message->accepted_ns_ = parts.accepted_ns;
  message->conflate_key_ = parts.conflate_key;
  message->conflate_hash_ = static_cast<std::uint32_t>(hash_of(parts.conflate_key));
  std::memcpy(message->frame_bytes(), header, header_size);
  if (!parts.payload.empty()) {
    std::memcpy(message->frame_bytes() + header_size, parts.payload.data(), parts.payload.size());
  }
  return MessageRef(message);
}

MessageRef Message::make_framed(std::span<const std::byte> head, std::span<const std::byte> rest) {
  Message* message = allocate(head.size() + rest.size());
  if (!head.empty()) std::memcpy(message->frame_bytes(), head.data(), head.size());
  if (!rest.empty()) std::memcpy(message->frame_bytes() + head.size(), rest.data(), rest.size());
  return MessageRef(message);
}

void Message::set_position(std::string_view channel, std::uint64_t offset) {
  channel_ = channel;
  offset_ = offset;
}

std::string_view Message::payload() const {
  return {reinterpret_cast<const char*>(frame_bytes()) + header_size_, frame_size_ - header_size_};
}

std::span<const std::byte> Message::frame(Encoding encoding) const {
  // Framed bytes (no header of ours) have one form only.
  if (encoding == Encoding::kPlain || header_size_ == 0) return {frame_bytes(), frame_size_};
  const auto& slot = variants_[static_cast<std::size_t>(encoding)];
  const Variant* variant = slot.load(std::memory_order_acquire);
  if (variant == nullptr) {
    DUNLIN_ASSERT(encoding == Encoding::kProtocol);
    variant = &publish(encoding, encode_protocol());
  }
  return dunlin::as_bytes(variant->bytes);
}

const Message::Variant& Message::publish(Encoding encoding, std::string bytes) const {
  auto& slot = variants_[static_cast<std::size_t>(encoding)];
  auto made = std::make_unique<Variant>(std::move(bytes));
  Variant* variant = nullptr;
  if (slot.compare_exchange_strong(variant, made.get(), std::memory_order_acq_rel)) {
    count_bytes(sizeof(Variant) + made->bytes.size());
    return *made.release();
  }
  return *variant;
}

Message::Deflated Message::find_deflated(Encoding encoding) const {
  const auto& slot = variants_[static_cast<std::size_t>(encoding)];
  const Variant* variant = slot.load(std::memory_order_acquire);
  if (variant == nullptr) return Deflated::kUnknown;
  return variant->bytes.empty() ? Deflated::kNone : Deflated::kThere;
}

Message::Deflated Message::make_deflated(Encoding encoding, ws::Deflater& deflater) const {
  const bool protocol = encoding == Encoding::kProtocolDeflate;
  std::string made;
  const std::string_view body = text(protocol ? Encoding::kProtocol : Encoding::kPlain, made);
  std::string frame;
  deflater.forget();
  ws::append_deflated_frame(frame, protocol ? ws::Opcode::kText : opcode_of(kind_),
                            dunlin::as_bytes(body), deflater);
  frame.shrink_to_fit();
  return publish(encoding, std::move(frame)).bytes.empty() ? Deflated::kNone : Deflated::kThere;
}

bool Message::has_gzip() const {
  const auto& slot = variants_[static_cast<std::size_t>(Encoding::kGzip)];
  return slot.load(std::memory_order_acquire) != nullptr;
}

void Message::make_gzip(const ws::DeflateParameters& parameters) const {
  std::string frame;
  ws::append_frame(frame, ws::Opcode::kBinary, dunlin::as_bytes(gzip(payload(), parameters)));
  frame.shrink_to_fit();
  publish(Encoding::kGzip, std::move(frame));
}

MessageRef Message::with_frame(std::string_view frame) const {
  MessageRef made = make_framed(dunlin::as_bytes(frame));
  Message& message = made.unshared();
  message.kind_ = kind_;
  message.policy_ = policy_;
  message.fanout_ = fanout_;
  message.id_ = id_;
  message.accepted_ns_ = accepted_ns_;
  return made;
}

std::string_view Message::text(Encoding encoding, std::string& made) const {
  if (encoding == Encoding::kPlain) return payload();
  const std::string id = to_string(id_);
  push::append_push(
      made,
      {.message = id, .channel = channel_, .offset = offset_, .kind = kind_, .payload = payload()});
  return made;
}

std::string Message::encode_protocol() const {
  std::string body;
  static_cast<void>(text(Encoding::kProtocol, body));
  std::string frame;
  ws::append_frame(frame, ws::Opcode::kText, dunlin::as_bytes(body));
  return frame;
}

}  // namespace cross
