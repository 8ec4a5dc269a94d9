#include "gateway/config/quantity.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <ranges>
#include <span>

namespace config {
namespace {

struct Scale {
  std::string_view suffix;
  std::uint64_t factor;
};

constexpr Scale kSizes[] = {
    {"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}};
constexpr Scale kTimes[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};

std::span<const Scale> scales_of(Unit unit) {
  if (unit == Unit::kBytes) return kSizes;
  if (unit == Unit::kMilliseconds) return kTimes;
  return {};
}

std::optional<std::uint64_t> factor_of(std::string_view suffix, Unit unit) {
  if (suffix.empty()) return 1;
  for (const Scale& scale : scales_of(unit)) {
    if (scale.suffix == suffix) return scale.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_quantity(std::string_view text, Unit unit) {
  std::uint64_t number = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, number);
  if (error != std::errc{}) return std::nullopt;
  const auto factor = factor_of(std::string_view(rest, end), unit);
  if (!factor || number > std::numeric_limits<std::uint64_t>::max() / *factor) return std::nullopt;
  return number * *factor;
}

std::string quantity_to_toml(std::uint64_t number, Unit unit) {
  for (const Scale& scale : std::views::reverse(scales_of(unit))) {
    if (scale.factor > 1 && number >= scale.factor && number % scale.factor == 0) {
      return fmt::format("\"{}{}\"", number / scale.factor, scale.suffix);
    }
  }
  return fmt::format("{}", number);
}

}  // namespace config
