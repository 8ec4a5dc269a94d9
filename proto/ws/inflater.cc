#include "proto/ws/inflater.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "proto/base/assert.h"

namespace ws {
namespace {

using dunlin::Bytes;
using dunlin::ConstBytes;

constexpr std::size_t kWindowSize = 1 << 15;  // The farthest that any deflate data refers back.

// 7.2.2: what every sender has cut off the end of a message.
constexpr std::array<std::byte, 4> kTail = {std::byte{0x00}, std::byte{0x00}, std::byte{0xff},
                                            std::byte{0xff}};

// zlib's `data_type` after inflate(Z_BLOCK).
constexpr int kUnusedBits = 63;
constexpr int kFinalBlock = 64;
constexpr int kBlockEnd = 128;

Bytef* as_zlib(const std::byte* bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes));
}

uInt as_zlib(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

Inflater::Inflater() : stream_(std::make_unique<z_stream>()) {
  // Negative: raw deflate, without zlib's header. The largest window reads what any smaller wrote.
  DUNLIN_ASSERT(inflateInit2(stream_.get(), -MAX_WBITS) == Z_OK);
}

Inflater::~Inflater() { inflateEnd(stream_.get()); }

std::variant<Bytes, Violation> Inflater::inflate(ConstBytes compressed, std::uint64_t size_max,
                                                 InflateWindow* window) {
  begin(compressed.size(), size_max, window);
  // Nothing at all is not what 7.2.3.6 calls an empty message, but can mean nothing else.
  if (!compressed.empty()) {
    if (const auto violation = feed(compressed)) return *violation;
    if (!complete()) {
      if (const auto violation = feed(kTail)) return *violation;
      const bool whole = at_block_end() && !after_final_block();
      if (!whole || (stream_->data_type & kUnusedBits) != 0) return Violation::kDeflateCorrupt;
    }
  }
  if (window != nullptr) keep_window(*window);
  ++totals_.messages;
  totals_.compressed_size += compressed.size();
  totals_.size += size_;
  return Bytes(buffer_).subspan(history_size_, size_);
}

void Inflater::begin(std::size_t compressed_size, std::uint64_t size_max,
                     const InflateWindow* window) {
  if (buffer_.capacity() > kBufferSizeKept) std::vector<std::byte>().swap(buffer_);
  history_size_ = window == nullptr ? 0 : window->text.size();
  size_ = 0;
  constexpr std::uint64_t kLimit = std::numeric_limits<std::size_t>::max() / 4;
  size_end_ = static_cast<std::size_t>(std::min(size_max, kLimit)) + 1;
  blocks_left_ = kBlocksFree + compressed_size / kBytesPerBlock;
  const std::size_t guess = std::clamp(4 * compressed_size, kBufferSizeMin, kBufferSizeKept);
  buffer_.resize(history_size_ + std::min(guess, size_end_));
  if (history_size_ > 0) std::memcpy(buffer_.data(), window->text.data(), history_size_);
  restart();
}

// A deflate stream begins, with the text so far to refer back to.
void Inflater::restart() {
  DUNLIN_ASSERT(inflateReset(stream_.get()) == Z_OK);
  stream_ended_ = false;
  const std::size_t text_size = history_size_ + size_;
  if (text_size == 0) return;
  const std::size_t kept = std::min(text_size, kWindowSize);
  DUNLIN_ASSERT(inflateSetDictionary(stream_.get(), as_zlib(buffer_.data() + text_size - kept),
                                     as_zlib(kept)) == Z_OK);
}

// Takes all of the input, which is not empty.
std::optional<Violation> Inflater::feed(ConstBytes input) {
  work_ += input.size();
  do {
    if (stream_ended_) restart();  // 7.2.3.4: a final block ends zlib's stream, not the message.
    if (history_size_ + size_ == buffer_.size()) grow();
    const std::size_t room = buffer_.size() - history_size_ - size_;
    stream_->next_in = as_zlib(input.data());
    stream_->avail_in = as_zlib(input.size());
    stream_->next_out = as_zlib(buffer_.data() + history_size_ + size_);
    stream_->avail_out = as_zlib(room);
    const uInt in_before = stream_->avail_in;
    const uInt out_before = stream_->avail_out;
    const int result = ::inflate(stream_.get(), Z_BLOCK);
    const std::size_t taken = in_before - stream_->avail_in;
    const std::size_t given = out_before - stream_->avail_out;
    input = input.subspan(taken);
    size_ += given;
    work_ += given;
    if (result == Z_DATA_ERROR || result == Z_NEED_DICT) return Violation::kDeflateCorrupt;
    DUNLIN_ASSERT(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
    if (size_ == size_end_) return Violation::kInflatedTooBig;
    stream_ended_ = result == Z_STREAM_END;
    if (at_block_end()) {
      if (const auto violation = count_block()) return violation;
    }
    // Without room, zlib may have more to give, but not between two blocks.
  } while (!input.empty() || (stream_->avail_out == 0 && !at_block_end()));
  return std::nullopt;
}

std::optional<Violation> Inflater::count_block() {
  if (blocks_left_ == 0) return Violation::kDeflateBlocks;
  --blocks_left_;
  work_ += kBlockWork;
  return std::nullopt;
}

bool Inflater::at_block_end() const {
  return stream_ended_ || (stream_->data_type & kBlockEnd) != 0;
}

// 7.2.3.4: what ends with a final block is complete as it is; and so is, to be generous, what ends
// on a whole byte after any block: its sender has cut off less than it should, or more.
bool Inflater::complete() const {
  return after_final_block() || (at_block_end() && (stream_->data_type & kUnusedBits) == 0);
}

bool Inflater::after_final_block() const {
  return stream_ended_ || (at_block_end() && (stream_->data_type & kFinalBlock) != 0);
}

void Inflater::grow() {
  buffer_.resize(history_size_ + std::min(2 * std::max(size_, kBufferSizeMin), size_end_));
}

void Inflater::keep_window(InflateWindow& window) const {
  const std::size_t text_size = history_size_ + size_;
  const std::size_t kept = std::min(text_size, std::size_t{1} << window.bits);
  const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(text_size);
  window.text.assign(end - static_cast<std::ptrdiff_t>(kept), end);
}

}  // namespace ws
