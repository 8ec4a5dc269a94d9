// All shards' counters as Prometheus text. The exporter library writes the format; the counters
// themselves are gateway/cross/counters.h.
//
// Thread: any.
#pragma once

#include <string>

#include "gateway/config/config.h"
#include "gateway/cross/shard_set.h"

namespace observe {

std::string metrics_text(cross::ShardSet& shards, const config::Config& config, bool io_uring);

}  // namespace observe
