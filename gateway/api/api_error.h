// A refused API request: its status, and the {"error":{"code","message"}} that says why.
#pragma once

#include <string>
#include <string_view>

#include "proto/http/http_error.h"
#include "proto/push/push_error.h"

namespace api {

struct ApiError {
  int status = 400;
  std::string_view code;  // Stable, snake_case, static.
  std::string message;    // What is wrong and what would be right.
  std::string path;       // Where in the request: "uids[3]", "since". Empty: not told.
};

[[nodiscard]] ApiError to_api_error(push::PushError error);
[[nodiscard]] ApiError to_api_error(const http::HttpError& error);

// "error":{…}, without braces around: for answers that say more.
void append_error_member(std::string& out, std::string_view code, std::string_view message,
                         std::string_view path = {});

// {"error":{"code":"…","message":"…","path":"…"}}
void append_error(std::string& out, const ApiError& error);

}  // namespace api
