// What RapidJSON thinks of a text: another author's parser, to hold ours against.
#pragma once

#include <cstdint>
#include <string_view>

namespace fuzz {

enum class Json : std::uint8_t {
  kValid,
  kInvalid,
  kMatterOfTaste,  // An escape names half of a pair, or a number is huge (RFC 8259 sections 8.2,
                   // 6).
};

[[nodiscard]] Json judge_json(std::string_view text);

}  // namespace fuzz
