#include "proto/push/receipt_writer.h"

#include "proto/push/json_text.h"

namespace push {
namespace {

void append_member(std::string& out, std::string_view key_with_punctuation, std::uint32_t number) {
  out.append(key_with_punctuation);
  append_number(out, number);
}

}  // namespace

void append_receipt(std::string& out, const ReceiptAnswer& answer) {
  out.push_back('{');
  append_receipt_members(out, answer);
  out.push_back('}');
}

void append_receipt_members(std::string& out, const ReceiptAnswer& answer) {
  out.append(R"("id":")").append(answer.id);
  out.append(answer.complete ? R"(","complete":true)" : R"(","complete":false)");
  const Receipt& receipt = answer.receipt;
  append_member(out, R"(,"matched":)", receipt.matched);
  append_member(out, R"(,"written":)", receipt.written);
  append_member(out, R"(,"queued":)", receipt.queued);
  append_member(out, R"(,"conflated":)", receipt.conflated);
  append_member(out, R"(,"dropped":)", receipt.dropped);
  if (answer.show_acked) append_member(out, R"(,"acked":)", receipt.acked);
  out.append(R"(,"offline":[)");
  for (const std::string& uid : answer.offline) {
    append_json_string(out, uid);
    out.push_back(',');
  }
  if (!answer.offline.empty()) out.pop_back();
  append_member(out, R"(],"nodes":{"asked":)", answer.nodes_asked);
  append_member(out, R"(,"answered":)", answer.nodes_answered);
  out.push_back('}');
}

}  // namespace push
