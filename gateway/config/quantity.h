// Numbers with units, as written in settings: "64KiB", "1MiB", "250ms", "10s", "5m", "2h".
//
// Owner: free functions.   Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/config/schema.h"

namespace config {

// Digits, then perhaps a unit that fits: B KiB MiB GiB for sizes, ms s m h for times; a bare number
// is bytes or milliseconds. Nothing for anything else, and for what exceeds 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_quantity(std::string_view text, Unit unit);

// As TOML: "8MiB" in the largest unit that is exact, a bare number when there is none.
[[nodiscard]] std::string quantity_to_toml(std::uint64_t number, Unit unit);

}  // namespace config
