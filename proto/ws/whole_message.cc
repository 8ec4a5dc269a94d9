#include "proto/ws/whole_message.h"

#include <array>
#include <cstring>

#include "proto/ws/masking.h"

namespace ws {
namespace {

constexpr unsigned kFinalText = 0x81;
constexpr unsigned kFinalBinary = 0x82;
constexpr unsigned kMasked = 0x80;
// Longer ones are copied by the kernel for longer than we look.
constexpr unsigned kLength16 = 126;
constexpr std::size_t kKeySize = 4;

}  // namespace

std::optional<WholeMessage> take_whole_message(dunlin::Bytes& input, std::uint64_t size_max) {
  if (input.size() < 2 + kKeySize) return std::nullopt;
  const auto first = std::to_integer<unsigned>(input[0]);
  const auto second = std::to_integer<unsigned>(input[1]);
  if ((first != kFinalText && first != kFinalBinary) || (second & kMasked) == 0) {
    return std::nullopt;
  }
  std::size_t length = second & ~kMasked;
  std::size_t header_size = 2;
  if (length > kLength16) return std::nullopt;
  if (length == kLength16) {
    length = (std::to_integer<std::size_t>(input[2]) << 8) | std::to_integer<std::size_t>(input[3]);
    if (length < kLength16) return std::nullopt;  // Not the shortest form (5.2).
    header_size = 4;
  }
  const std::size_t begin = header_size + kKeySize;
  if (length > size_max || input.size() < begin || input.size() - begin < length) {
    return std::nullopt;
  }
  std::array<std::byte, kKeySize> key;
  std::memcpy(key.data(), input.data() + header_size, kKeySize);
  const dunlin::Bytes payload = input.subspan(begin, length);
  unmask(payload, MaskingKey(key));
  input = input.subspan(begin + length);
  return WholeMessage{first == kFinalText ? Opcode::kText : Opcode::kBinary, payload};
}

}  // namespace ws
