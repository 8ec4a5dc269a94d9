// The chunked coding: however a body is cut, the data and the end are the same, and never more than
// was allowed; what we cut into chunks ourselves comes back whole.
#include <fmt/format.h>

#include "proto/http/chunked_decoder.h"
#include "tests/fuzz/text.h"

namespace {

struct Outcome {
  std::string data;
  std::string end = "need input";
  std::size_t consumed = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome run(const std::vector<fuzz::Piece>& pieces, std::uint64_t size_max) {
  http::ChunkedDecoder decoder;
  Outcome outcome;
  for (const fuzz::Piece& piece : pieces) {
    dunlin::ConstBytes input = piece;
    for (;;) {
      const auto step = decoder.next(input, size_max - outcome.data.size());
      if (std::holds_alternative<dunlin::NeedInput>(step)) break;
      if (const auto* chunk = std::get_if<http::ChunkedDecoder::Chunk>(&step)) {
        fuzz::require(!chunk->bytes.empty());
        outcome.data += dunlin::as_string_view(chunk->bytes);
        fuzz::require(outcome.data.size() <= size_max);
        continue;
      }
      const auto* error = std::get_if<http::HttpError>(&step);
      outcome.end = error != nullptr ? error->code : "end";
      // Where an error was seen depends on nothing, but how far it has looked may.
      if (error == nullptr) outcome.consumed += piece.size() - input.size();
      return outcome;
    }
    fuzz::require(input.empty());
    outcome.consumed += piece.size();
  }
  return outcome;
}

Outcome without_position_of_error(Outcome outcome) {
  if (outcome.end != "end") outcome.consumed = 0;
  return outcome;
}

void check_round_trip(const std::vector<fuzz::Piece>& pieces) {
  std::string body;
  std::string coded;
  for (const fuzz::Piece& piece : pieces) {
    if (piece.empty()) continue;  // Would be the end.
    const std::string_view data = dunlin::as_string_view(piece);
    body += data;
    coded += fmt::format("{:x}\r\n{}\r\n", data.size(), data);
  }
  coded += "0\r\n\r\n";
  const auto bytes = dunlin::as_bytes(coded);
  const Outcome outcome = run({fuzz::Piece(bytes.begin(), bytes.end())}, body.size());
  fuzz::require(outcome == Outcome{.data = body, .end = "end", .consumed = coded.size()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pieces = fuzz::pieces_of({data, size});
  for (const std::uint64_t size_max :
       {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{1000}, UINT64_MAX}) {
    const Outcome expected = without_position_of_error(run(fuzz::joined(pieces), size_max));
    fuzz::require(without_position_of_error(run(pieces, size_max)) == expected);
    fuzz::require(without_position_of_error(run(fuzz::in_single_bytes(pieces), size_max)) ==
                  expected);
  }
  check_round_trip(pieces);
  return 0;
}
