// What all shards read and a reload replaces as a whole.
//
// Owner: shared; immutable.   Thread: any.
#pragma once

#include <memory>

#include "gateway/config/config.h"
#include "gateway/observe/metrics.h"
#include "gateway/tls/context.h"

namespace shard {

struct Snapshot {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const tls::Context> public_tls;  // Null: the port speaks plain TCP.
  std::shared_ptr<const tls::Context> api_tls;     // The same.
  std::shared_ptr<const observe::CertificateEnds> certificate_ends;  // Null: there are none.
};

}  // namespace shard
