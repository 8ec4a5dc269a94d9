#include "gateway/api/answer_queue.h"

#include <utility>

#include "proto/base/assert.h"

namespace api {
namespace {

constexpr std::size_t kFirstPlaces = 4;
constexpr std::size_t kKeptOutput = 64 << 10;  // A larger buffer is given back once it is sent.

// A chunk's size (RFC 9112 section 7.1) is written when the chunk ends; leading zeros are allowed.
constexpr std::string_view kChunkSizePlace = "00000000\r\n";
constexpr std::size_t kChunkSizeDigits = 8;

}  // namespace

std::uint64_t AnswerQueue::open(const Exchange& exchange) {
  if (count_ == ring_.size()) grow();
  Exchange& place = at(count_);
  std::string text = std::move(place.text);  // Keeps its room.
  place = exchange;
  place.text = std::move(text);
  place.text.clear();
  ++count_;
  return first_serial_ + count_ - 1;
}

Exchange* AnswerQueue::find(std::uint64_t serial) {
  if (serial < first_serial_ || serial - first_serial_ >= count_) return nullptr;
  Exchange& exchange = at(static_cast<std::size_t>(serial - first_serial_));
  return exchange.answered ? nullptr : &exchange;
}

std::string& AnswerQueue::text_of(std::uint64_t serial) {
  Exchange* exchange = find(serial);
  DUNLIN_ASSERT(exchange != nullptr);
  if (serial != first_serial_) return exchange->text;
  begin_piece(*exchange);
  return output_;
}

void AnswerQueue::answered(std::uint64_t serial) {
  Exchange* exchange = find(serial);
  DUNLIN_ASSERT(exchange != nullptr);
  exchange->answered = true;
  if (serial != first_serial_) return;
  // Its own text is in the output; that of its answered successors follows.
  for (;;) {
    first_ = (first_ + 1) & (ring_.size() - 1);
    ++first_serial_;
    --count_;
    if (count_ == 0 || !at(0).answered) return;
    begin_piece(at(0));
    output_.append(at(0).text);
    if (at(0).text.capacity() > kKeptOutput) std::string().swap(at(0).text);
  }
}

std::string_view AnswerQueue::output() {
  close_chunk();
  return std::string_view(output_).substr(sent_);
}

void AnswerQueue::sent(std::size_t size) {
  sent_ += size;
  if (sent_ < output_.size()) {
    // A reader that takes little at a time must not make this grow without end.
    if (sent_ > output_.size() / 2 && chunk_ == kNoChunk) {
      output_.erase(0, sent_);
      sent_ = 0;
    }
    return;
  }
  output_.clear();
  sent_ = 0;
  if (output_.capacity() > kKeptOutput) std::string().swap(output_);
}

void AnswerQueue::grow() {
  std::vector<Exchange> larger(ring_.empty() ? kFirstPlaces : ring_.size() * 2);
  for (std::size_t i = 0; i < count_; ++i) larger[i] = std::move(at(i));
  ring_ = std::move(larger);
  first_ = 0;
}

void AnswerQueue::begin_piece(const Exchange& exchange) {
  if (exchange.kind == Exchange::Kind::kLine && exchange.chunked) {
    open_chunk();
  } else {
    close_chunk();
  }
}

void AnswerQueue::open_chunk() {
  if (chunk_ != kNoChunk) return;
  chunk_ = output_.size();
  output_.append(kChunkSizePlace);
}

void AnswerQueue::close_chunk() {
  if (chunk_ == kNoChunk) return;
  static constexpr char kHex[] = "0123456789abcdef";
  std::size_t size = output_.size() - chunk_ - kChunkSizePlace.size();
  for (std::size_t i = kChunkSizeDigits; i-- > 0; size >>= 4) output_[chunk_ + i] = kHex[size & 15];
  output_.append("\r\n");
  chunk_ = kNoChunk;
}

}  // namespace api
