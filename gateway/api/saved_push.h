// A push request that outlives the bytes it was parsed from: while its idempotency key is claimed,
// or while a stream waits for room.
//
// Owner: Claims, or the connection whose stream waits.   Bound: one request body or line.
#pragma once

#include <memory>

#include "proto/push/push_request.h"

namespace api {

class SavedPush {
 public:
  explicit SavedPush(const push::PushRequest& request);
  SavedPush(SavedPush&&) noexcept = default;  // The views stay valid: the bytes do not move.
  SavedPush& operator=(SavedPush&&) noexcept = default;

  [[nodiscard]] const push::PushRequest& request() const { return request_; }

 private:
  std::unique_ptr<char[]> bytes_;
  push::PushRequest request_;  // Its views point into bytes_.
};

}  // namespace api
