// Names of things that are looked up across threads and told to the outside. A connection is never
// held by pointer from outside its shard: its id is looked up, and may be gone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cross {

using ShardIndex = std::uint16_t;
inline constexpr std::size_t kShardsMax = 256;

// Drawn at random when the process starts; part of every id told to the outside, so that an id
// from before a restart never names something else after it.
std::uint32_t incarnation();

// shard:8 | generation:24 | slot:32. A slot is used again, with another generation.
struct ConnectionId {
  std::uint64_t value = 0;

  static ConnectionId make(ShardIndex shard, std::uint32_t generation, std::uint32_t slot) {
    return {(std::uint64_t{shard} << 56) | (std::uint64_t{generation & 0xFFFFFF} << 32) | slot};
  }
  [[nodiscard]] ShardIndex shard() const { return static_cast<ShardIndex>(value >> 56); }
  [[nodiscard]] std::uint32_t generation() const { return (value >> 32) & 0xFFFFFF; }
  [[nodiscard]] std::uint32_t slot() const { return static_cast<std::uint32_t>(value); }
  bool operator==(const ConnectionId&) const = default;
};

// shard:8 | serial:56, unique within the process's life.
struct MessageId {
  std::uint64_t value = 0;
  bool operator==(const MessageId&) const = default;
};

// 24 lower-case hexadecimal digits: incarnation, then value; on the stack.
class IdText {
 public:
  explicit IdText(ConnectionId id) : IdText(id.value) {}
  explicit IdText(MessageId id) : IdText(id.value) {}
  [[nodiscard]] std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  explicit IdText(std::uint64_t value);
  std::array<char, 24> text_;
};

std::string to_string(ConnectionId id);
std::string to_string(MessageId id);

// Nothing when the text is no id, or one of another incarnation.
std::optional<ConnectionId> parse_connection_id(std::string_view text);
std::optional<MessageId> parse_message_id(std::string_view text);

}  // namespace cross
