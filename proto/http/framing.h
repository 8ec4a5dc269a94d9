// The fields that decide where a request ends and whom it is for, and whether they may be believed:
// Host, Content-Length, Transfer-Encoding (RFC 9112 sections 3.2 and 6). Ambiguity here is what
// request smuggling is made of, so all of it is refused.
#pragma once

#include "proto/http/http_error.h"    // HttpError
#include "proto/http/request_head.h"  // RequestHead

namespace http {

// Null if all is well. Expects `headers`, `version_minor` and `content_length`; the latter's form
// was checked by llhttp.
[[nodiscard]] const HttpError* check_framing(const RequestHead& head);

}  // namespace http
