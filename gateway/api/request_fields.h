// The few header fields the API looks at, found in one pass.
//
// Owner: free functions; the fields are views of the head.   Thread: any.
#pragma once

#include <string_view>

#include "proto/http/request_head.h"

namespace api {

// A field that is not there is a view of nothing (its data() is null); an empty one is not.
struct RequestFields {
  std::string_view media_type;  // Of Content-Type, without its parameters. As sent.
  std::string_view authorization;
  std::string_view api_key;
  std::string_view idempotency_key;
  std::string_view fetch_site;  // Sec-Fetch-Site: browsers tell whose page asks …
  std::string_view origin;      // … and which, where the request could have an effect.
};

// Of a repeated field the first counts.
[[nodiscard]] RequestFields find_fields(const http::RequestHead& head);

}  // namespace api
