#include "proto/push/receipt_writer.h"

#include <charconv>
#include <cstring>

#include "proto/push/json_text.h"

namespace push {
namespace {

// More than the fixed text of a receipt and its numbers at their longest.
constexpr std::size_t kTextMax = 320;

// Writes where there is room already: a receipt is a dozen pieces, and a stream of pushes is
// answered by nothing but receipts.
class Cursor {
 public:
  explicit Cursor(char* at) : at_(at) {}
  template <std::size_t Size>
  Cursor& literal(const char (&text)[Size]) {
    std::memcpy(at_, text, Size - 1);
    at_ += Size - 1;
    return *this;
  }
  Cursor& text(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  Cursor& number(std::uint32_t number) {
    if (number < 10) {
      *at_++ = static_cast<char>('0' + number);
    } else {
      at_ = std::to_chars(at_, at_ + 10, number).ptr;
    }
    return *this;
  }
  [[nodiscard]] char* at() const { return at_; }

 private:
  char* at_;
};

// Appends what `write` writes, at most `size_max` bytes of it.
template <typename Write>
void append_text(std::string& out, std::size_t size_max, Write write) {
  const std::size_t before = out.size();
  if (out.capacity() - before < size_max) out.reserve(2 * out.capacity() + size_max);
  out.resize_and_overwrite(before + size_max, [&](char* text, std::size_t) {
    Cursor cursor(text + before);
    write(cursor);
    return static_cast<std::size_t>(cursor.at() - text);
  });
}

void write_counts(Cursor& to, const ReceiptAnswer& answer) {
  const Receipt& receipt = answer.receipt;
  to.literal(R"("id":")").text(answer.id);
  if (answer.complete) {
    to.literal(R"(","complete":true,"matched":)");
  } else {
    to.literal(R"(","complete":false,"matched":)");
  }
  to.number(receipt.matched).literal(R"(,"written":)").number(receipt.written);
  to.literal(R"(,"queued":)").number(receipt.queued);
  to.literal(R"(,"conflated":)").number(receipt.conflated);
  to.literal(R"(,"dropped":)").number(receipt.dropped);
  if (answer.show_acked) to.literal(R"(,"acked":)").number(receipt.acked);
  to.literal(R"(,"offline":[)");
}

}  // namespace

void append_receipt(std::string& out, const ReceiptAnswer& answer) {
  out.push_back('{');
  append_receipt_members(out, answer);
  out.push_back('}');
}

void append_receipt_members(std::string& out, const ReceiptAnswer& answer) {
  append_text(out, kTextMax + answer.id.size(), [&](Cursor& to) { write_counts(to, answer); });
  for (const std::string& uid : answer.offline) {
    append_json_string(out, uid);
    out.push_back(',');
  }
  if (!answer.offline.empty()) out.pop_back();
  append_text(out, kTextMax, [&](Cursor& to) {
    to.literal(R"(],"nodes":{"asked":)").number(answer.nodes_asked);
    to.literal(R"(,"answered":)").number(answer.nodes_answered).literal("}");
  });
}

}  // namespace push
