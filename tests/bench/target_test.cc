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
  EXPECT_GE(built_in_profiles().size(), 8u);
  for (const std::string_view name : built_in_profiles()) {
    const auto profile = load_profile(std::string(name));
    ASSERT_TRUE(profile.has_value()) << profile.error();
    EXPECT_EQ(profile->name, name);
    EXPECT_TRUE(profile->push.is_supported()) << name;
    EXPECT_TRUE(profile->broadcast.is_supported()) << name;
    EXPECT_TRUE(profile->channel.is_supported()) << name;
    EXPECT_FALSE(profile->channel_path.empty()) << name;
    EXPECT_FALSE(profile->push.is_batch) << name;
    // Whose message it is must show somewhere: in the path, or in what is said first.
    const Template::Values someone{.uid = "~uid~", .text = {}, .channel = {}};
    EXPECT_NE((profile->client_path.fill(someone) + profile->login.fill(someone)).find("~uid~"),
              std::string::npos)
        << name;
  }
}

TEST(Profile, AnUnknownNameIsToldWhatThereIs) {
  const auto none = load_profile("no-such-profile");
  ASSERT_FALSE(none.has_value());
  EXPECT_NE(none.error().find("'no-such-profile'"), std::string::npos);
  for (const std::string_view name : built_in_profiles()) {
    EXPECT_NE(none.error().find(name), std::string::npos) << name;
  }
}

TEST(Profile, ServersOfOneKindShareAProfile) {
  const auto plain = load_profile("dunlin-plain");
  const auto limit = load_profile("limit");
  ASSERT_TRUE(plain.has_value() && limit.has_value());
  EXPECT_EQ(plain->echo_path, load_profile("dunlin")->echo_path);
  EXPECT_EQ(limit->echo_path, plain->echo_path);
}

TEST(Profile, NatsSpeaksItsOwnProtocol) {
  const auto nats = load_profile("nats");
  ASSERT_TRUE(nats.has_value());
  EXPECT_EQ(nats->protocol, Protocol::kNats);
  EXPECT_EQ(nats->push.path.fill({.uid = "7", .text = {}, .channel = {}}), "uid.7");
  const std::string login = nats->login.fill({.uid = "7", .text = {}, .channel = {}});
  EXPECT_TRUE(login.starts_with("CONNECT {")) << login;
  EXPECT_TRUE(login.ends_with("\r\nSUB uid.7 1\r\nSUB all 2\r\n")) << login;
  EXPECT_EQ(load_profile("nchan")->protocol, Protocol::kHttp);
}

TEST(Profile, TlsAndCompressionAreAskedForByTheProfile) {
  const auto plain = load_profile("dunlin");
  const auto tls = load_profile("limit-tls");
  const auto deflate = load_profile("dunlin-deflate");
  ASSERT_TRUE(plain && tls && deflate);
  EXPECT_FALSE(plain->tls || plain->api_tls || plain->deflate);
  EXPECT_TRUE(tls->tls && !tls->api_tls && !tls->deflate);
  EXPECT_TRUE(!deflate->tls && deflate->deflate);
  EXPECT_EQ(tls->name, "limit-tls");
  EXPECT_EQ(tls->echo_path, plain->echo_path);
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
[batch]
path = "/pub"
[push]
path = "/pub?id={uid}"
content_type = "text/plain"
body = "{text}"
)"));
  ASSERT_TRUE(profile.has_value()) << profile.error();
  EXPECT_EQ(profile->name, "nchan");
  EXPECT_EQ(profile->broadcast_path.fill({.uid = "1", .text = {}, .channel = {}}), "/sub?id=all");
  EXPECT_TRUE(profile->login.empty());
  EXPECT_EQ(profile->mixed_path.fill({.uid = "1", .text = {}, .channel = {}}), "/sub?id=1");
  EXPECT_TRUE(profile->push.is_supported());
  EXPECT_TRUE(profile->batch.is_supported());
  EXPECT_TRUE(profile->batch.is_batch);
  EXPECT_FALSE(profile->broadcast.is_supported());
}

TEST_F(ProfileFile, HasABaseWhoseWordsItOverrules) {
  const auto profile = load_profile(write(R"(
base = "dunlin-tls"
api_tls = true
[client]
path = "/other"
[push]
path = "/push"
)"));
  ASSERT_TRUE(profile.has_value()) << profile.error();
  EXPECT_TRUE(profile->tls && profile->api_tls);
  EXPECT_EQ(profile->client_path.fill({.uid = "1", .text = {}, .channel = {}}), "/other");
  EXPECT_EQ(profile->echo_path, "/echo") << "of the base's base";
  EXPECT_EQ(profile->push.path.fill({.uid = "1", .text = {}, .channel = {}}), "/push");
  EXPECT_FALSE(profile->push.body.empty());
  EXPECT_TRUE(profile->name.ends_with("dunlin_profile_test.toml")) << "not the base's name";
}

TEST_F(ProfileFile, ABaseMustBeThereAndNotItsOwn) {
  EXPECT_NE(load_profile(write("base = \"no-such\"\n[client]")).error().find("'no-such'"),
            std::string::npos);
  const std::string own = testing::TempDir() + "dunlin_profile_test.toml";
  EXPECT_NE(load_profile(write("base = \"" + own + "\"\n[client]")).error().find("too many bases"),
            std::string::npos);
}

TEST_F(ProfileFile, NatsHasNoHttps) {
  EXPECT_NE(load_profile(write("base = \"nats\"\napi_tls = true")).error().find("api_tls"),
            std::string::npos);
}

TEST_F(ProfileFile, SaysWhatIsWrong) {
  EXPECT_NE(load_profile(write("name = \"x\"")).error().find("[client]"), std::string::npos);
  EXPECT_NE(load_profile(write("protocol = \"smtp\"\n[client]")).error().find("'smtp'"),
            std::string::npos);
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

TEST(PublishRequest, EscapesTextWhereTheBodyIsJson) {
  for (const bool is_json : {true, false}) {
    const PublishForm form{.method = "POST",
                           .path = Template("/"),
                           .content_type = is_json ? "application/x-ndjson" : "text/plain",
                           .body = Template("<{uid}|{text}>")};
    PublishRequest request(form, "h:1", "");
    std::string out;
    request.append_to(out, {.uid = "7", .text = R"({"a":"b"})", .channel = {}});
    EXPECT_TRUE(out.ends_with(is_json ? R"(<7|{\"a\":\"b\"}>)" : R"(<7|{"a":"b"}>)")) << out;
    request.add_line({.uid = "8", .text = R"("x")", .channel = {}});
    request.append_batch_to(out);
    EXPECT_TRUE(out.ends_with(is_json ? "<8|\\\"x\\\">\n" : "<8|\"x\">\n")) << out;
  }
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
