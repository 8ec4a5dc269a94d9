#include "proto/ws/deflater.h"

#include <zlib.h>

#include <cstring>
#include <limits>

#include "proto/base/assert.h"
#include "proto/ws/frame_encoder.h"

namespace ws {
namespace {

constexpr std::size_t kTailSize = 4;  // 7.2.1: the 00 00 ff ff of a sync flush, which is cut off.

}  // namespace

Deflater::Deflater(const DeflateParameters& parameters)
    : parameters_(parameters), stream_(std::make_unique<z_stream>()) {
  // As many bits for the hash and the symbols as go with the window: zlib's own 8 with 15.
  const int memory_level = parameters.window_bits - 7;
  DUNLIN_ASSERT(deflateInit2(stream_.get(), parameters.level, Z_DEFLATED, -parameters.window_bits,
                             memory_level, Z_DEFAULT_STRATEGY) == Z_OK);
}

Deflater::~Deflater() { deflateEnd(stream_.get()); }

void Deflater::forget() { DUNLIN_ASSERT(deflateReset(stream_.get()) == Z_OK); }

bool Deflater::compress(dunlin::ConstBytes text, std::string& out) {
  const std::size_t begin = out.size();
  if (text.size() <= 1 || text.size() > std::numeric_limits<uInt>::max() / 2) return false;
  // Room for a result that is just small enough: zlib stops when it is used up.
  const std::size_t room = text.size() - 1 + kTailSize;
  out.resize(begin + room);
  stream_->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
  stream_->avail_in = static_cast<uInt>(text.size());
  stream_->next_out = reinterpret_cast<Bytef*>(out.data() + begin);
  stream_->avail_out = static_cast<uInt>(room);
  DUNLIN_ASSERT(deflate(stream_.get(), Z_SYNC_FLUSH) == Z_OK);
  // zlib: a flush is complete when there is room left, so one that just fits counts as none.
  const bool complete = stream_->avail_in == 0 && stream_->avail_out > 0;
  if (!complete) {
    out.resize(begin);
    forget();
    return false;
  }
  out.resize(begin + room - stream_->avail_out - kTailSize);
  return true;
}

bool append_deflated_frame(std::string& out, Opcode opcode, dunlin::ConstBytes text,
                           Deflater& deflater) {
  const std::size_t begin = out.size();
  // The header's size depends on what comes out: room for the largest, and the rest moves up.
  out.append(kFrameHeaderSizeMax, '\0');
  if (!deflater.compress(text, out)) {
    out.resize(begin);
    return false;
  }
  const std::size_t size = out.size() - begin - kFrameHeaderSizeMax;
  std::byte header[kFrameHeaderSizeMax];
  const std::size_t header_size =
      encode_frame_header(opcode, size, header, /*fin=*/true, /*rsv1=*/true);
  const auto at = [&](std::size_t offset) {
    return out.begin() + static_cast<std::ptrdiff_t>(begin + offset);
  };
  out.erase(at(0), at(kFrameHeaderSizeMax - header_size));
  std::memcpy(out.data() + begin, header, header_size);
  return true;
}

}  // namespace ws
