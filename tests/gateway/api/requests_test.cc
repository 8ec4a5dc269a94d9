// What each route asks of the gateway and answers.
#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/routes.h"
#include "tests/gateway/api/api_fixture.h"

namespace api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class RequestsTest : public ApiTest {
 protected:
  // A request that asks the gateway a question, which is answered with `answer`.
  template <typename Asked>
  Answer1 ask_gateway(std::string_view request, Asked& asked, Answer answer) {
    answer_at_once = false;
    Client client = connect();
    client.send(request);
    turns();
    if (dispatcher.questions.size() != 1) {
      ADD_FAILURE() << "no question for " << request;
      return {};
    }
    asked = std::get<Asked>(dispatcher.questions.front().query);
    dispatcher.answer(std::move(answer));
    turns();
    client.receive();
    auto answers = cut_answers(client.received);
    if (answers.size() != 1) {
      ADD_FAILURE() << "no answer to " << request;
      return {};
    }
    return answers.front();
  }
  const push::PushRequest& pushed() {
    EXPECT_EQ(dispatcher.pushes.size(), 1);
    return dispatcher.pushes.front().request.request();
  }
};

constexpr std::string_view kText = "Content-Type: text/plain; charset=utf-8\r\n";

TEST_F(RequestsTest, EveryErrorIsSaidTheSameWay) {
  struct Row {
    std::string request;
    int status;
    std::string_view code;
  };
  const std::string huge(300, 'u');
  const Row rows[] = {
      {get("/nowhere"), 404, "not_found"},
      {get("/v1/users/"), 404, "not_found"},
      {get("/v1/users/a/b"), 404, "not_found"},
      {get("/v1/push"), 405, "method_not_allowed"},
      {post("/healthz", ""), 405, "method_not_allowed"},
      {request("PATCH", "/v1/push", "{}"), 405, "method_not_allowed"},
      {request("HEAD", "/send?uid=1&message=a", ""), 405, "method_not_allowed"},
      {get("/v1/users/%zz"), 400, "invalid_path"},
      {get("/v1/users/%ff"), 400, "invalid_parameter"},
      {get("/v1/users/" + huge), 400, "invalid_parameter"},
      {post("/v1/push", ""), 400, "invalid_json"},
      {post("/v1/push", "{"), 400, "invalid_json"},
      {post("/v1/push", R"({"uid":1,"text":""})"), 400, "wrong_type"},
      {post("/v1/push", R"({"uid":"1","text":""})", kText), 415, "unsupported_media_type"},
      {post("/v1/push", R"({"uid":"1","text":""})", "Content-Type: application/xml\r\n"), 415,
       "unsupported_media_type"},
      {post("/v1/push", R"({"uid":"1","text":""})",
            "Content-Type: application/json\r\nSec-Fetch-Site: cross-site\r\n"),
       403, "cross_site"},
      {get("/send?uid=1&message=a", "Sec-Fetch-Site: cross-site\r\n"), 403, "cross_site"},
      {post("/v1/push/1", "\xFF", kText), 400, "invalid_utf8"},
      {post("/v1/push/1", "{", "Content-Type: application/json\r\n"), 400, "invalid_json"},
      {post("/v1/push/1", "a", "Content-Type: image/png\r\n"), 415, "unsupported_media_type"},
      {post("/v1/push/1?wait=maybe", "a", kText), 400, "invalid_parameter"},
      {post("/v1/push/1?ttl_ms=-1", "a", kText), 400, "invalid_parameter"},
      {post("/v1/push/1?ttl_ms=", "a", kText), 400, "invalid_parameter"},
      {post("/v1/push/1?ttl_ms=1x", "a", kText), 400, "invalid_parameter"},
      {post("/v1/push/1?timeout_ms=60001", "a", kText), 400, "invalid_parameter"},
      {post("/v1/push/1?policy=conflate", "a", kText), 400, "invalid_parameter"},
      {post("/v1/push/1?conflate_key=", "a", kText), 400, "invalid_parameter"},
      {get("/send"), 400, "invalid_parameter"},
      {get("/send?uid=1"), 400, "invalid_parameter"},
      {get("/send?uid=&message=a"), 400, "invalid_parameter"},
      {get("/send?uid=1&message=%ff"), 400, "invalid_parameter"},
      {request("DELETE", "/v1/users/1?code=1001", ""), 400, "invalid_parameter"},
      {request("DELETE", "/v1/users/1?code=5000", ""), 400, "invalid_parameter"},
      {request("DELETE", "/v1/users/1?code=x", ""), 400, "invalid_parameter"},
      {request("DELETE", "/v1/users/1?reason=" + std::string(124, 'r'), ""), 400,
       "invalid_parameter"},
      {post("/v1/online", "[]"), 400, "wrong_type"},
      {post("/v1/online", "{}", kText), 415, "unsupported_media_type"},
      {get("/v1/channels/c/history?limit=1001"), 400, "invalid_parameter"},
      {get("/v1/channels/c/history?since=-1"), 400, "invalid_parameter"},
      {post("/v1/channels/c/subscribers", "{}"), 400, "missing_key"},
      {get("/v1/connections/xyz"), 404, "no_such_connection"},
      {request("DELETE", "/v1/connections/xyz", ""), 404, "no_such_connection"},
      {request("PUT", "/v1/log-level", R"({"level":"loud"})"), 400, "invalid_value"},
      {request("PUT", "/v1/log-level", R"({"level":7})"), 400, "wrong_type"},
  };
  for (const Row& row : rows) {
    Client client = connect();
    client.send(row.request);
    turns();
    client.receive();
    EXPECT_THAT(client.received, StartsWith("HTTP/1.1 " + std::to_string(row.status)))
        << row.request;
    if (row.request.starts_with("HEAD")) continue;
    EXPECT_THAT(client.received, HasSubstr("{\"error\":{\"code\":\"" + std::string(row.code)))
        << row.request;
  }
  EXPECT_TRUE(dispatcher.payloads.empty());
  EXPECT_TRUE(dispatcher.questions.empty());
  EXPECT_EQ(counters.api_errors.value(), std::size(rows));
}

