#include "gateway/api/response.h"

#include <array>
#include <cstdio>
#include <ctime>

#include "proto/push/json_text.h"

namespace api {
namespace {

std::string_view status_line(int status) {
  switch (status) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 202:
      return "HTTP/1.1 202 Accepted\r\n";
    case 204:
      return "HTTP/1.1 204 No Content\r\n";
    case 400:
      return "HTTP/1.1 400 Bad Request\r\n";
    case 401:
      return "HTTP/1.1 401 Unauthorized\r\n";
    case 403:
      return "HTTP/1.1 403 Forbidden\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 408:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case 409:
      return "HTTP/1.1 409 Conflict\r\n";
    case 411:
      return "HTTP/1.1 411 Length Required\r\n";
    case 413:
      return "HTTP/1.1 413 Content Too Large\r\n";
    case 414:
      return "HTTP/1.1 414 URI Too Long\r\n";
    case 415:
      return "HTTP/1.1 415 Unsupported Media Type\r\n";
    case 417:
      return "HTTP/1.1 417 Expectation Failed\r\n";
    case 422:
      return "HTTP/1.1 422 Unprocessable Content\r\n";
    case 426:
      return "HTTP/1.1 426 Upgrade Required\r\n";
    case 429:
      return "HTTP/1.1 429 Too Many Requests\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 500:
      return "HTTP/1.1 500 Internal Server Error\r\n";
    case 501:
      return "HTTP/1.1 501 Not Implemented\r\n";
    case 503:
      return "HTTP/1.1 503 Service Unavailable\r\n";
    case 505:
      return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
    default:
      return {};
  }
}

void append_status_line(std::string& out, int status) {
  const std::string_view line = status_line(status);
  if (!line.empty()) {
    out.append(line);
    return;
  }
  // RFC 9112 section 4: the reason phrase may be empty, the space before it not.
  out.append("HTTP/1.1 ");
  push::append_number(out, static_cast<std::uint64_t>(status));
  out.append(" \r\n");
}

void append_persistence(std::string& out, Persistence persistence) {
  if (persistence == Persistence::kKeepAlive) out.append("Connection: keep-alive\r\n");
  if (persistence == Persistence::kClose) out.append("Connection: close\r\n");
}

}  // namespace

void append_response(std::string& out, const Response& response, Persistence persistence,
                     std::string_view date_field, bool with_body) {
  append_status_line(out, response.status);
  if (response.status != 204) {
    out.append("Content-Type: ").append(response.content_type);
    out.append("\r\nContent-Length: ");
    push::append_number(out, response.body.size());
    out.append("\r\n");
  }
  out.append(date_field);
  append_persistence(out, persistence);
  out.append(response.fields);
  out.append("\r\n");
  if (with_body) out.append(response.body);
}

void append_stream_head(std::string& out, std::string_view content_type, Persistence persistence,
                        std::string_view date_field, bool chunked) {
  append_status_line(out, 200);
  out.append("Content-Type: ").append(content_type).append("\r\n");
  if (chunked) out.append("Transfer-Encoding: chunked\r\n");
  out.append(date_field);
  append_persistence(out, persistence);
  out.append("\r\n");
}

std::string date_field(std::int64_t unix_seconds) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = unix_seconds;
  std::tm utc{};
  if (gmtime_r(&time, &utc) == nullptr) return {};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  return text.data();
}

}  // namespace api
