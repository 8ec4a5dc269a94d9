// openapi.json and the table of routes say the same.
#include "gateway/api/openapi.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

#include "gateway/api/routes.h"

namespace api {
namespace {

using simdjson::dom::element;

class OpenapiTest : public ::testing::Test {
 protected:
  OpenapiTest() {
    EXPECT_EQ(parser_.parse(simdjson::padded_string(openapi_json())).get(root_), simdjson::SUCCESS);
  }

  // Every value of a member called `name`, anywhere.
  template <typename Visit>
  static void for_each_member(const element& at, std::string_view name, const Visit& visit) {
    if (simdjson::dom::object object; at.get(object) == simdjson::SUCCESS) {
      for (const auto& [key, value] : object) {
        if (key == name) visit(value);
        for_each_member(value, name, visit);
      }
    } else if (simdjson::dom::array array; at.get(array) == simdjson::SUCCESS) {
      for (const element item : array) for_each_member(item, name, visit);
    }
  }

  simdjson::dom::parser parser_;
  element root_;
};

TEST_F(OpenapiTest, IsOfItsVersion) {
  EXPECT_TRUE(std::string_view(root_["openapi"]).starts_with("3.1."));
}

TEST_F(OpenapiTest, DescribesTheRoutesAndNoOthers) {
  std::set<std::string> described;
  for (const auto& [path, item] : simdjson::dom::object(root_["paths"])) {
    for (const auto& [method, operation] : simdjson::dom::object(item)) {
      std::string name(method);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return std::toupper(c); });
      described.insert(name + " " + std::string(path));
    }
  }
  std::set<std::string> served;
  for (const Route& route : routes()) {
    served.insert(std::string(route.method_name) + " " + std::string(route.pattern));
  }
  EXPECT_EQ(described, served);
}

TEST_F(OpenapiTest, EveryOperationIsComplete) {
  std::set<std::string> ids;
  for (const auto& [path, item] : simdjson::dom::object(root_["paths"])) {
    for (const auto& [method, operation] : simdjson::dom::object(item)) {
      const std::string where = std::string(method) + " " + std::string(path);
      EXPECT_TRUE(ids.insert(std::string(std::string_view(operation["operationId"]))).second)
          << where;
      EXPECT_FALSE(operation["summary"].error()) << where;
      const RouteMatch match = find_route(method == "get"    ? http::Method::kGet
                                          : method == "post" ? http::Method::kPost
                                          : method == "put"  ? http::Method::kPut
                                                             : http::Method::kDelete,
                                          path);
      ASSERT_NE(match.route, nullptr) << where;
      EXPECT_EQ(operation["responses"]["401"].error() == simdjson::SUCCESS, !match.route->open)
          << where;
      EXPECT_EQ(operation["responses"]["403"].error() == simdjson::SUCCESS, !match.route->open)
          << where;
      EXPECT_EQ(operation["requestBody"].error() == simdjson::SUCCESS,
                match.route->body != BodyUse::kIgnored)
          << where;
      bool parameter = false;
      if (simdjson::dom::array parameters;
          operation["parameters"].get(parameters) == simdjson::SUCCESS) {
        for (const element each : parameters) parameter |= std::string_view(each["in"]) == "path";
      }
      EXPECT_EQ(parameter, path.find('{') != std::string_view::npos) << where;
    }
  }
}

TEST_F(OpenapiTest, EveryReferenceLeadsSomewhere) {
  int count = 0;
  for_each_member(root_, "$ref", [&](const element& reference) {
    const std::string_view target = reference;
    ASSERT_TRUE(target.starts_with("#/"));
    EXPECT_FALSE(root_.at_pointer(target.substr(1)).error()) << target;
    ++count;
  });
  EXPECT_GT(count, 50);
}

TEST_F(OpenapiTest, RoutesMatchAsTheyShould) {
  EXPECT_EQ(find_route(http::Method::kPost, "/v1/push/a").parameter, "a");
  EXPECT_EQ(find_route(http::Method::kPost, "/v1/push/").route, nullptr);
  EXPECT_EQ(find_route(http::Method::kGet, "/v1/channels/presence/presence").parameter, "presence");
  EXPECT_EQ(find_route(http::Method::kGet, "/v1/channels//presence").route, nullptr);
  EXPECT_EQ(find_route(http::Method::kHead, "/metrics").route->pattern, "/metrics");
  EXPECT_EQ(find_route(http::Method::kHead, "/send").route, nullptr);
  EXPECT_TRUE(find_route(http::Method::kHead, "/send").path_known);
}

}  // namespace
}  // namespace api
