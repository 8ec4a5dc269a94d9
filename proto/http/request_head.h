// The head of one HTTP/1.x request, already checked: request line and fields (RFC 9112 sections 3
// and 5). Views only; whoever parsed it keeps the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace http {

enum class Method { kGet, kHead, kPost, kPut, kDelete, kOptions, kPatch, kOther };

struct Header {
  std::string_view name;   // In lower case: field names are case-insensitive (RFC 9110 5.1).
  std::string_view value;  // Without the white space around it.
};

struct RequestHead {
  Method method = Method::kOther;
  std::string_view method_text;
  std::string_view target;  // As sent.
  std::string_view path;    // Starts with "/"; not percent-decoded.
  std::string_view query;   // What follows the first "?"; not decoded.
  std::string_view host;    // The target's authority if it has one, else Host (RFC 9112 3.2.2).
  int version_minor = 1;    // 0 or 1; the major version is 1.
  std::span<const Header> headers;
  bool keep_alive = false;       // What the client wants (RFC 9112 9.3).
  bool upgrade = false;          // An Upgrade field, and "upgrade" in Connection (RFC 9110 7.8).
  bool chunked = false;          // Transfer-Encoding: chunked.
  bool expect_continue = false;  // RFC 9110 10.1.1
  std::optional<std::uint64_t> content_length;

  // The first field's value, empty if there is none. `name` in lower case.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] std::size_t header_count(std::string_view name) const;
};

}  // namespace http
