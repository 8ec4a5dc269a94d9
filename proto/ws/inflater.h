// Decompresses messages, RFC 7692 section 7.2.2. One inflater serves every connection of a shard,
// one whole message at a time: nothing of a message is kept here when the call returns, so an idle
// connection holds no inflater, and one with context takeover only the text it may refer back to
// (InflateWindow), which is a plain value.
//
// What a message may cost is bounded whatever it says:
//   - output: never more than size_max + 1 bytes exist; the buffer grows as output comes;
//   - input: the caller's, and at most compressed_size_max() (proto/ws/frame_decoder.h);
//   - blocks: a Huffman table can be had for a dozen bytes and costs a microsecond, and an empty
//     block for ten bits, so their number is bounded by the input's size (kBlocksFree).
// So a message costs time in proportion to the message limit; how many of them are taken between
// two looks at everything else is the owner's business, who reads work().
//
// Owner: edge::Edge.   Thread: the shard's.   Bound: zlib's 40 KiB, and the largest message's size
// until the next message comes, or let_go_of_buffer().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"    // Bytes, ConstBytes
#include "proto/ws/violation.h"  // Violation

struct z_stream_s;

namespace ws {

// The end of what a client's earlier messages inflated to, where context takeover was agreed
// (7.2.2). Between two messages this is all the state there is: a message ends at a block's end and
// on a whole byte.
struct InflateWindow {
  std::uint8_t bits = 15;  // At most 2^bits bytes are kept.
  std::vector<std::byte> text;
};

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // The text of one message; valid until the next call. `window`: null without context takeover.
  // After a Violation the connection is failed, so the window no longer matters.
  [[nodiscard]] std::variant<dunlin::Bytes, Violation> inflate(dunlin::ConstBytes compressed,
                                                               std::uint64_t size_max,
                                                               InflateWindow* window);

  // What is kept for the next message beyond zlib's own, in bytes; ends the last one's text.
  [[nodiscard]] std::size_t buffer_size() const { return buffer_.capacity(); }
  void let_go_of_buffer() { std::vector<std::byte>().swap(buffer_); }

  // What has been done since the last reset, in bytes read and written; a block counts as
  // kBlockWork.
  [[nodiscard]] std::uint64_t work() const { return work_; }
  void reset_work() { work_ = 0; }

  // Since the beginning; messages that failed are not counted.
  struct Totals {
    std::uint64_t messages = 0;
    std::uint64_t compressed_size = 0;
    std::uint64_t size = 0;
  };
  [[nodiscard]] const Totals& totals() const { return totals_; }

  // A sender that flushes after every few bytes is legal, thousands of times in one message; its
  // blocks just may not be most of what a long message is made of.
  static constexpr std::uint64_t kBlocksFree = 4'096;
  static constexpr std::uint64_t kBytesPerBlock = 64;
  static constexpr std::uint64_t kBlockWork = 256;
  // A larger buffer is not used for a second message.
  static constexpr std::size_t kBufferSizeKept = 256 << 10;

 private:
  static constexpr std::size_t kBufferSizeMin = 4'096;

  void begin(std::size_t compressed_size, std::uint64_t size_max, const InflateWindow* window);
  [[nodiscard]] std::optional<Violation> feed(dunlin::ConstBytes input);
  [[nodiscard]] std::optional<Violation> count_block();
  [[nodiscard]] bool at_block_end() const;
  [[nodiscard]] bool after_final_block() const;
  [[nodiscard]] bool complete() const;
  void grow();
  void restart();
  void keep_window(InflateWindow& window) const;

  std::unique_ptr<z_stream_s> stream_;
  std::vector<std::byte> buffer_;  // | history_size_ bytes of earlier text | size_ bytes | free |
  std::size_t history_size_ = 0;
  std::size_t size_ = 0;
  std::size_t size_end_ = 0;  // One past the limit: a message that gets there is too big.
  std::uint64_t blocks_left_ = 0;
  bool stream_ended_ = false;
  std::uint64_t work_ = 0;
  Totals totals_;
};

}  // namespace ws
