// What can be said to a request from its head alone: where it goes, or why it may not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/api_context.h"
#include "gateway/api/api_error.h"
#include "gateway/api/request_fields.h"
#include "gateway/api/routes.h"
#include "proto/http/request_head.h"

namespace api {

// The key a connection was let in with last: its next request need not be hashed.
struct KnownKey {
  std::string key;
  std::uint64_t version = 0;  // Of the credentials.
};

struct Passage {
  const Route* route = nullptr;  // nullptr: refused, or OPTIONS.
  std::string parameter;         // Decoded.
  bool streamed = false;
  std::optional<ApiError> refusal;
  std::string fields;                     // Of the refusal, or of the answer to OPTIONS.
  std::uint64_t credentials_version = 0;  // Of those that let it pass.
};

[[nodiscard]] Passage pass_gate(ApiContext& context, const http::RequestHead& head,
                                const RequestFields& fields, KnownKey& known_key);

}  // namespace api
