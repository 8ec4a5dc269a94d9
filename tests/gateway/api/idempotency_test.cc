// Idempotency keys, from the request to the stored answer.
#include <gmock/gmock.h>

#include <string>

#include "tests/gateway/api/api_fixture.h"

namespace api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class IdempotencyTest : public ApiTest {
 protected:
  static std::string keyed(std::string_view text, std::string_view key = "k1") {
    std::string body = R"({"uid":"1","text":")";
    body.append(text).append(R"(","idempotency_key":")").append(key).append("\"}");
    return post("/v1/push", body);
  }
};

TEST_F(IdempotencyTest, ARepeatedRequestGetsTheSameAnswerAndDoesNothing) {
  const Answer1 first = ask1(keyed("a"));
  const Answer1 second = ask1(keyed("a"));
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(first.body, second.body);
  EXPECT_THAT(first.head, Not(HasSubstr("Idempotency-Replayed")));
  EXPECT_THAT(second.head, HasSubstr("Idempotency-Replayed: true\r\n"));
  EXPECT_THAT(dispatcher.payloads, ElementsAre("a"));
  EXPECT_EQ(ask1(keyed("a", "k2")).status, 200);
  EXPECT_THAT(dispatcher.payloads, ElementsAre("a", "a"));
}

TEST_F(IdempotencyTest, TheFieldWorksForEveryKindOfPush) {
  const std::string_view field = "Idempotency-Key: k1\r\nContent-Type: text/plain\r\n";
  const Answer1 first = ask1(post("/v1/push/1", "a", field));
  EXPECT_EQ(ask1(post("/v1/push/1", "a", field)).body, first.body);
  EXPECT_EQ(ask1(post("/v1/push/2", "a", field)).status, 422);  // Another uid, another request.
  EXPECT_EQ(ask1(get("/send?uid=1&message=b", "Idempotency-Key: k2\r\n")).status, 200);
  EXPECT_THAT(ask1(get("/send?uid=1&message=b", "Idempotency-Key: k2\r\n")).head,
              HasSubstr("Idempotency-Replayed"));
  EXPECT_THAT(dispatcher.payloads, ElementsAre("a", "b"));
  const std::string body = R"({"uid":"1","text":"c","idempotency_key":"k3"})";
  EXPECT_EQ(ask1(post("/v1/push", body, "Idempotency-Key: other\r\n")).status, 400);
  EXPECT_EQ(ask1(post("/v1/push", body, "Idempotency-Key: k3\r\n")).status, 200);
  EXPECT_EQ(ask1(post("/v1/push", body, "Idempotency-Key:\r\n")).status, 400);
}

TEST_F(IdempotencyTest, AnotherRequestUnderTheSameKeyIsRefused) {
  ask1(keyed("a"));
  const Answer1 answer = ask1(keyed("b"));
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("idempotency_mismatch"));
  EXPECT_THAT(dispatcher.payloads, ElementsAre("a"));
}

