// A request that must be refused, as a value: what status to answer, and a name that stays the same
// for metrics, logs and clients. All texts are static; nothing the client sent is in them.
#pragma once

#include <string_view>

namespace http {

struct HttpError {
  int status;
  std::string_view code;  // Stable, snake_case.
  std::string_view message;
};

// Every refusal of RequestParser, in the order in which a request meets them.
namespace refusal {

inline constexpr HttpError kControlCharacter{
    400, "control_character", "The request head has a control character, or a CR or LF alone."};
inline constexpr HttpError kNoRequestLine{400, "no_request_line",
                                          "The request starts with empty lines."};
inline constexpr HttpError kFoldedLine{400, "folded_line",
                                       "A header line starts with white space."};
inline constexpr HttpError kTargetTooLong{414, "target_too_long",
                                          "The request target is too long."};
inline constexpr HttpError kHeadTooLarge{431, "head_too_large", "The request head is too large."};
inline constexpr HttpError kTooManyHeaders{431, "too_many_headers",
                                           "The request has too many headers."};
inline constexpr HttpError kMalformed{400, "malformed_request", "The request is not HTTP/1.1."};
inline constexpr HttpError kBadMethod{400, "bad_method", "The request method is unknown."};
inline constexpr HttpError kBadTarget{400, "bad_target", "The request target is malformed."};
inline constexpr HttpError kVersion{505, "http_version", "The HTTP version is not supported."};
inline constexpr HttpError kBadHeader{400, "bad_header", "A header line is malformed."};
inline constexpr HttpError kBadHost{400, "bad_host",
                                    "The request needs exactly one valid Host header."};
inline constexpr HttpError kBadLength{400, "bad_content_length",
                                      "Content-Length is not one number."};
inline constexpr HttpError kAmbiguousLength{
    400, "ambiguous_length", "Content-Length is repeated or stands beside Transfer-Encoding."};
inline constexpr HttpError kBadTransferEncoding{
    400, "bad_transfer_encoding", "Transfer-Encoding does not end with chunked, once."};
inline constexpr HttpError kUnknownTransferEncoding{
    501, "unknown_transfer_encoding", "The only transfer coding supported is chunked."};
inline constexpr HttpError kBodyTooLarge{413, "body_too_large", "The request body is too large."};
inline constexpr HttpError kBadChunk{400, "bad_chunk", "The chunked body is malformed."};
inline constexpr HttpError kExtensionsTooLarge{400, "chunk_extensions_too_large",
                                               "The chunked body has too much beside its data."};
inline constexpr HttpError kBadTrailer{400, "bad_trailer",
                                       "The trailer of the chunked body is malformed."};
inline constexpr HttpError kTrailerTooLarge{431, "trailer_too_large", "The trailer is too large."};

}  // namespace refusal
}  // namespace http
