// Tells when a connection has been doing the same thing for too long without getting on. Looked at
// now and then: a timeout is met up to one look late, and never early.
#pragma once

#include <cstdint>

namespace api {

class ProgressWatch {
 public:
  struct Activity {
    enum class Kind : std::uint8_t { kNone, kIdle, kRequest, kStream, kOutput, kLinger };
    Kind kind = Kind::kNone;     // kNone: it waits for the gateway, which has its own time limits.
    std::uint64_t progress = 0;  // Another value: it got on.
    bool operator==(const Activity&) const = default;
  };

  // How long the activity has gone on without progress.
  std::uint64_t look(const Activity& activity, std::uint64_t now_ms) {
    if (!(activity == last_) || !seen_) {
      last_ = activity;
      since_ms_ = now_ms;
      seen_ = true;
    }
    return now_ms - since_ms_;
  }

 private:
  Activity last_;
  std::uint64_t since_ms_ = 0;
  bool seen_ = false;
};

}  // namespace api