TEST_F(IdempotencyTest, OneUnderWayIsSaid) {
  answer_at_once = false;
  Client first = connect();
  Client second = connect();
  first.send(keyed("a"));
  turns();
  dispatcher.answer_claims();
  turns();
  second.send(keyed("a"));
  turns();
  dispatcher.answer_claims();
  turns();
  second.receive();
  EXPECT_THAT(second.received, StartsWith("HTTP/1.1 409"));
  dispatcher.answer_pushes();
  dispatcher.answer_claims();
  turns();
  first.receive();
  EXPECT_THAT(first.received, StartsWith("HTTP/1.1 200"));
  second.received.clear();
  second.send(keyed("a"));
  turns();
  dispatcher.answer_claims();
  turns();
  second.receive();
  EXPECT_THAT(second.received, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(dispatcher.payloads, ElementsAre("a"));
}

TEST_F(IdempotencyTest, LaterRequestsOfTheConnectionWait) {
  answer_at_once = false;
  Client client = connect();
  client.send(push_to("1", "before") + keyed("keyed") + push_to("1", "after"));
  turns();
  EXPECT_THAT(dispatcher.payloads, ElementsAre("before"));
  dispatcher.answer_claims();
  turns();
  EXPECT_THAT(dispatcher.payloads, ElementsAre("before", "keyed", "after"));
  answer_at_once = true;
  turns();
  client.receive();
  EXPECT_EQ(cut_answers(client.received).size(), 3);
}

TEST_F(IdempotencyTest, LinesOfAStreamHaveKeysToo) {
  const std::string keyed_line = R"({"uid":"1","text":"a","idempotency_key":"k"})";
  const std::string body = keyed_line + "\n" + R"({"uid":"1","text":"b"})" + "\n" + keyed_line +
                           "\n" + R"({"uid":"1","text":"c","idempotency_key":"k"})" + "\n" +
                           R"({"uid":"1","text":"d"})";
  Client client = connect();
  client.send(post("/v1/push", body, "Content-Type: application/x-ndjson\r\n"));
  turns(20);
  client.receive();
  EXPECT_THAT(dispatcher.payloads, ElementsAre("a", "b", "d"));
  const auto answers = cut_answers(client.received);
  ASSERT_EQ(answers.size(), 1);
  EXPECT_THAT(answers[0].body, HasSubstr("idempotency_mismatch"));
  EXPECT_EQ(std::count(answers[0].body.begin(), answers[0].body.end(), '\n'), 5);
}

TEST_F(IdempotencyTest, TheAnswerIsStoredThoughTheClientIsGone) {
  answer_at_once = false;
  {
    Client client = connect();
    client.send(get("/healthz") + keyed("a"));
    turns();
    dispatcher.answer_claims();
    turns();
  }  // What it has not read makes this a reset.
  turns();
  EXPECT_EQ(server->connections(), 0);
  answer_at_once = true;
  turns();
  EXPECT_THAT(ask1(keyed("a")).head, HasSubstr("Idempotency-Replayed"));
  EXPECT_THAT(dispatcher.payloads, ElementsAre("a"));
}

TEST_F(IdempotencyTest, AClaimIsGivenUpWhenTheClientIsGoneBeforeThePush) {
  answer_at_once = false;
  {
    Client client = connect();
    client.send(push_to("1", "before") + keyed("a"));
    turns();
  }
  dispatcher.answer_pushes();  // Its answer finds nobody.
  turns();
  EXPECT_EQ(server->connections(), 0);
  dispatcher.answer_claims();
  answer_at_once = true;
  turns();
  EXPECT_THAT(dispatcher.payloads, ElementsAre("before"));
  EXPECT_EQ(dispatcher.table.size(), 0);
  EXPECT_EQ(ask1(keyed("a")).status, 200);
}

TEST_F(IdempotencyTest, ARefusedPushMayBeTriedAgain) {
  dispatcher.room = 0;
  EXPECT_EQ(ask1(keyed("a")).status, 503);
  dispatcher.room = FakeDispatcher::kUnlimited;
  const Answer1 again = ask1(keyed("a"));
  EXPECT_EQ(again.status, 200);
  EXPECT_THAT(again.head, Not(HasSubstr("Idempotency-Replayed")));
}

TEST_F(IdempotencyTest, AStoreThatFindsNoRoomIsTriedAgain) {
  answer_at_once = false;
  Client client = connect();
  client.send(keyed("a"));
  turns();
  dispatcher.answer_claims();
  turns();
  dispatcher.admission = Admission::kRingFull;
  dispatcher.answer_pushes();
  turns();
  client.close();
  turns();
  EXPECT_TRUE(server->next_deadline());  // Though there is no connection.
  dispatcher.admission = Admission::kAccepted;
  answer_at_once = true;
  pass(600);
  EXPECT_THAT(ask1(keyed("a")).head, HasSubstr("Idempotency-Replayed"));
}

}  // namespace
}  // namespace api
