#include <string>
#include <string_view>

#include "proto/http/status.h"
#include "proto/ws/handshake.h"

namespace ws {
namespace {

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out.append({'\\', c});
    else if (byte < 0x20)
      out.append("\\u00").append({kHexDigits[byte >> 4], kHexDigits[byte & 15]});
    else
      out.push_back(c);
  }
  out.push_back('"');
}

std::string error_body(std::string_view code, std::string_view message) {
  std::string body = R"({"error":{"code":)";
  append_json_string(body, code);
  body.append(R"(,"message":)");
  append_json_string(body, message);
  body.append("}}\n");
  return body;
}

// What a status is obliged to say: RFC 6455 4.4 and RFC 9110 15.5.22; RFC 9110 15.5.6.
std::string_view obligatory_headers(int status) {
  if (status == 426) return "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  if (status == 405) return "Allow: GET\r\n";
  return {};
}

}  // namespace

std::string rejection_response(int status, std::string_view code, std::string_view message,
                               std::string_view extra_headers) {
  const std::string body = error_body(code, message);
  std::string response = "HTTP/1.1 ";
  response.append(std::to_string(status)).append(" ").append(http::reason_phrase(status));
  // RFC 9110 7.8: who sends Upgrade also names it in Connection.
  response.append(status == 426 ? "\r\nConnection: close, Upgrade\r\n"
                                : "\r\nConnection: close\r\n");
  response.append(obligatory_headers(status)).append(extra_headers);
  response.append("Content-Type: application/json\r\nContent-Length: ");
  response.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return response;
}

}  // namespace ws
