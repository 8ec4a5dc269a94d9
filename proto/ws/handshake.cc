#include "proto/ws/handshake.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "proto/http/field.h"
#include "proto/ws/extension_list.h"
#include "proto/ws/handshake_key.h"
#include "proto/ws/origin.h"

namespace ws {
namespace {

using http::RequestHead;

constexpr Rejected kMethod{405, "method_not_allowed", "A WebSocket is opened with GET."};
constexpr Rejected kHttpVersion{505, "http_version", "A WebSocket needs HTTP/1.1."};
constexpr Rejected kUpgradeRequired{426, "upgrade_required", "This address speaks WebSocket."};
constexpr Rejected kBody{400, "unexpected_body", "An opening handshake has no body."};
constexpr Rejected kVersionMissing{400, "bad_websocket_version",
                                   "The handshake needs exactly one Sec-WebSocket-Version."};
constexpr Rejected kVersion{426, "websocket_version", "Only WebSocket version 13 is supported."};
constexpr Rejected kKey{400, "bad_websocket_key",
                        "The handshake needs exactly one Sec-WebSocket-Key of 16 bytes in base64."};
constexpr Rejected kSubprotocols{400, "bad_subprotocols",
                                 "Sec-WebSocket-Protocol is not a list of different names."};
constexpr Rejected kExtensions{400, "bad_extensions", "Sec-WebSocket-Extensions is malformed."};
constexpr Rejected kOriginRepeated{400, "bad_origin", "The request has more than one Origin."};
constexpr Rejected kOrigin{403, "origin_not_allowed", "This origin may not connect."};

// More than any client offers, and few enough to compare each with each.
constexpr std::size_t kOfferCountMax = 32;

// 4.2.1: what makes the request an opening handshake at all.
const Rejected* check_request(const RequestHead& request) {
  if (request.method != http::Method::kGet) return &kMethod;
  if (request.version_minor < 1) return &kHttpVersion;
  const bool asks = http::list_contains(request, "upgrade", "websocket") &&
                    http::list_contains(request, "connection", "upgrade");
  if (!asks) return &kUpgradeRequired;
  // A body would be read as frames by some and as a body by others on the way: request smuggling.
  if (request.chunked || request.content_length.value_or(0) > 0) return &kBody;
  return nullptr;
}

const Rejected* check_version(const RequestHead& request) {
  if (request.header_count("sec-websocket-version") != 1) return &kVersionMissing;
  // 4.2.1: the string, not the number. 4.4: 426 tells which one we speak.
  return request.header("sec-websocket-version") == "13" ? nullptr : &kVersion;
}

const Rejected* check_key(const RequestHead& request) {
  const bool valid = request.header_count("sec-websocket-key") == 1 &&
                     is_valid_key(request.header("sec-websocket-key"));
  return valid ? nullptr : &kKey;
}

// 4.1: the names offered are tokens, all different; they may be spread over several lines (11.3.4).
class Offers {
 public:
  bool read(const RequestHead& request) {
    for (const http::Header& header : request.headers) {
      if (header.name == "sec-websocket-protocol" && !read_line(header.value)) return false;
    }
    return true;
  }

  std::span<const std::string_view> names() const { return std::span(names_).first(count_); }

 private:
  bool read_line(std::string_view value) {
    const std::size_t count_before = count_;
    http::ListReader list(value);
    for (std::string_view name; list.next(name);) {
      const bool repeated = std::ranges::find(names(), name) != names().end();
      if (repeated || !http::is_token(name) || count_ == kOfferCountMax) return false;
      names_[count_++] = name;
    }
    return count_ > count_before;
  }

  std::array<std::string_view, kOfferCountMax> names_;
  std::size_t count_ = 0;
};

// 4.2.2: the first in the client's order that we speak. Empty: none.
std::string_view choose(const Offers& offers, std::span<const std::string> ours) {
  for (const std::string_view name : offers.names()) {
    const auto found = std::ranges::find(ours, name);
    if (found != ours.end()) return *found;
  }
  return {};
}

const Rejected* check_extensions(const RequestHead& request) {
  for (const http::Header& header : request.headers) {
    if (header.name == "sec-websocket-extensions" && !is_valid_extension_list(header.value)) {
      return &kExtensions;
    }
  }
  return nullptr;
}

const Rejected* check_origin(const RequestHead& request, const HandshakePolicy& policy) {
  const std::size_t count = request.header_count("origin");
  if (count == 0) return nullptr;  // 10.2: not a browser.
  if (count > 1) return &kOriginRepeated;
  const std::string_view host =
      policy.forwarded_host.empty() ? request.host : policy.forwarded_host;
  const bool allowed =
      is_origin_allowed(request.header("origin"), host, policy.origins, policy.secure);
  return allowed ? nullptr : &kOrigin;
}

std::string switching_protocols(std::string_view key, std::string_view subprotocol,
                                std::string_view extension) {
  constexpr std::string_view kBegin =
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  constexpr std::string_view kSubprotocol = "\r\nSec-WebSocket-Protocol: ";
  constexpr std::string_view kExtension = "\r\nSec-WebSocket-Extensions: ";
  constexpr std::string_view kEnd = "\r\n\r\n";
  const auto accept = accept_value(key);
  std::string response;
  response.reserve(kBegin.size() + accept.size() + kSubprotocol.size() + subprotocol.size() +
                   kExtension.size() + extension.size() + kEnd.size());
  response.append(kBegin).append(accept.data(), accept.size());
  if (!subprotocol.empty()) response.append(kSubprotocol).append(subprotocol);
  if (!extension.empty()) response.append(kExtension).append(extension);
  response.append(kEnd);
  return response;
}

}  // namespace

std::variant<Accepted, Rejected> accept_handshake(const RequestHead& request,
                                                  const HandshakePolicy& policy) {
  if (const Rejected* rejected = check_request(request)) return *rejected;
  if (const Rejected* rejected = check_version(request)) return *rejected;
  if (const Rejected* rejected = check_key(request)) return *rejected;
  Offers offers;
  if (!offers.read(request)) return kSubprotocols;
  if (const Rejected* rejected = check_extensions(request)) return *rejected;
  if (const Rejected* rejected = check_origin(request, policy)) return *rejected;
  const std::string_view subprotocol = choose(offers, policy.subprotocols);
  std::optional<DeflateAgreement> deflate;
  if (policy.deflate) deflate = negotiate_deflate(request, *policy.deflate);
  return Accepted{switching_protocols(request.header("sec-websocket-key"), subprotocol,
                                      deflate ? deflate->response : std::string_view()),
                  std::string(subprotocol), std::move(deflate)};
}

bool is_websocket_upgrade(const RequestHead& request) {
  return http::list_contains(request, "upgrade", "websocket") ||
         request.header_count("sec-websocket-key") > 0;
}

}  // namespace ws
