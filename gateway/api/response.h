// HTTP/1.1 response heads (RFC 9112 section 4), appended to a connection's output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace api {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

struct Response {
  int status = 200;
  std::string_view content_type = kJson;
  std::string_view body;
  std::string_view fields;  // Further header fields, each with its CRLF.
};

// What the response says about the connection.
enum class Persistence : std::uint8_t {
  kDefault,    // HTTP/1.1, and it stays open.
  kKeepAlive,  // HTTP/1.0, and it stays open.
  kClose,
};

// The whole response. Without `with_body` (HEAD) the head is the same and the body left out.
void append_response(std::string& out, const Response& response, Persistence persistence,
                     std::string_view date_field, bool with_body);

// The head of a response whose length is not yet known: in chunks, or up to the connection's end.
void append_stream_head(std::string& out, std::string_view content_type, Persistence persistence,
                        std::string_view date_field, bool chunked);

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110 section 6.6.1).
[[nodiscard]] std::string date_field(std::int64_t unix_seconds);

}  // namespace api
