#include "bench/load/target/template.h"

#include <array>
#include <utility>

namespace load {

Template::Template(std::string_view source) {
  constexpr std::array<std::pair<std::string_view, Slot>, 3> kPlaceholders{
      {{"{uid}", Slot::kUid}, {"{text}", Slot::kText}, {"{channel}", Slot::kChannel}}};
  while (!source.empty()) {
    std::size_t nearest = source.size();
    std::size_t placeholder_size = 0;
    Slot slot = Slot::kNone;
    for (const auto& [name, meaning] : kPlaceholders) {
      const auto at = source.find(name);
      if (at >= nearest) continue;
      nearest = at;
      placeholder_size = name.size();
      slot = meaning;
    }
    pieces_.push_back({.literal = std::string(source.substr(0, nearest)), .slot = slot});
    source.remove_prefix(nearest + placeholder_size);
  }
}

void Template::append_to(std::string& out, const Values& values) const {
  for (const Piece& piece : pieces_) {
    out += piece.literal;
    switch (piece.slot) {
      case Slot::kNone:
        break;
      case Slot::kUid:
        out += values.uid;
        break;
      case Slot::kText:
        out += values.text;
        break;
      case Slot::kChannel:
        out += values.channel;
        break;
    }
  }
}

std::string Template::fill(const Values& values) const {
  std::string out;
  append_to(out, values);
  return out;
}

}  // namespace load
