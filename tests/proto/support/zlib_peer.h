// The other end of permessage-deflate, straight on zlib: what a client compresses and how it reads
// us, with none of our code in between.
#pragma once

#include <zlib.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace testing_support {

inline Bytef* as_zlib(std::string_view text) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
}

class PeerDeflater {
 public:
  struct Shape {
    int bits = 15;
    int level = 6;
    int memory_level = 8;
    int strategy = Z_DEFAULT_STRATEGY;
  };
  PeerDeflater() : PeerDeflater(Shape{}) {}
  explicit PeerDeflater(const Shape& shape) {
    if (deflateInit2(&stream_, shape.level, Z_DEFLATED, -shape.bits, shape.memory_level,
                     shape.strategy) != Z_OK) {
      throw std::runtime_error("deflateInit2");
    }
  }
  ~PeerDeflater() { deflateEnd(&stream_); }
  PeerDeflater(const PeerDeflater&) = delete;
  PeerDeflater& operator=(const PeerDeflater&) = delete;

  void forget() { deflateReset(&stream_); }

  // As zlib gives it, with the tail of a flush, or the end of a stream.
  std::string raw(std::string_view text, int flush) {
    std::string out(compressBound(static_cast<uLong>(text.size())) + 64 + text.size() / 8, '\0');
    stream_.next_in = as_zlib(text);
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = as_zlib(out);
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = deflate(&stream_, flush);
    if (result != Z_OK && result != Z_STREAM_END) throw std::runtime_error("deflate");
    if (stream_.avail_in != 0 || stream_.avail_out == 0) throw std::runtime_error("no room");
    out.resize(out.size() - stream_.avail_out);
    if (result == Z_STREAM_END) forget();
    return out;
  }

  // RFC 7692 7.2.1.
  std::string message(std::string_view text) {
    std::string out = raw(text, Z_SYNC_FLUSH);
    if (!out.ends_with(std::string_view("\0\0\xff\xff", 4))) throw std::runtime_error("tail");
    out.resize(out.size() - 4);
    return out;
  }

 private:
  z_stream stream_{};
};

class PeerInflater {
 public:
  explicit PeerInflater(int bits = 15, bool takeover = false) : takeover_(takeover) {
    if (inflateInit2(&stream_, -bits) != Z_OK) throw std::runtime_error("inflateInit2");
  }
  ~PeerInflater() { inflateEnd(&stream_); }
  PeerInflater(const PeerInflater&) = delete;
  PeerInflater& operator=(const PeerInflater&) = delete;

  // RFC 7692 7.2.2. Throws what zlib says about data it cannot read.
  std::string text(std::string_view message) {
    if (!takeover_) inflateReset(&stream_);
    const std::string input = std::string(message) + std::string("\0\0\xff\xff", 4);
    std::string out;
    stream_.next_in = as_zlib(input);
    stream_.avail_in = static_cast<uInt>(input.size());
    int result = Z_OK;
    char piece[4096];
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(piece);
      stream_.avail_out = sizeof piece;
      result = inflate(&stream_, Z_SYNC_FLUSH);
      if (result != Z_OK && result != Z_BUF_ERROR) {
        throw std::runtime_error(stream_.msg != nullptr ? stream_.msg : "inflate");
      }
      out.append(piece, sizeof piece - stream_.avail_out);
    } while (stream_.avail_out == 0);
    if (stream_.avail_in != 0) throw std::runtime_error("input left");
    return out;
  }

 private:
  z_stream stream_{};
  bool takeover_;
};

// What is one whole gzip member (RFC 1952), of at most 1 MiB.
inline std::string gunzip(std::string_view input) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) throw std::runtime_error("inflateInit2");
  std::string output(1 << 20, '\0');
  stream.next_in = as_zlib(input);
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = as_zlib(output);
  stream.avail_out = static_cast<uInt>(output.size());
  const int result = inflate(&stream, Z_FINISH);
  output.resize(stream.total_out);
  const uInt left = stream.avail_in;
  inflateEnd(&stream);
  if (result != Z_STREAM_END || left != 0) throw std::runtime_error("gunzip");
  return output;
}

}  // namespace testing_support
