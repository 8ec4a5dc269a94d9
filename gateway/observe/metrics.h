// All shards' counters as Prometheus text. The exporter library writes the format; the counters
// themselves are gateway/cross/counters.h.
//
// Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/cross/shard_set.h"

namespace observe {

// When the certificates in force end.
struct CertificateEnd {
  std::string file;
  std::string name;              // Its first DNS name; may be empty.
  std::int64_t not_after_s = 0;  // Unix time.
};
using CertificateEnds = std::vector<CertificateEnd>;

struct Source {
  cross::ShardSet& shards;
  const config::Config& config;
  const CertificateEnds* certificates = nullptr;  // Null: there are none.
  std::size_t token_keys = 0;
  bool io_uring = false;
};

std::string metrics_text(const Source& source);

}  // namespace observe
