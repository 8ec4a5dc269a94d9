// Validates UTF-8 (RFC 3629) that arrives in pieces cut anywhere, also inside a character. The bulk
// of each piece goes through simdjson's vectorised validator; only what a cut tore apart is looked
// at byte by byte.
//
// Owner: ws::MessageAssembler.   Bound: three bytes of state, and none of the text.
#pragma once

#include <cstdint>
#include <optional>

#include "proto/base/bytes.h"  // ConstBytes

namespace ws {

class Utf8Validator {
 public:
  // False as soon as the text so far cannot be the beginning of valid UTF-8 whatever follows: RFC
  // 6455 8.1 wants the connection failed, and doing so early saves what would still come. After a
  // false, reset() before the next use.
  [[nodiscard]] bool feed(dunlin::ConstBytes piece);

  // Whether the text so far ends with a whole character.
  [[nodiscard]] bool finish() const { return needed_ == 0; }

  void reset() { *this = Utf8Validator(); }

  // The state as one number, to carry an unfinished text into another process.
  [[nodiscard]] std::uint32_t to_word() const;
  [[nodiscard]] static std::optional<Utf8Validator> from_word(std::uint32_t word);

  friend constexpr bool operator==(const Utf8Validator&, const Utf8Validator&) = default;

 private:
  bool feed_byte(std::uint8_t byte);
  bool begin_character(std::uint8_t lead);

  // The next `needed_` bytes must be continuation bytes, and the first of them within these bounds:
  // that is how RFC 3629 section 4 excludes overlong forms, surrogates and what is past U+10FFFF.
  std::uint8_t needed_ = 0;
  std::uint8_t lower_ = 0x80;
  std::uint8_t upper_ = 0xbf;
};

static_assert(sizeof(Utf8Validator) <= 4);

// A whole text at once.
[[nodiscard]] bool is_valid_utf8(dunlin::ConstBytes text);

}  // namespace ws
