// Requests and the opening handshake: however a stream is cut, the steps are those of the whole
// stream; a head that was let through keeps what it promises; no answer repeats the client's bytes.
#include <utility>

#include "proto/http/field.h"
#include "proto/http/request_parser.h"
#include "proto/http/target.h"
#include "proto/ws/handshake.h"
#include "tests/fuzz/pieces.h"
#include "tests/proto/support/requests.h"

namespace {

using testing_support::Lines;

const std::vector<std::string> kSubprotocols = {"chat", "dunlin.v1"};
const std::vector<std::string> kOrigins = {"same", "https://app.example"};

void check_head(const http::RequestHead& head) {
  fuzz::require(head.path.starts_with('/'));
  fuzz::require(head.host.empty() || http::is_valid_authority(head.host));
  fuzz::require(!head.chunked || !head.content_length);
  for (const http::Header& header : head.headers) {
    fuzz::require(http::is_token(header.name));
    fuzz::require(header.value.find_first_of(std::string_view("\r\n\0", 3)) == header.value.npos);
  }
}

std::string handshake_line(const http::RequestHead& head) {
  const auto outcome = ws::accept_handshake(head, {kSubprotocols, kOrigins});
  if (const auto* rejected = std::get_if<ws::Rejected>(&outcome))
    return std::string(rejected->code);
  const auto& accepted = std::get<ws::Accepted>(outcome);
  fuzz::require(ws::is_websocket_upgrade(head));
  fuzz::require(accepted.response.size() < 200);
  return accepted.response;
}

Lines run(const std::vector<fuzz::Piece>& pieces) {
  const http::Limits limits{
      .target_size_max = 64, .head_size_max = 600, .header_count_max = 12, .body_size_max = 100};
  http::RequestParser parser(limits);
  Lines lines;
  std::string body;
  for (const fuzz::Piece& piece : pieces) {
    dunlin::ConstBytes input = piece;
    for (;;) {
      const http::Step step = parser.next(input);
      if (std::holds_alternative<http::NeedInput>(step)) break;
      if (const auto* part = std::get_if<http::Body>(&step)) {
        body += dunlin::as_string_view(part->bytes);
        fuzz::require(body.size() <= limits.body_size_max);
      } else if (const auto* error = std::get_if<http::HttpError>(&step)) {
        lines.push_back(std::string(error->code));
        return lines;
      } else if (std::holds_alternative<http::HeadComplete>(step)) {
        check_head(parser.head());
        lines.push_back(testing_support::head_line(parser.head()));
        lines.push_back(handshake_line(parser.head()));
      } else {
        lines.push_back("complete " + std::exchange(body, {}));
      }
    }
    fuzz::require(input.empty());
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pieces = fuzz::pieces_of({data, size});
  const Lines expected = run(fuzz::joined(pieces));
  fuzz::require(run(pieces) == expected);
  fuzz::require(run(fuzz::in_single_bytes(pieces)) == expected);
  return 0;
}
