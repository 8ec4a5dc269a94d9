// What the JSON parsers of this folder share: a simdjson on-demand parser whose memory is bounded,
// values read with all their text checked, and simdjson's errors in our words.
// Only for .cc files here: it drags in simdjson.h.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/push/padded_text.h"
#include "proto/push/push_error.h"

namespace push::json {

namespace ondemand = simdjson::ondemand;

enum class Read : std::uint8_t { kOk, kWrongType, kMalformed };
enum class Number : std::uint8_t { kOk, kWrongType, kOutOfRange, kMalformed };
enum class Checked : std::uint8_t { kOk, kTooDeep, kMalformed };

// One document at a time. Whatever is read of it is valid until the next open(), and as long as
// the text. After kMalformed nothing more is to be read.
class Reader {
 public:
  // simdjson takes six bytes for each byte of the largest document: rest() gives back what a rare
  // large one needed.

  // On success the text is valid UTF-8 without control characters in strings; everything else is
  // checked as it is read.
  [[nodiscard]] simdjson::error_code open(PaddedText json);

  // From time to time, while nothing of a document is in use: gives back what no document since the
  // last call has needed.
  void rest();
  // The same, of everything.
  void let_go();
  // What the parser holds, in bytes.
  [[nodiscard]] std::size_t memory_size() const;

  // The document as an object; INCORRECT_TYPE if it is something else.
  [[nodiscard]] simdjson::error_code root(ondemand::object& object);

  // After the root was read: nothing but white space follows it.
  [[nodiscard]] bool at_end();

  // A string's value: a view into the text, or into this object where it had escapes. Valid UTF-8.
  [[nodiscard]] Read read_string(ondemand::value value, std::string_view& text) const;
  [[nodiscard]] Read read_bool(ondemand::value value, bool& truth) const;
  // An integer written without fraction and exponent. Out of range: negative or above 2^64 - 1.
  [[nodiscard]] Number read_integer(ondemand::value value, std::uint64_t& integer) const;
  // Any value: its text, exactly as it was given, after all of it was checked.
  [[nodiscard]] Checked read_raw(ondemand::value value, std::size_t depth_max,
                                 std::string_view& raw);

  // Checks a value and moves past it.
  [[nodiscard]] Checked check(ondemand::value value, std::size_t depth_max) const;
  // In place of root(): the whole text is one valid value of any type.
  [[nodiscard]] Checked check_document(std::size_t depth_max);

 private:
  [[nodiscard]] std::string_view token_of(ondemand::value& value) const;
  [[nodiscard]] Checked check_object(ondemand::object object, std::size_t depth_max) const;
  [[nodiscard]] Checked check_array(ondemand::array array, std::size_t depth_max) const;

  ondemand::parser parser_;
  ondemand::document document_;
  const char* end_ = nullptr;  // Of the text. simdjson can run into what follows it.
  std::size_t largest_ = 0;    // Document since the last rest().
};

// A member's name. Empty if it is longer than any of ours or is written with escapes. False: the
// escapes are malformed.
[[nodiscard]] bool read_key(ondemand::raw_json_string key, std::string_view& name);
inline constexpr std::size_t kPlainKeySizeMax = 24;

// simdjson's error as ours: invalid_json or invalid_utf8.
[[nodiscard]] PushError malformed(simdjson::error_code error);
[[nodiscard]] PushError malformed();
[[nodiscard]] PushError too_deep(std::size_t depth_max);

}  // namespace push::json
