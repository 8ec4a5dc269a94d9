// Compressed messages: however a stream is cut, wherever the session is saved and loaded, with and
// without context takeover, the events are those of the whole stream, and nothing is larger than it
// may be. What we compress ourselves comes back as it was.
#include <optional>

#include "proto/ws/deflater.h"
#include "proto/ws/session.h"
#include "proto/ws/utf8.h"
#include "tests/fuzz/pieces.h"
#include "tests/proto/support/client_frames.h"
#include "tests/proto/support/session_events.h"

namespace {

using testing_support::Lines;

constexpr std::uint64_t kMessageSizeMax = 3'000;

ws::Session reloaded(const ws::Session& session) {
  std::string record;
  session.save(record);
  std::string_view from = record;
  auto loaded = ws::Session::load(from);
  fuzz::require(loaded.has_value() && from.empty());
  return std::move(*loaded);
}

void check_bounds(const ws::Session& session, const ws::Event& event) {
  fuzz::require(session.buffered_size() <= ws::compressed_size_max(kMessageSizeMax) + 125);
  if (const auto* message = std::get_if<ws::Message>(&event)) {
    fuzz::require(message->payload.size() <= kMessageSizeMax);
    const bool is_text = message->opcode == ws::Opcode::kText;
    fuzz::require(!is_text || ws::is_valid_utf8(message->payload));
  }
}

Lines run(std::vector<fuzz::Piece> pieces, const ws::InboundDeflate& deflate, bool reload) {
  static ws::Inflater inflater;
  ws::Session session(kMessageSizeMax, deflate);
  Lines lines;
  for (fuzz::Piece& piece : pieces) {
    dunlin::Bytes input = piece;
    for (;;) {
      const ws::Event event = session.next(input, &inflater);
      check_bounds(session, event);
      if (std::holds_alternative<ws::NeedInput>(event)) break;
      lines.push_back(testing_support::line_of(event));
    }
    fuzz::require(input.empty());
    if (reload) session = reloaded(session);
  }
  return lines;
}

// Each piece as the payload of a message of its own, so that the fuzzer need not find the frames
// around it.
std::vector<fuzz::Piece> framed(const std::vector<fuzz::Piece>& pieces) {
  std::vector<fuzz::Piece> frames;
  for (const fuzz::Piece& piece : pieces) {
    const std::string frame = testing_support::client_frame(
        ws::Opcode::kBinary, dunlin::as_string_view(piece), {.rsv1 = true});
    const auto bytes = dunlin::as_bytes(frame);
    frames.emplace_back(bytes.begin(), bytes.end());
  }
  return frames;
}

void check(const std::vector<fuzz::Piece>& pieces, const ws::InboundDeflate& deflate) {
  const Lines expected = run(fuzz::joined(pieces), deflate, false);
  fuzz::require(run(pieces, deflate, false) == expected);
  fuzz::require(run(pieces, deflate, true) == expected);
}

void check_round_trip(const std::vector<fuzz::Piece>& texts, std::uint8_t window_bits) {
  ws::Deflater deflater({.level = 4, .window_bits = window_bits});
  ws::Inflater inflater;
  ws::InflateWindow window{.bits = window_bits, .text = {}};
  for (const fuzz::Piece& text : texts) {
    std::string message;
    if (!deflater.compress(text, message)) continue;
    const auto back = inflater.inflate(dunlin::as_bytes(message), text.size(), &window);
    const auto* bytes = std::get_if<dunlin::Bytes>(&back);
    fuzz::require(bytes != nullptr);
    fuzz::require(dunlin::as_string_view(*bytes) == dunlin::as_string_view(text));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pieces = fuzz::pieces_of({data, size});
  if (pieces.empty()) return 0;
  const auto window_bits = static_cast<std::uint8_t>(9 + data[0] % 7);
  for (const bool takeover : {false, true}) {
    const ws::InboundDeflate deflate{.context_takeover = takeover, .window_bits = window_bits};
    check(pieces, deflate);
    check(framed(pieces), deflate);
  }
  check_round_trip(pieces, window_bits);
  return 0;
}
