#include "proto/http/query.h"

#include <gtest/gtest.h>

namespace http {
namespace {

using Text = std::optional<std::string>;
using namespace std::string_literals;

TEST(QueryTest, PercentDecode) {
  const std::pair<const char*, Text> rows[] = {
      {"", ""},         {"abc", "abc"},
      {"a%20b", "a b"}, {"%41%5a%5A", "AZZ"},
      {"a+b", "a+b"},   {"%e2%82%ac", "\xe2\x82\xac"},
      {"%00", "\0"s},   {"%25%34%31", "%41"},  // Decoded once.
      {"%", {}},        {"%4", {}},
      {"%4g", {}},      {"%g4", {}},
      {"%%41", {}},     {"abc%", {}},
      {"% 1", {}},      {"%-1", {}},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(percent_decode(text), expected) << text;
}

struct Row {
  const char* query;
  const char* name;
  Text expected;
};

TEST(QueryTest, Parameters) {
  const Row rows[] = {
      {"uid=123", "uid", "123"},
      {"uid=123&message=Hello%20World", "message", "Hello World"},
      {"message=Hello+World", "message", "Hello World"},
      {"message=1%2B1", "message", "1+1"},
      {"a=1&a=2", "a", "1"},
      {"a=", "a", ""},
      {"a", "a", ""},
      {"a&b=2", "b", "2"},
      {"a=b=c", "a", "b=c"},
      {"=x", "", "x"},
      {"&&a=1&&", "a", "1"},
      {"a=1;b=2", "b", {}},
      {"", "a", {}},
      {"", "", {}},
      {"&", "", {}},
      {"ab=1", "a", {}},
      {"b=a=1", "a", {}},
      {"A=1", "a", {}},
      {"special%4bey=1", "specialKey", "1"},
      {"a+b=1", "a b", "1"},
      {"%zz=1&a=2", "a", "2"},
      {"a=%zz", "a", {}},
      {"a=%zz&a=1", "a", {}},
      {"a=%e2%82%ac", "a", "\xe2\x82\xac"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(query_parameter(row.query, row.name), row.expected) << row.query << ", " << row.name;
  }
}

TEST(QueryTest, CountsParametersOfAName) {
  EXPECT_EQ(count_query_parameters("", "a"), 0U);
  EXPECT_EQ(count_query_parameters("b=1&ab=2&A=3", "a"), 0U);
  EXPECT_EQ(count_query_parameters("a", "a"), 1U);
  EXPECT_EQ(count_query_parameters("a=1&b=2&a=%zz&&%61=", "a"), 3U);
}

}  // namespace
}  // namespace http
