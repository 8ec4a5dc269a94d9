// Text with the placeholders {uid}, {text} and {channel}, cut up once and filled in per request.
// Values are written as they are; PublishRequest escapes what must be.
//
// Owner: a Profile.   Thread: any (immutable).   Bound: none; the text comes from a profile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace load {

class Template {
 public:
  struct Values {
    std::string_view uid;
    std::string_view text;
    std::string_view channel;
  };

  Template() = default;
  explicit Template(std::string_view source);

  void append_to(std::string& out, const Values& values) const;
  [[nodiscard]] std::string fill(const Values& values) const;
  [[nodiscard]] bool empty() const { return pieces_.empty(); }

 private:
  enum class Slot : std::uint8_t { kNone, kUid, kText, kChannel };

  struct Piece {
    std::string literal;  // Stands before the slot.
    Slot slot;
  };

  std::vector<Piece> pieces_;
};

}  // namespace load