TEST_F(RequestsTest, KeysAreAsked) {
  config.api.keys = {"first", "second"};
  start();
  EXPECT_EQ(ask1(get("/v1/stats")).status, 401);
  EXPECT_EQ(ask1(get("/nowhere")).status, 401);
  EXPECT_EQ(ask1(request("OPTIONS", "/v1/push", "")).status, 401);
  EXPECT_THAT(ask1(get("/")).head, HasSubstr("WWW-Authenticate: Bearer"));
  EXPECT_EQ(ask1(get("/v1/stats", "X-API-Key: third\r\n")).status, 401);
  EXPECT_EQ(ask1(get("/v1/stats", "Authorization: Basic first\r\n")).status, 401);
  EXPECT_EQ(ask1(get("/v1/stats", "Authorization: Bearer firs\r\n")).status, 401);
  EXPECT_EQ(ask1(get("/v1/stats", "X-API-Key: first\r\n")).status, 200);
  EXPECT_EQ(ask1(get("/v1/stats", "Authorization: bearer second\r\n")).status, 200);
  EXPECT_EQ(ask1(get("/healthz")).status, 200);
  EXPECT_EQ(ask1(get("/readyz")).status, 200);
  const auto answers =
      ask(get("/v1/stats", "X-API-Key: first\r\n") + get("/v1/stats", "X-API-Key: first\r\n") +
          get("/v1/stats", "X-API-Key: fIrst\r\n") + get("/v1/stats"));
  ASSERT_EQ(answers.size(), 4);
  EXPECT_EQ(answers[1].status, 200);
  EXPECT_EQ(answers[2].status, 401);
  EXPECT_EQ(answers[3].status, 401);
}

