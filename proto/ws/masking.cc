#include "proto/ws/masking.h"

#include <cstring>

namespace ws {
namespace {

// Four words at once: with 128-bit registers this is two loads, XORs and stores, and leaves the
// compiler free to take wider ones where the target has them.
constexpr std::size_t kBlockSize = 32;

void unmask_block(std::byte* at, std::uint64_t key) {
  std::array<std::uint64_t, kBlockSize / sizeof(std::uint64_t)> words;
  std::memcpy(words.data(), at, kBlockSize);
  for (std::uint64_t& word : words) word ^= key;
  std::memcpy(at, words.data(), kBlockSize);
}

void unmask_word(std::byte* at, std::uint64_t key) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  word ^= key;
  std::memcpy(at, &word, sizeof word);
}

}  // namespace

void unmask(dunlin::Bytes payload, MaskingKey key) {
  const std::uint64_t key_twice = (std::uint64_t{key.word()} << 32) | key.word();
  std::byte* at = payload.data();
  std::size_t left = payload.size();
  // Both strides are multiples of 4, so the key keeps its rotation.
  for (; left >= kBlockSize; left -= kBlockSize, at += kBlockSize) unmask_block(at, key_twice);
  for (; left >= sizeof key_twice; left -= sizeof key_twice, at += sizeof key_twice) {
    unmask_word(at, key_twice);
  }
  unmask_plain({at, left}, key);
}

void unmask_plain(dunlin::Bytes payload, MaskingKey key) {
  const std::array<std::byte, 4> bytes = key.bytes();
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] ^= bytes[i % 4];
}

}  // namespace ws
