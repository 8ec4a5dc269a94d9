// Bytes for one descriptor. A plain value, without any I/O: the hub makes them, net/send_batch.h
// carries them out.
#pragma once

#include <sys/uio.h>

#include <cstdint>

namespace net {

struct SendOperation {
  std::uint32_t tag = 0;  // The maker's own.
  std::int32_t fd = -1;
  const iovec* parts = nullptr;
  std::uint32_t parts_count = 0;
  // Afterwards: bytes taken, from 0 (it would have blocked) to all; negative (-errno) when the
  // connection is no more.
  std::int64_t result = 0;
  // Bytes behind those that are on their way already, in a TLS record that the kernel did not take
  // to its end: they can be changed no more, and are to be offered again first.
  std::uint32_t held = 0;
};

}  // namespace net