TEST_F(RequestsTest, AllowAndOptions) {
  EXPECT_THAT(ask1(get("/v1/push")).head, HasSubstr("Allow: POST, OPTIONS\r\n"));
  const Answer1 options = ask1(request("OPTIONS", "/v1/users/1", ""));
  EXPECT_EQ(options.status, 204);
  EXPECT_THAT(options.head, HasSubstr("Allow: GET, HEAD, DELETE, OPTIONS\r\n"));
  EXPECT_THAT(options.head, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(ask1(request("DELETE", "/send", "")).head, HasSubstr("Allow: GET, OPTIONS\r\n"));
}

TEST_F(RequestsTest, AnOfflineTargetIsNotFound) {
  answer_at_once = false;
  for (const std::string_view body :
       {R"({"uid":"77","text":"a"})", R"({"connection":"77","text":"a"})"}) {
    Client client = connect();
    client.send(post("/v1/push", body));
    turns();
    dispatcher.answer_push(0, 0);
    turns();
    client.receive();
    const auto answers = cut_answers(client.received);
    ASSERT_EQ(answers.size(), 1);
    EXPECT_EQ(answers[0].status, 404);
    EXPECT_THAT(answers[0].body, StartsWith(R"({"error":{"code":"offline",)"));
    EXPECT_THAT(answers[0].body, HasSubstr(R"(,"complete":true,"matched":0,)"));
  }
  Client client = connect();
  client.send(post("/v1/push", R"({"uids":["77","78"],"text":"a"})"));
  turns();
  dispatcher.answer_push(0, 0);
  turns();
  client.receive();
  EXPECT_THAT(client.received, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(client.received, HasSubstr(R"("offline":["77","78"])"));
}

TEST_F(RequestsTest, WaitDecidesTheAnswersForm) {
  EXPECT_THAT(ask1(post("/v1/push", R"({"uid":"1","text":"a","wait":"acked"})")).body,
              HasSubstr(R"("acked":0)"));
  const Answer1 accepted = ask1(post("/v1/push", R"({"uid":"1","text":"a","wait":"none"})"));
  EXPECT_EQ(accepted.status, 202);
  EXPECT_THAT(accepted.body, StartsWith(R"({"id":")"));
  EXPECT_THAT(accepted.body, ::testing::EndsWith(R"(","accepted":true})"));
}

TEST_F(RequestsTest, NoRoomIsSaid) {
  dispatcher.admission = Admission::kRingFull;
  const Answer1 full = ask1(push_to("1", "a"));
  EXPECT_EQ(full.status, 503);
  EXPECT_THAT(full.head, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(full.body, HasSubstr("ring_full"));
  EXPECT_EQ(ask1(get("/v1/users/1")).status, 503);
  dispatcher.admission = Admission::kDraining;
  EXPECT_THAT(ask1(push_to("1", "a")).body, HasSubstr("draining"));
}

TEST_F(RequestsTest, AShardsRefusalIsSaid) {
  answer_at_once = false;
  Client client = connect();
  client.send(push_to("1", "a"));
  turns();
  PushResult refused;
  refused.refused = true;
  server->on_push_done(dispatcher.pushes.front().reply_to, std::move(refused));
  turns();
  client.receive();
  EXPECT_THAT(client.received, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(client.received, HasSubstr("Retry-After: 1\r\n"));
}

TEST_F(RequestsTest, RawBodies) {
  struct Row {
    std::string_view fields;
    std::string_view body;
    push::PayloadKind kind;
    std::string_view payload;
  };
  constexpr Row kRows[] = {
      {"", "Hello", push::PayloadKind::kText, "Hello"},
      {"Content-Type: text/plain\r\n", "", push::PayloadKind::kText, ""},
      {"Content-Type: TEXT/html; a=b\r\n", "<p>", push::PayloadKind::kText, "<p>"},
      {"Content-Type: application/x-www-form-urlencoded\r\n", "a=b", push::PayloadKind::kText,
       "a=b"},
      {"Content-Type: application/json ; charset=utf-8\r\n", " {\"a\": 1}\n",
       push::PayloadKind::kJson, "{\"a\": 1}"},
      {"Content-Type: application/octet-stream\r\n", "\xFF\xFE", push::PayloadKind::kBinary,
       "\xFF\xFE"},
  };
  answer_at_once = false;
  for (const Row& row : kRows) {
    Client client = connect();
    client.send(post("/v1/push/user%2F1", row.body, row.fields));
    turns();
    EXPECT_THAT(pushed().uids, ElementsAre("user/1"));
    EXPECT_EQ(pushed().kind, row.kind) << row.fields;
    EXPECT_EQ(pushed().payload, row.payload);
    dispatcher.pushes.clear();
  }
}

TEST_F(RequestsTest, QueryOptions) {
  answer_at_once = false;
  Client client = connect();
  client.send(
      post("/v1/push/1?ttl_ms=5&wait=acked&timeout_ms=7&policy=drop_oldest&conflate_key=k%20", "a",
           kText));
  turns();
  EXPECT_EQ(pushed().ttl_ms, 5);
  EXPECT_EQ(pushed().timeout_ms, 7);
  EXPECT_EQ(pushed().wait, push::Wait::kAcked);
  EXPECT_EQ(pushed().policy, push::Policy::kDropOldest);
  EXPECT_EQ(pushed().conflate_key, "k ");
  dispatcher.pushes.clear();
  client.send(get("/send?message=Hello%20World+%21&uid=123&conflate_key=k"));
  turns();
  EXPECT_THAT(pushed().uids, ElementsAre("123"));
  EXPECT_EQ(pushed().payload, "Hello World !");
  EXPECT_EQ(pushed().kind, push::PayloadKind::kText);
  EXPECT_EQ(pushed().policy, push::Policy::kConflate);
}

ConnectionInfo some_connection() {
  return {.id = "c0",
          .uid = "42",
          .profile = "ws",
          .subprotocol = "dunlin.v1",
          .peer = "127.0.0.1:5",
          .age_ms = 6,
          .queued_messages = 1,
          .queued_bytes = 2,
          .missed = 3,
          .channels = {"news", "a\"b"}};
}
constexpr std::string_view kSomeConnection =
    R"({"id":"c0","uid":"42","profile":"ws","subprotocol":"dunlin.v1","peer":"127.0.0.1:5",)"
    R"("age_ms":6,"queued_messages":1,"queued_bytes":2,"missed":3,"channels":["news","a\"b"]})";

TEST_F(RequestsTest, Users) {
  UserQuery asked;
  const Answer1 online = ask_gateway(get("/v1/users/a%20b"), asked,
                                     UserAnswer{.uid = "a b", .connections = {some_connection()}});
  EXPECT_EQ(asked.uid, "a b");
  EXPECT_EQ(online.status, 200);
  EXPECT_EQ(online.body,
            R"({"uid":"a b","online":true,"connections":[)" + std::string(kSomeConnection) + "]}");
  const Answer1 offline = ask_gateway(get("/v1/users/7"), asked, UserAnswer{.uid = "7"});
  EXPECT_EQ(offline.body, R"({"uid":"7","online":false,"connections":[]})");
}

TEST_F(RequestsTest, Kicks) {
  KickQuery asked;
  EXPECT_EQ(ask_gateway(request("DELETE", "/v1/users/7", ""), asked, KickAnswer{2}).body,
            R"({"closed":2})");
  EXPECT_EQ(asked.uid, "7");
  EXPECT_EQ(asked.code, 4000);
  EXPECT_EQ(asked.reason, "kicked");
  EXPECT_EQ(ask_gateway(request("DELETE", "/v1/users/7?code=1008&reason=bad+boy", ""), asked,
                        KickAnswer{0})
                .status,
            200);
  EXPECT_EQ(asked.code, 1008);
  EXPECT_EQ(asked.reason, "bad boy");
  const auto id = cross::ConnectionId::make(3, 2, 1);
  const std::string path = "/v1/connections/" + cross::to_string(id);
  EXPECT_EQ(
      ask_gateway(request("DELETE", path + "?code=4999&reason=", ""), asked, KickAnswer{1}).status,
      200);
  EXPECT_EQ(asked.uid, "");
  EXPECT_EQ(asked.connection, id);
  EXPECT_EQ(asked.code, 4999);
  EXPECT_EQ(asked.reason, "");
  EXPECT_EQ(ask_gateway(request("DELETE", path, ""), asked, KickAnswer{0}).status, 404);
}

TEST_F(RequestsTest, Online) {
  OnlineQuery asked;
  const Answer1 answer = ask_gateway(post("/v1/online", R"({"uids":["42","77"]})"), asked,
                                     OnlineAnswer{.online = {{"42", 2}}, .offline = {"77"}});
  EXPECT_THAT(asked.uids, ElementsAre("42", "77"));
  EXPECT_EQ(answer.body, R"({"online":{"42":2},"offline":["77"]})");
}

TEST_F(RequestsTest, Connections) {
  ConnectionQuery asked;
  const auto id = cross::ConnectionId::make(3, 2, 1);
  const std::string path = "/v1/connections/" + cross::to_string(id);
  EXPECT_EQ(ask_gateway(get(path), asked, ConnectionAnswer{some_connection()}).body,
            kSomeConnection);
  EXPECT_EQ(asked.id, id);
  EXPECT_EQ(ask_gateway(get(path), asked, ConnectionAnswer{}).status, 404);
}

TEST_F(RequestsTest, Channels) {
  ChannelQuery channel;
  EXPECT_EQ(ask_gateway(
                get("/v1/channels/a%2Fb"), channel,
                ChannelAnswer{
                    .channel = "a/b", .subscribers = 1, .epoch = "x7", .offset = 17, .history = 3})
                .body,
            R"({"channel":"a/b","subscribers":1,"epoch":"x7","offset":17,"history":3})");
  EXPECT_EQ(channel.channel, "a/b");
  EXPECT_EQ(ask_gateway(get("/v1/channels/c"), channel, ChannelAnswer{.channel = "c"}).body,
            R"({"channel":"c","subscribers":0,"epoch":null,"offset":0,"history":0})");

  PresenceQuery presence;
  EXPECT_EQ(ask_gateway(get("/v1/channels/c/presence"), presence,
                        PresenceAnswer{.channel = "c", .users = {{"1", 2}}, .anonymous = 3})
                .body,
            R"({"channel":"c","users":{"1":2},"anonymous":3})");
  EXPECT_EQ(presence.channel, "c");

  HistoryQuery history;
  HistoryAnswer kept{.channel = "c", .epoch = "e", .offset = 3, .entries = {}};
  kept.entries.push_back({1, "m1", push::PayloadKind::kJson, R"({"a":[1]})"});
  kept.entries.push_back({2, "m2", push::PayloadKind::kText, "a\"b"});
  kept.entries.push_back({3, "m3", push::PayloadKind::kBinary, "foo"});
  EXPECT_EQ(ask_gateway(get("/v1/channels/c/history?since=18446744073709551615&limit=5"), history,
                        std::move(kept))
                .body,
            R"({"channel":"c","epoch":"e","offset":3,"messages":[)"
            R"({"offset":1,"id":"m1","data":{"a":[1]}},{"offset":2,"id":"m2","text":"a\"b"},)"
            R"({"offset":3,"id":"m3","binary":"Zm9v"}]})");
  EXPECT_EQ(history.since, 18446744073709551615U);
  EXPECT_EQ(history.limit, 5);
}

