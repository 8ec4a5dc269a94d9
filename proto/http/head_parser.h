// Parses a complete request head with llhttp and checks what llhttp 8.1.0, strict, lets through:
// HTTP/0.9 and 2.0, RTSP and ICE, several spaces in the request line, "*" and CONNECT, fragments,
// header lines without a name, transfer codings beside chunked, a missing or repeated Host. Folded
// lines and bad line ends must be gone already: HeadGuard has seen every byte.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "proto/http/http_error.h"    // HttpError
#include "proto/http/request_head.h"  // RequestHead, Header

namespace http {

// Fills `head` and `headers` with views into `bytes`, in which header names become lower case.
[[nodiscard]] std::optional<HttpError> parse_head(std::string& bytes, std::size_t target_size_max,
                                                  std::vector<Header>& headers, RequestHead& head);

}  // namespace http
