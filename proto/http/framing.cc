#include "proto/http/framing.h"

#include "proto/http/field.h"
#include "proto/http/target.h"

namespace http {
namespace {

// RFC 9112 3.2: 400 for a missing, repeated or invalid Host. HTTP/1.0 did not have it.
const HttpError* check_host(const RequestHead& head) {
  const std::size_t count = head.header_count("host");
  if (count == 0 && head.version_minor == 0) return nullptr;
  if (count != 1 || !is_valid_authority(head.header("host"))) return &refusal::kBadHost;
  return nullptr;
}

// RFC 9112 6.1: an unknown coding is 501; 6.3: one that does not end with chunked, or has it twice,
// leaves no way to find the end.
const HttpError* judge_coding_list(std::string_view codings) {
  std::size_t chunked_count = 0;
  std::string_view last;
  ListReader list(codings);
  while (list.next(last)) {
    if (equals_ignoring_case(last, "chunked")) ++chunked_count;
  }
  const bool chunked_last = chunked_count == 1 && equals_ignoring_case(last, "chunked");
  return chunked_last ? &refusal::kUnknownTransferEncoding : &refusal::kBadTransferEncoding;
}

const HttpError* check_transfer_encoding(const RequestHead& head) {
  const std::size_t count = head.header_count("transfer-encoding");
  if (count == 0) return nullptr;
  if (head.content_length) return &refusal::kAmbiguousLength;
  // RFC 9112 6.1: HTTP/1.0 did not have it; who sends it all the same has faulty framing.
  if (count > 1 || head.version_minor == 0) return &refusal::kBadTransferEncoding;
  const std::string_view codings = head.header("transfer-encoding");
  return equals_ignoring_case(codings, "chunked") ? nullptr : judge_coding_list(codings);
}

}  // namespace

const HttpError* check_framing(const RequestHead& head) {
  if (const HttpError* error = check_host(head)) return error;
  if (const HttpError* error = check_transfer_encoding(head)) return error;
  return head.header_count("content-length") > 1 ? &refusal::kAmbiguousLength : nullptr;
}

}  // namespace http
