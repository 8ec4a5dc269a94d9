#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bench/load/target/profile.h"
#include "bench/load/target/publish_request.h"
#include "bench/load/target/template.h"

namespace load {
namespace {

std::string fill(std::string_view source) {
  return Template(source).fill({.uid = "42", .text = "hello", .channel = "news"});
}

TEST(Template, FillsPlaceholders) {
  EXPECT_EQ(fill(""), "");
  EXPECT_EQ(fill("/ws"), "/ws");
  EXPECT_EQ(fill("{uid}"), "42");
  EXPECT_EQ(fill("/send?uid={uid}&message={text}"), "/send?uid=42&message=hello");
  EXPECT_EQ(fill(R"({"uid":"{uid}","text":"{text}","channel":"{channel}"})"),
            R"({"uid":"42","text":"hello","channel":"news"})");
  EXPECT_EQ(fill("{uid}{uid}"), "4242");
  EXPECT_EQ(fill("{unknown} {uid"), "{unknown} {uid");
}

TEST(Profile, EveryBuiltInOneCanPush) {
  for (const std::string_view name : built_in_profiles()) {
    const auto profile = load_profile(std::string(name));
    ASSERT_TRUE(profile.has_value()) << profile.error();
    EXPECT_EQ(profile->name, name);
    EXPECT_TRUE(profile->push.is_supported());
  }
}

class ProfileFile : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    path_ = testing::TempDir() + "dunlin_profile_test.toml";
    std::ofstream(path_) << text;
    return path_;
  }
  ~ProfileFile() override { std::filesystem::remove(path_); }

 private:
  std::string path_;
};

TEST_F(ProfileFile, DescribesAnotherServer) {
  const auto profile = load_profile(write(R"(
name = "nchan"
[client]
path = "/sub?id={uid}"
broadcast_path = "/sub?id=all"
[push]
path = "/pub?id={uid}"
content_type = "text/plain"
body = "{text}"
)"));
  ASSERT_TRUE(profile.has_value()) << profile.error();
  EXPECT_EQ(profile->name, "nchan");
  EXPECT_EQ(profile->broadcast_path.fill({.uid = "1", .text = {}, .channel = {}}), "/sub?id=all");
  EXPECT_TRUE(profile->login.empty());
  EXPECT_TRUE(profile->push.is_supported());
  EXPECT_FALSE(profile->batch.is_supported());
}

TEST_F(ProfileFile, SaysWhatIsWrong) {
  EXPECT_NE(load_profile(write("name = \"x\"")).error().find("[client]"), std::string::npos);
  EXPECT_NE(load_profile(write("a = [")).error().find("dunlin_profile_test.toml"),
            std::string::npos);
  EXPECT_FALSE(load_profile("/nonexistent/profile.toml").has_value());
}

TEST(PublishRequest, WritesOneRequest) {
  const PublishForm form{.method = "POST",
                         .path = Template("/push/{uid}"),
                         .content_type = "text/plain",
                         .body = Template("{text}")};
  PublishRequest request(form, "h:1", "X-API-Key: k");
  std::string out;
  request.append_to(out, {.uid = "7", .text = "hi", .channel = {}});
  EXPECT_EQ(out,
            "POST /push/7 HTTP/1.1\r\nHost: h:1\r\nContent-Type: text/plain\r\nX-API-Key: k\r\n"
            "Content-Length: 2\r\n\r\nhi");
}

TEST(PublishRequest, WritesABatchOfLines) {
  const PublishForm form{.method = "POST",
                         .path = Template("/push"),
                         .content_type = "application/x-ndjson",
                         .body = Template("{uid}:{text}")};
  PublishRequest request(form, "h:1", "");
  std::string out;
  request.append_batch_to(out);
  EXPECT_EQ(out, "");
  request.add_line({.uid = "1", .text = "a", .channel = {}});
  request.add_line({.uid = "2", .text = "b", .channel = {}});
  request.append_batch_to(out);
  EXPECT_EQ(out,
            "POST /push HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/x-ndjson\r\n"
            "Content-Length: 8\r\n\r\n1:a\n2:b\n");
}

}  // namespace
}  // namespace load
