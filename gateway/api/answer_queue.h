// The answers of one connection, in the order of its requests, whatever order they are made in; and
// the bytes that are to be sent. A request holds its place from when it is read; a stream holds one
// place for its head, one for each line, and one for its end.
//
//   requests read:   [ a ] [ b ] [ c ] [ d ]      a is waited for; c is answered and kept here
//   sent <= output:  everything before a
//
// Owner: Connection.   Thread: its shard's.   Bound: the connection opens no more than its limits
// allow and stops reading while too much output waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/push_answer.h"

namespace api {

struct Exchange {
  enum class Kind : std::uint8_t {
    kResponse,    // A whole response.
    kInterim,     // 100 Continue.
    kStreamHead,  // The head of a streamed response.
    kLine,        // One line of it.
    kStreamEnd,
  };
  Kind kind = Kind::kResponse;
  bool answered = false;
  bool close = false;  // The connection ends after this answer.
  bool http_1_0 = false;
  bool head_only = false;  // HEAD.
  bool chunked = false;    // The stream is.
  PushAnswerStyle style;
  std::uint64_t line = 0;  // From 1; in a stream.
  std::string text;        // Answered before its turn.
};

class AnswerQueue {
 public:
  // Takes the next place. The serial names it until it is answered and its turn has come.
  std::uint64_t open(const Exchange& exchange);
  [[nodiscard]] Exchange* find(std::uint64_t serial);  // nullptr: answered already.
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] bool is_last(std::uint64_t serial) const {
    return serial + 1 == first_serial_ + count_;
  }

  // Where the answer's text is to be appended; then answered(). Nothing else in between.
  [[nodiscard]] std::string& text_of(std::uint64_t serial);
  void answered(std::uint64_t serial);

  // What can be sent now. Ends the open chunk, if there is one.
  [[nodiscard]] std::string_view output();
  void sent(std::size_t size);
  [[nodiscard]] std::size_t output_size() const { return output_.size() - sent_; }

 private:
  [[nodiscard]] Exchange& at(std::size_t index) {
    return ring_[(first_ + index) & (ring_.size() - 1)];
  }
  void grow();
  void begin_piece(const Exchange& exchange);
  void open_chunk();
  void close_chunk();

  static constexpr std::size_t kNoChunk = static_cast<std::size_t>(-1);

  std::vector<Exchange> ring_;  // A power of two.
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::uint64_t first_serial_ = 1;
  std::string output_;
  std::size_t sent_ = 0;
  std::size_t chunk_ = kNoChunk;  // Where the open chunk's size stands in output_.
};

}  // namespace api
