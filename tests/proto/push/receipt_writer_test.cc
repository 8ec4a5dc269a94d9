#include "proto/push/receipt_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proto/push/json_text.h"

namespace {

TEST(ReceiptWriter, WritesTheDesignsExample) {
  const std::vector<std::string> offline = {"77"};
  std::string out;
  push::append_receipt(out, {.id = "0123",
                             .receipt = {.matched = 3, .written = 2, .queued = 1},
                             .offline = offline,
                             .nodes_asked = 4,
                             .nodes_answered = 4});
  EXPECT_EQ(out, R"({"id":"0123","complete":true,"matched":3,"written":2,"queued":1,"conflated":0,)"
                 R"("dropped":0,"offline":["77"],"nodes":{"asked":4,"answered":4}})");
}

TEST(ReceiptWriter, WritesAckedWhenAsked) {
  const std::vector<std::string> offline = {"a\"b", "\n"};
  std::string out;
  push::append_receipt(out, {.id = "1",
                             .complete = false,
                             .receipt = {.matched = 4294967295, .dropped = 7, .acked = 5},
                             .offline = offline,
                             .show_acked = true});
  EXPECT_EQ(out, R"({"id":"1","complete":false,"matched":4294967295,"written":0,"queued":0,)"
                 R"("conflated":0,"dropped":7,"acked":5,"offline":["a\"b","\n"],)"
                 R"("nodes":{"asked":1,"answered":1}})");
}

TEST(JsonText, EscapesWhatMustBeEscaped) {
  std::string out;
  push::append_json_string(out, std::string_view("a\"\\/\b\f\n\r\t\x01\x1F\0\x7F\xC3\xA9", 15));
  EXPECT_EQ(out, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u0000\x7F\xC3\xA9\"");
}

}  // namespace
