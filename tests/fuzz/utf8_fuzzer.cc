// Text in pieces, text as a whole, text byte by byte, and a decoder written straight from RFC 3629
// judge alike; and a text that fails, fails with the first byte that leaves no doubt.
#include "proto/ws/utf8.h"
#include "tests/fuzz/pieces.h"

namespace {

// Whether `text` is the beginning of a character that can still become valid (section 4), and how
// long that character is. 0: it cannot.
std::size_t character_at(dunlin::ConstBytes text) {
  const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (std::size_t i = 1; i < size && i < text.size(); ++i) {
    unsigned lower = 0x80;
    unsigned upper = 0xbf;
    if (i == 1 && lead == 0xe0) lower = 0xa0;
    if (i == 1 && lead == 0xed) upper = 0x9f;
    if (i == 1 && lead == 0xf0) lower = 0x90;
    if (i == 1 && lead == 0xf4) upper = 0x8f;
    if (at(i) < lower || at(i) > upper) return 0;
  }
  return size;
}

enum class Verdict : std::uint8_t { kWhole, kCutShort, kInvalid };

Verdict judge(dunlin::ConstBytes text) {
  while (!text.empty()) {
    const std::size_t size = character_at(text);
    if (size == 0) return Verdict::kInvalid;
    if (size > text.size()) return Verdict::kCutShort;
    text = text.subspan(size);
  }
  return Verdict::kWhole;
}

Verdict validate(const std::vector<fuzz::Piece>& pieces) {
  ws::Utf8Validator validator;
  for (const fuzz::Piece& piece : pieces) {
    if (!validator.feed(piece)) return Verdict::kInvalid;
    validator = ws::Utf8Validator::from_word(validator.to_word()).value();
  }
  return validator.finish() ? Verdict::kWhole : Verdict::kCutShort;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pieces = fuzz::pieces_of({data, size});
  if (pieces.empty()) return 0;
  const auto whole = fuzz::joined(pieces);
  const Verdict expected = judge(whole.front());
  fuzz::require(validate(pieces) == expected);
  fuzz::require(validate(whole) == expected);
  fuzz::require(validate(fuzz::in_single_bytes(pieces)) == expected);
  fuzz::require(ws::is_valid_utf8(whole.front()) == (expected == Verdict::kWhole));
  return 0;
}
