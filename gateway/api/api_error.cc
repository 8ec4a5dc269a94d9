#include "gateway/api/api_error.h"

#include <utility>

#include "proto/push/json_text.h"

namespace api {

ApiError to_api_error(push::PushError error) {
  return {.status = 400,
          .code = error.code,
          .message = std::move(error.message),
          .path = std::move(error.path)};
}

ApiError to_api_error(const http::HttpError& error) {
  return {.status = error.status, .code = error.code, .message = std::string(error.message)};
}

void append_error_member(std::string& out, std::string_view code, std::string_view message,
                         std::string_view path) {
  out.append(R"("error":{"code":)");
  push::append_json_string(out, code);
  out.append(R"(,"message":)");
  push::append_json_string(out, message);
  if (!path.empty()) {
    out.append(R"(,"path":)");
    push::append_json_string(out, path);
  }
  out.push_back('}');
}

void append_error(std::string& out, const ApiError& error) {
  out.push_back('{');
  append_error_member(out, error.code, error.message, error.path);
  out.push_back('}');
}

}  // namespace api
