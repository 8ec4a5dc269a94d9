// The small JSON requests of the API besides a push, and JSON that is only checked.
//
// Owner: one for each shard.   Thread: its shard's.   Bound: as PushParser.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string_view>
#include <vector>

#include "proto/push/padded_text.h"
#include "proto/push/push_error.h"

namespace push {

class BodyParser {
 public:
  struct ListRule {
    std::string_view name;
    std::size_t count_max;
    std::size_t size_max;  // Of one element.
  };
  struct TextRule {
    std::string_view name;
    std::size_t size_max;
  };

  BodyParser();
  ~BodyParser();
  BodyParser(BodyParser&&) noexcept;
  BodyParser& operator=(BodyParser&&) noexcept;

  // {"<name>":["…",…]}: exactly this member, no empty string in it. Views are valid until the next
  // call, and as long as `json`.
  [[nodiscard]] std::expected<void, PushError> parse_list(PaddedText json, const ListRule& rule,
                                                          std::vector<std::string_view>& texts);

  // {"<name>":"…"}: exactly this member, not empty.
  [[nodiscard]] std::expected<std::string_view, PushError> parse_text(PaddedText json,
                                                                      const TextRule& rule);

  // Any JSON value: its text without the white space around it.
  [[nodiscard]] std::expected<std::string_view, PushError> check(PaddedText json);

  // From time to time: gives back what no text since the last call has needed. Ends the views.
  void rest();
  // The same, of all that is kept for the next text.
  void let_go();
  // What is kept for it, in bytes.
  [[nodiscard]] std::size_t memory_size() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Bytes that are to become a text message.
[[nodiscard]] bool is_valid_utf8(std::string_view text);

}  // namespace push
