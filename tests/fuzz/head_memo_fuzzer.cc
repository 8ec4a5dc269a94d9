// Heads that repeat, nearly repeat, and repeat with another length: a parser that remembers the
// last one says of each what a parser says that has never seen any.
//
// Input: a head (without its empty line), NUL, and edits: each is a place, a byte to put there, and
// a byte that says whether it stays. Edits are tried one after the other on one connection.
#include "proto/http/request_parser.h"
#include "tests/fuzz/text.h"

namespace {

constexpr http::Limits kLimits{
    .target_size_max = 64, .head_size_max = 400, .header_count_max = 8, .body_size_max = 50};

std::string all_of(const http::RequestHead& head) {
  std::string text;
  const auto add = [&](std::string_view part) { text.append(part).push_back('\n'); };
  for (const std::string_view part :
       {head.method_text, head.target, head.path, head.query, head.host})
    add(part);
  for (const http::Header& header : head.headers) {
    add(header.name);
    add(header.value);
  }
  for (const int number : {static_cast<int>(head.method), head.version_minor, int{head.keep_alive},
                           int{head.upgrade}, int{head.chunked}, int{head.expect_continue}}) {
    add(std::to_string(number));
  }
  add(head.content_length ? std::to_string(*head.content_length) : "none");
  return text;
}

struct Outcome {
  std::string text;
  bool failed = false;
  bool repeated = false;
};

// One request: its head from `bytes`, and then whatever body that head asks for.
Outcome feed(http::RequestParser& parser, std::string_view bytes) {
  Outcome outcome;
  const std::string body(kLimits.body_size_max, 'b');
  const fuzz::Piece head(dunlin::as_bytes(bytes).begin(), dunlin::as_bytes(bytes).end());
  dunlin::ConstBytes input = head;
  for (;;) {
    const http::Step step = parser.next(input);
    if (const auto* complete = std::get_if<http::HeadComplete>(&step)) {
      outcome.repeated = complete->repeated;
      outcome.text += all_of(parser.head());
    } else if (const auto* part = std::get_if<http::Body>(&step)) {
      outcome.text += std::to_string(part->bytes.size());
    } else if (std::holds_alternative<http::RequestComplete>(step)) {
      outcome.text += "complete";
      return outcome;
    } else if (const auto* error = std::get_if<http::HttpError>(&step)) {
      outcome.text += error->code;
      outcome.failed = true;
      return outcome;
    } else if (parser.head().chunked) {
      input = dunlin::as_bytes("0\r\n\r\n");
    } else {
      const std::uint64_t size = parser.head().content_length.value_or(0);
      input = dunlin::as_bytes(std::string_view(body).substr(0, size));
      fuzz::require(!input.empty());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view edits = fuzz::text_of(data, size);
  std::string head(fuzz::take_until(edits, '\0'));
  if (head.size() > 500 || head.find("\r\n\r\n") != head.npos || head.find("\n\n") != head.npos)
    return 0;
  head += "\r\n\r\n";
  http::RequestParser kept(kLimits);
  std::string last;
  for (;;) {
    http::RequestParser fresh(kLimits);
    const Outcome expected = feed(fresh, head);
    // A head that the client ended otherwise than we think would leave the two at different places.
    if (!expected.failed && !expected.text.ends_with("complete")) return 0;
    const Outcome outcome = feed(kept, head);
    fuzz::require(outcome.text == expected.text && outcome.failed == expected.failed);
    if (outcome.repeated) fuzz::require(last.size() == head.size());
    if (outcome.failed) {  // Final: a new connection.
      return 0;
    }
    last = head;
    if (edits.size() < 2) return 0;
    const std::size_t at = static_cast<unsigned char>(edits[0]) % head.size();
    // The end must stay the end: the rest of the input is not ours to cut.
    if (at + 4 < head.size() && edits[1] != '\n' && edits[1] != '\r' && head[at] != '\n' &&
        head[at] != '\r') {
      head[at] = edits[1];
    }
    edits.remove_prefix(2);
  }
}
