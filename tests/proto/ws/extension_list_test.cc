#include "proto/ws/extension_list.h"

#include <gtest/gtest.h>

#include <string>

namespace ws {
namespace {

std::string read(std::string_view value) {
  ExtensionListReader reader(value);
  std::string log;
  for (;;) {
    const auto step = reader.next();
    if (const auto* name = std::get_if<ExtensionName>(&step))
      log += "[" + std::string(name->name) + "]";
    if (const auto* parameter = std::get_if<ExtensionParameter>(&step)) {
      log += " " + std::string(parameter->name);
      if (parameter->value) log += "=" + std::string(*parameter->value);
    }
    if (std::holds_alternative<ExtensionListEnd>(step)) return log;
    if (std::holds_alternative<ExtensionListMalformed>(step)) return log + " malformed";
  }
}

struct Row {
  const char* value;
  const char* expected;
};

constexpr Row kRows[] = {
    {"permessage-deflate", "[permessage-deflate]"},
    {"permessage-deflate; client_max_window_bits", "[permessage-deflate] client_max_window_bits"},
    {"a;b=1;c=\"x\"", "[a] b=1 c=x"},
    {"a ; b = 1 , c", "[a] b=1[c]"},
    {" \ta\t", "[a]"},
    {"a,b", "[a][b]"},
    {"a,,b", "[a][b]"},
    {", a", "[a]"},
    {"a,", "[a]"},
    {"a; b=\"1\\0\"", "[a] b=1\\0"},
    {"", ""},
    {" , ,", ""},
    {"a b", "[a] malformed"},
    {"a;", "[a] malformed"},
    {"a;;b", "[a] malformed"},
    {"a;=1", "[a] malformed"},
    {"a;b=", "[a] malformed"},
    {"a;b=,c", "[a] malformed"},
    {"a;b=\"", "[a] malformed"},
    {"a;b=\"\"", "[a] malformed"},
    {"a;b=\"x", "[a] malformed"},
    {"a;b=\"x y\"", "[a] malformed"},
    {"a;b=\"x\\", "[a] malformed"},
    {"a;b=\"x\\\"", "[a] malformed"},
    {"a;b=\"x\"y", "[a] b=x malformed"},
    {"a;b=1=2", "[a] b=1 malformed"},
    {"(a)", " malformed"},
    {"=", " malformed"},
    {";a", " malformed"},
    {"\"a\"", " malformed"},
    {"constructor; __proto__", "[constructor] __proto__"},
};

TEST(ExtensionListTest, Table) {
  for (const Row& row : kRows) {
    EXPECT_EQ(read(row.value), row.expected) << row.value;
    const std::string_view expected = row.expected;
    EXPECT_EQ(is_valid_extension_list(row.value),
              !expected.empty() && !expected.ends_with("malformed"))
        << row.value;
  }
}

// CVE-2020-7662 and 7663: an unclosed quote with many backslash pairs took exponential time.
TEST(ExtensionListTest, UnclosedQuoteIsLinear) {
  std::string value = "a;b=\"";
  for (int i = 0; i < 1'000'000; ++i) value += "\\c";
  EXPECT_FALSE(is_valid_extension_list(value));
  EXPECT_FALSE(is_valid_extension_list("a" + std::string(1'000'000, ';')));
  EXPECT_FALSE(is_valid_extension_list(std::string(1'000'000, ',')));
  EXPECT_FALSE(is_valid_extension_list("a" + std::string(1'000'000, ' ') + "b"));
}

}  // namespace
}  // namespace ws
