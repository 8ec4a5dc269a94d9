// The PROXY header: however the stream is cut, the result and what is left are those of the whole
// stream; reading what is needed never takes a byte behind the header.
#include "proto/proxy/proxy_header.h"

#include <string>
#include <variant>

#include "tests/fuzz/pieces.h"

namespace {

struct Outcome {
  std::string result;
  std::size_t consumed = 0;
  bool operator==(const Outcome&) const = default;
};

std::string text_of(const proxy::Header& header) {
  std::string text = header.secure ? "secure" : "plain";
  if (!header.source) return text;
  for (const std::uint8_t byte : header.source->ip.bytes) text += ' ' + std::to_string(byte);
  return text + ' ' + std::to_string(header.source->port);
}

Outcome run(const std::vector<fuzz::Piece>& pieces) {
  proxy::HeaderParser parser;
  Outcome outcome;
  for (const fuzz::Piece& piece : pieces) {
    dunlin::ConstBytes input = piece;
    const auto step = parser.next(input);
    outcome.consumed += piece.size() - input.size();
    fuzz::require(outcome.consumed <= proxy::kHeaderSizeMax);
    if (const auto* error = std::get_if<proxy::ProxyError>(&step)) {
      return {.result = std::string(name_of(*error))};
    }
    if (const auto* header = std::get_if<proxy::Header>(&step)) {
      outcome.result = text_of(*header);
      return outcome;
    }
    fuzz::require(input.empty() && parser.needed() > 0);
  }
  return outcome;
}

// As the edge receives: never more than needed().
Outcome run_by_need(const fuzz::Piece& whole) {
  proxy::HeaderParser parser;
  Outcome outcome;
  dunlin::ConstBytes rest = whole;
  while (!rest.empty()) {
    const std::size_t size = std::min(parser.needed(), rest.size());
    dunlin::ConstBytes input = dunlin::take_front(rest, size);
    const auto step = parser.next(input);
    if (const auto* error = std::get_if<proxy::ProxyError>(&step)) {
      return {.result = std::string(name_of(*error))};
    }
    fuzz::require(input.empty());
    outcome.consumed += size;
    if (const auto* header = std::get_if<proxy::Header>(&step)) {
      outcome.result = text_of(*header);
      return outcome;
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pieces = fuzz::pieces_of({data, size});
  if (pieces.empty()) return 0;
  const auto whole = fuzz::joined(pieces);
  const Outcome expected = run(whole);
  fuzz::require(run(pieces) == expected);
  fuzz::require(run_by_need(whole.front()) == expected);
  return 0;
}
