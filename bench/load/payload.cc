#include "bench/load/payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <span>

namespace load {
namespace {

constexpr std::string_view kJsonBegin = R"({"id":")";
constexpr std::string_view kJsonItems = R"(","type":"feed","items":[)";
constexpr std::string_view kJsonNote = R"(],"note":")";
constexpr std::string_view kJsonEnd = R"("})";
static_assert(kJsonBegin.size() + kStampSize + kJsonItems.size() + kJsonNote.size() +
                  kJsonEnd.size() <=
              Payload::kJsonSizeMin);

constexpr std::array<std::string_view, 12> kNames = {"Ada",   "Boris",  "Chidi", "Dagny",
                                                     "Emeka", "Farah",  "Goro",  "Hana",
                                                     "Iker",  "Jelena", "Kofi",  "Leila"};
constexpr std::array<std::string_view, 6> kStates = {"new",     "open",   "assigned",
                                                     "waiting", "solved", "closed"};
constexpr std::array<std::string_view, 48> kWords = {
    "the",     "of",       "order",   "and",     "to",       "is",      "we",       "customer",
    "has",     "been",     "shipped", "please",  "for",      "your",    "meeting",  "at",
    "invoice", "with",     "station", "delayed", "by",       "minutes", "platform", "changed",
    "a",       "message",  "from",    "was",     "received", "on",      "Tuesday",  "before",
    "noon",    "delivery", "address", "could",   "not",      "be",      "found",    "again",
    "team",    "will",     "answer",  "soon",    "thanks",   "new",     "price",    "available"};

class Author {
 public:
  // std::uniform_int_distribution may differ from library to library; the remainder does not.
  std::size_t below(std::size_t count) { return random_() % count; }

  template <std::size_t kCount>
  std::string_view one_of(const std::array<std::string_view, kCount>& texts) {
    return texts[below(kCount)];
  }

  std::string sentence(std::size_t words) {
    std::string text(one_of(kWords));
    while (--words > 0) fmt::format_to(std::back_inserter(text), " {}", one_of(kWords));
    return text;
  }

  std::string item() {
    return fmt::format(
        R"({{"user":{},"name":"{}","state":"{}","at":"2026-{:02}-{:02}T{:02}:{:02}:{:02}Z",)"
        R"("amount":{}.{:02},"text":"{}"}})",
        100'000 + below(900'000), one_of(kNames), one_of(kStates), 1 + below(12), 1 + below(28),
        below(24), below(60), below(60), below(1'000), below(100), sentence(6 + below(8)));
  }

 private:
  std::minstd_rand random_{20'260'314};
};

std::string make_json(std::size_t size) {
  Author author;
  std::string text(kJsonBegin);
  text.append(kStampSize, '0').append(kJsonItems);
  const std::size_t end_size = kJsonNote.size() + kJsonEnd.size();
  for (bool first = true;; first = false) {
    const std::string item = (first ? "" : ",") + author.item();
    if (text.size() + item.size() + end_size > size) break;
    text += item;
  }
  text += kJsonNote;
  // What is left is text, cut where the size says.
  const std::size_t left = size - text.size() - kJsonEnd.size();
  std::string note;
  while (note.size() < left) note += author.sentence(8) + ", ";
  return text.append(note, 0, left).append(kJsonEnd);
}

std::string make_letters(std::size_t size) {
  std::string text(size, '0');
  for (std::size_t i = kStampSize; i < size; ++i) {
    text[i] = static_cast<char>('a' + (i - kStampSize) % 26);
  }
  return text;
}

}  // namespace

Payload::Payload(PayloadKind kind, std::size_t size)
    : text_(kind == PayloadKind::kJson ? make_json(std::max(size, kJsonSizeMin))
                                       : make_letters(std::max(size, kStampSize))),
      stamp_at_(kind == PayloadKind::kJson ? kJsonBegin.size() : 0) {
  stamp({});
}

void Payload::stamp(const Stamp& stamp) { write_stamp(std::span(text_).subspan(stamp_at_), stamp); }

std::optional<Stamp> Payload::stamp_of(std::string_view message) const {
  if (message.size() < stamp_at_) return std::nullopt;
  return read_stamp(message.substr(stamp_at_));
}

bool Payload::is_intact(std::string_view message) const {
  const std::string_view original = text_;
  const std::size_t behind = stamp_at_ + kStampSize;
  return message.size() == original.size() &&
         message.substr(0, stamp_at_) == original.substr(0, stamp_at_) &&
         message.substr(behind) == original.substr(behind);
}

}  // namespace load
