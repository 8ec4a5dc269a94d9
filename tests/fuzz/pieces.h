// Cuts a fuzzer's input into pieces as the input itself says, so that the fuzzer learns which cuts
// matter. Each piece is a heap block of exactly its size: the address sanitizer sees every step
// out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <span>
#include <vector>

#include "proto/base/bytes.h"

namespace fuzz {

using Piece = std::vector<std::byte>;

// The first `cut_count` bytes give the sizes of the first pieces; the rest of the data is the last.
inline std::vector<Piece> pieces_of(std::span<const std::uint8_t> data) {
  constexpr std::size_t kCutCount = 6;
  std::vector<Piece> pieces;
  if (data.size() < kCutCount) return pieces;
  std::span<const std::byte> rest = std::as_bytes(data.subspan(kCutCount));
  for (const std::uint8_t size : data.first(kCutCount)) {
    const auto piece = rest.first(std::min<std::size_t>(size, rest.size()));
    pieces.emplace_back(piece.begin(), piece.end());
    rest = rest.subspan(piece.size());
  }
  pieces.emplace_back(rest.begin(), rest.end());
  return pieces;
}

inline std::vector<Piece> joined(const std::vector<Piece>& pieces) {
  Piece whole;
  for (const Piece& piece : pieces) whole.insert(whole.end(), piece.begin(), piece.end());
  return {whole};
}

inline std::vector<Piece> in_single_bytes(const std::vector<Piece>& pieces) {
  std::vector<Piece> bytes;
  for (const Piece& piece : pieces) {
    for (const std::byte byte : piece) bytes.push_back({byte});
  }
  return bytes;
}

inline void require(bool condition,
                    const std::source_location& where = std::source_location::current()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%u: does not hold\n", where.file_name(), where.line());
  std::abort();
}

}  // namespace fuzz