TEST_F(RequestsTest, Subscribers) {
  SubscribeQuery asked;
  const std::string subscribe = post("/v1/channels/c/subscribers", R"({"uid":"42"})");
  EXPECT_EQ(ask_gateway(subscribe, asked, SubscribeAnswer{.connections = 2, .changed = 1}).body,
            R"({"connections":2,"changed":1})");
  EXPECT_EQ(asked.uid, "42");
  EXPECT_EQ(asked.channel, "c");
  EXPECT_TRUE(asked.subscribe);
  EXPECT_EQ(ask_gateway(subscribe, asked, SubscribeAnswer{}).status, 404);
  EXPECT_EQ(
      ask_gateway(subscribe, asked, SubscribeAnswer{.connections = 1, .refused = true}).status,
      429);
  ask_gateway(request("DELETE", "/v1/channels/c/subscribers", R"({"uid":"42"})"), asked,
              SubscribeAnswer{.connections = 2, .changed = 2});
  EXPECT_FALSE(asked.subscribe);
}

TEST_F(RequestsTest, TheGatewayItself) {
  EXPECT_EQ(ask1(get("/v1/stats")).body, R"({"connections":7})");
  EXPECT_EQ(ask1(get("/v1/memory")).body, R"({"total":8})");
  const Answer1 metrics = ask1(get("/metrics"));
  EXPECT_EQ(metrics.body, "dunlin_up 1\n");
  EXPECT_THAT(metrics.head, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_EQ(ask1(get("/readyz")).status, 200);
  dispatcher.ready = {.ready = false, .body = R"({"draining":true})"};
  EXPECT_EQ(ask1(get("/readyz")).status, 503);
  EXPECT_EQ(ask1(get("/healthz")).status, 200);
  EXPECT_EQ(ask1(request("PUT", "/v1/log-level", R"({"level":"debug"})")).body,
            R"({"level":"debug"})");
  EXPECT_EQ(log_level, "debug");
  EXPECT_EQ(ask1(post("/v1/drain", "")).status, 202);
  EXPECT_TRUE(dispatcher.drained);
  const Answer1 index = ask1(get("/"));
  for (const Route& route : routes()) EXPECT_THAT(index.body, HasSubstr(route.pattern));
}

}  // namespace
}  // namespace api
