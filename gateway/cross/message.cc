#include "gateway/cross/message.h"

#include <zlib.h>

#include <cstring>
#include <new>

#include "gateway/cross/slots.h"  // hash_of()
#include "proto/base/assert.h"
#include "proto/base/bytes.h"
#include "proto/push/client_protocol.h"
#include "proto/ws/frame_encoder.h"
#include "proto/ws/opcode.h"

namespace cross {
namespace {

ws::Opcode opcode_of(push::PayloadKind kind) {
  return kind == push::PayloadKind::kBinary ? ws::Opcode::kBinary : ws::Opcode::kText;
}

std::string gzip(std::string_view input) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;  // The largest window, with gzip's header and trailer.
  constexpr int kMemoryLevel = 8;
  DUNLIN_ASSERT(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                             Z_DEFAULT_STRATEGY) == Z_OK);
  std::string output(deflateBound(&stream, static_cast<uLong>(input.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  DUNLIN_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  output.resize(stream.total_out);
  deflateEnd(&stream);
  return output;
}

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
  auto* message = new (::operator new(sizeof(Message) + frame_size)) Message;
  message->frame_size_ = frame_size;
  count_bytes(sizeof(Message) + frame_size);
  return message;
}

Message::~Message() {
  for (const auto& variant : variants_) delete variant.load(std::memory_order_relaxed);
}

void Message::release(Message* message) {
  // Acquire on the last release: what other shards did with the message happened before.
  if (message->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (bytes_counter != nullptr) bytes_counter->subtract(message->memory_size());
  message->~Message();
  ::operator delete(message);
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
  auto& slot = variants_[static_cast<std::size_t>(encoding)];
  Variant* variant = slot.load(std::memory_order_acquire);
  if (variant == nullptr) {
    auto made = std::make_unique<Variant>(encode(encoding));
    if (slot.compare_exchange_strong(variant, made.get(), std::memory_order_acq_rel)) {
      variant = made.release();
      count_bytes(sizeof(Variant) + variant->bytes.size());
    }  // Otherwise another shard was first, and `variant` is its work.
  }
  return dunlin::as_bytes(variant->bytes);
}

std::string Message::encode(Encoding encoding) const {
  std::string body;
  if (encoding == Encoding::kGzip) {
    body = gzip(payload());
  } else {
    const std::string id = to_string(id_);
    push::append_push(body, {.message = id,
                             .channel = channel_,
                             .offset = offset_,
                             .kind = kind_,
                             .payload = payload()});
  }
  std::string frame;
  ws::append_frame(frame, encoding == Encoding::kGzip ? ws::Opcode::kBinary : ws::Opcode::kText,
                   dunlin::as_bytes(body));
  return frame;
}

}  // namespace cross
