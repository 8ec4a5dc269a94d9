#include "gateway/api/idempotency_table.h"

#include <utility>

namespace api {
namespace {

// A list node, a map node and two small strings, about.
constexpr std::size_t kEntryOverhead = 224;
constexpr int kExpiredPerCall = 256;

}  // namespace

ClaimAnswer IdempotencyTable::claim(std::string_view key, std::uint64_t fingerprint,
                                    std::uint64_t now_ms) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    const Entry& entry = *found->second;
    if (now_ms < entry.claimed_ms + limits_.ttl_ms) {
      if (entry.fingerprint != fingerprint) return {.state = ClaimAnswer::State::kMismatch};
      if (entry.status == 0) return {.state = ClaimAnswer::State::kPending};
      return {.state = ClaimAnswer::State::kDone, .status = entry.status, .body = entry.body};
    }
    forget(found->second);
  }
  entries_.push_back({.key = std::string(key), .fingerprint = fingerprint, .claimed_ms = now_ms});
  const auto entry = std::prev(entries_.end());
  by_key_.emplace(entry->key, entry);
  bytes_ += kEntryOverhead + entry->key.size();
  make_room();
  return {.state = ClaimAnswer::State::kNew};
}

void IdempotencyTable::store(std::string_view key, int status, std::string body) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || found->second->status != 0) return;
  if (status == 0) {
    forget(found->second);
    return;
  }
  Entry& entry = *found->second;
  entry.status = status;
  entry.body = std::move(body);
  bytes_ += entry.body.size();
  make_room();
}

bool IdempotencyTable::expire(std::uint64_t now_ms) {
  for (int i = 0; i < kExpiredPerCall; ++i) {
    if (entries_.empty() || now_ms < entries_.front().claimed_ms + limits_.ttl_ms) return false;
    forget(entries_.begin());
  }
  return true;
}

void IdempotencyTable::forget(Entries::iterator entry) {
  bytes_ -= kEntryOverhead + entry->key.size() + entry->body.size();
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

void IdempotencyTable::make_room() {
  while (by_key_.size() > 1 && (by_key_.size() > limits_.keys_max || bytes_ > limits_.bytes_max)) {
    forget(entries_.begin());
  }
}

}  // namespace api
