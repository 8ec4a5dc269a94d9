// JSON to PushRequest, on simdjson's on-demand parser. Every rule of the request's fields that can
// be told from the request alone is checked here, and the whole text is valid JSON and UTF-8 when
// parse() says so: simdjson skips what it is not asked for, this does not.
//
// Owner: one for each shard.   Thread: its shard's.   Bound: about six times the size of the
// largest request since the last rest(). Allocates nothing once it is warm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

#include "proto/push/padded_text.h"
#include "proto/push/push_error.h"
#include "proto/push/push_request.h"

namespace push {

struct PushLimits {
  std::size_t targets_max = 10'000;  // uids, channels, or exclusions.
  std::size_t uid_size_max = 256;
  std::size_t channel_size_max = 256;
  std::uint32_t wait_timeout_max_ms = 60'000;
};

inline constexpr std::size_t kKeySizeMax = 256;  // Of conflate_key and idempotency_key.
inline constexpr std::size_t kDepthMax = 64;     // Nesting within `data`.

class PushParser {
 public:
  PushParser();
  ~PushParser();
  PushParser(PushParser&&) noexcept;
  PushParser& operator=(PushParser&&) noexcept;

  // Fills `request`, whose vectors are used again. Its views point into `json` and into this
  // object: valid until the next call, and as long as `json`. After an error `request` means
  // nothing.
  [[nodiscard]] std::expected<void, PushError> parse(PaddedText json, const PushLimits& limits,
                                                     PushRequest& request);

  // From time to time: gives back what no text since the last call has needed. Ends the views.
  void rest();
  // The same, of all that is kept for the next text.
  void let_go();
  // What is kept for it, in bytes.
  [[nodiscard]] std::size_t memory_size() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace push
