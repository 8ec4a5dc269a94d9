// Text in pieces and text as a whole are judged alike, and a text that fails fails at once.
#include "proto/ws/utf8.h"
#include "tests/fuzz/pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pieces = fuzz::pieces_of({data, size});
  ws::Utf8Validator validator;
  bool valid = true;
  for (const fuzz::Piece& piece : pieces) {
    valid = valid && validator.feed(piece);
    if (valid) validator = ws::Utf8Validator::from_word(validator.to_word()).value();
  }
  for (const fuzz::Piece& whole : fuzz::joined(pieces)) {
    fuzz::require((valid && validator.finish()) == ws::is_valid_utf8(whole));
  }
  return 0;
}
