// Frames and messages: however a stream is cut, and wherever the session is saved and loaded, the
// events are those of the whole stream.
#include <optional>

#include "proto/ws/session.h"
#include "proto/ws/utf8.h"
#include "tests/fuzz/pieces.h"
#include "tests/proto/support/session_events.h"

namespace {

using testing_support::Lines;

constexpr std::uint64_t kMessageSizeMax = 300;

void check_bounds(const ws::Session& session, const ws::Event& event) {
  fuzz::require(session.buffered_size() <= kMessageSizeMax + 125);
  if (const auto* message = std::get_if<ws::Message>(&event)) {
    fuzz::require(message->payload.size() <= kMessageSizeMax);
    const bool is_text = message->opcode == ws::Opcode::kText;
    fuzz::require(!is_text || ws::is_valid_utf8(message->payload));
  }
}

ws::Session reloaded(const ws::Session& session) {
  std::string record;
  session.save(record);
  std::string_view from = record;
  auto loaded = ws::Session::load(from);
  fuzz::require(loaded.has_value() && from.empty());
  return std::move(*loaded);
}

Lines run(std::vector<fuzz::Piece> pieces, bool reload) {
  ws::Session session(kMessageSizeMax);
  Lines lines;
  for (fuzz::Piece& piece : pieces) {
    dunlin::Bytes input = piece;
    for (;;) {
      const ws::Event event = session.next(input);
      check_bounds(session, event);
      if (std::holds_alternative<ws::NeedInput>(event)) break;
      lines.push_back(testing_support::line_of(event));
    }
    fuzz::require(input.empty());
    if (reload) session = reloaded(session);
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pieces = fuzz::pieces_of({data, size});
  const Lines expected = run(fuzz::joined(pieces), false);
  fuzz::require(run(pieces, false) == expected);
  fuzz::require(run(pieces, true) == expected);
  fuzz::require(run(fuzz::in_single_bytes(pieces), true) == expected);
  return 0;
}
