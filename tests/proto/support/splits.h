// Feeds one input to a decoder in many different cuts. Each piece is a heap block of its own and of
// exactly its size, freed when the piece is used up: a read past its end, or a view kept too long,
// is then an error that the address sanitizer sees.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"

namespace testing_support {

using Chunks = std::vector<std::string_view>;

// Up to this size, every pair of cuts is tried as well.
inline constexpr std::size_t kTwoCutsSizeMax = 40;

// Whole, cut at every place, cut at every two places (short inputs), and in single bytes.
template <typename Try>
void for_each_split(std::string_view input, const Try& attempt) {
  attempt(Chunks{input});
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    attempt(Chunks{input.substr(0, cut), input.substr(cut)});
  }
  if (input.size() <= kTwoCutsSizeMax) {
    for (std::size_t first = 0; first < input.size(); ++first) {
      for (std::size_t second = first; second < input.size(); ++second) {
        attempt(Chunks{input.substr(0, first), input.substr(first, second - first),
                       input.substr(second)});
      }
    }
  }
  Chunks bytes;
  for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(input.substr(i, 1));
  attempt(bytes);
}

// A writable copy of a piece, in a block of exactly its size.
class Block {
 public:
  explicit Block(std::string_view text)
      : bytes_(dunlin::as_bytes(text).begin(), dunlin::as_bytes(text).end()) {
    bytes_.shrink_to_fit();
  }

  dunlin::Bytes bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

inline std::string describe(const Chunks& chunks) {
  std::string sizes = "pieces of";
  for (const std::string_view chunk : chunks) sizes += " " + std::to_string(chunk.size());
  return sizes;
}

}  // namespace testing_support
