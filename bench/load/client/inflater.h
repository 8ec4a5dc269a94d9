// Makes messages of permessage-deflate readable (RFC 7692 section 7.2.2), each for itself: without
// context takeover equal bytes are equal messages, so what the clients of one worker get of a
// broadcast is inflated once. Otherwise the harness would need more CPU time than the server.
//
// Owner: a task's clients.   Thread: its worker's.   Bound: kRemembered messages.
#pragma once

#include <zlib.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace load {

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // The message, until the next call. Nothing: it is damaged, or longer than `size_max`.
  [[nodiscard]] std::optional<std::string_view> inflate(std::string_view compressed,
                                                        std::size_t size_max);

 private:
  // As many broadcasts may be under way between two of the same.
  static constexpr std::size_t kRemembered = 64;

  struct Message {
    std::string compressed;
    std::string plain;
  };

  bool feed(std::string_view input, std::string& plain, std::size_t size_max);

  z_stream stream_{};
  std::array<Message, kRemembered> messages_;
};

}  // namespace load
