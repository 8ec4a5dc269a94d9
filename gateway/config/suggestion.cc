#include "gateway/config/suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace config {
namespace {

constexpr std::size_t kWordSizeMax = 128;

// Levenshtein's distance with one row of memory: row[j] is the distance of the first i characters
// of `from` to the first j of `to`.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t substituted = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[to.size()];
}

std::string_view last_part(std::string_view key) { return key.substr(key.rfind('.') + 1); }

std::string phrase(std::string_view candidate) {
  return fmt::format("; did you mean \"{}\"?", candidate);
}

}  // namespace

std::string suggestion_for(std::string_view word, std::span<const std::string> candidates) {
  if (word.size() > kWordSizeMax) return {};
  // A third of the letters may be wrong, and two in a short word; beyond that it is guessing.
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  std::string_view best;
  for (const std::string& candidate : candidates) {
    const bool same_end = last_part(candidate) == last_part(word);
    const std::size_t distance = same_end ? 0 : edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best.empty() ? std::string() : phrase(best);
}

}  // namespace config
