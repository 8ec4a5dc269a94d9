#include "bench/load/client/inflater.h"

#include <algorithm>
#include <functional>

#include "proto/base/assert.h"

namespace load {
namespace {

constexpr int kRawWindowBits = -15;  // No zlib header; as large a window as there may be.
// What the sender of a message leaves away from its end (section 7.2.1).
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);
constexpr std::size_t kStep = 16 << 10;

}  // namespace

Inflater::Inflater() { DUNLIN_ASSERT(inflateInit2(&stream_, kRawWindowBits) == Z_OK); }

Inflater::~Inflater() { inflateEnd(&stream_); }

std::optional<std::string_view> Inflater::inflate(std::string_view compressed,
                                                  std::size_t size_max) {
  Message& message = messages_[std::hash<std::string_view>{}(compressed) % kRemembered];
  if (!compressed.empty() && message.compressed == compressed) return message.plain;
  message.compressed.clear();  // Until it is known to be good.
  message.plain.clear();
  inflateReset(&stream_);
  if (!feed(compressed, message.plain, size_max) || !feed(kTail, message.plain, size_max))
    return std::nullopt;
  message.compressed = compressed;
  return message.plain;
}

bool Inflater::feed(std::string_view input, std::string& plain, std::size_t size_max) {
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream_.avail_in = static_cast<uInt>(input.size());
  for (;;) {
    const std::size_t size = plain.size();
    plain.resize(size + kStep);
    stream_.next_out = reinterpret_cast<Bytef*>(plain.data() + size);
    stream_.avail_out = kStep;
    const int result = ::inflate(&stream_, Z_SYNC_FLUSH);
    plain.resize(size + kStep - stream_.avail_out);
    if (plain.size() > size_max) return false;
    // A final block ends the stream (section 7.2.3.4): what follows, if only the tail, is another.
    if (result == Z_STREAM_END) inflateReset(&stream_);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return false;
    if (stream_.avail_out == 0 || (result == Z_STREAM_END && stream_.avail_in > 0)) continue;
    return stream_.avail_in == 0;
  }
}

}  // namespace load
