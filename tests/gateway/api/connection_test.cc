// HTTP: pipelining, splitting, limits, ends and timeouts.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/gateway/api/api_fixture.h"

namespace api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<int> statuses(const std::vector<Answer1>& answers) {
  std::vector<int> all;
  all.reserve(answers.size());
  for (const Answer1& answer : answers) all.push_back(answer.status);
  return all;
}

TEST_F(ApiTest, AnswersAPush) {
  const Answer1 answer = ask1(push_to("42", "Hello World"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("\r\nDate: "));
  EXPECT_THAT(answer.head, Not(HasSubstr("Connection:")));
  EXPECT_THAT(answer.body, HasSubstr(R"("complete":true,"matched":1,"written":1)"));
  EXPECT_THAT(dispatcher.payloads, ElementsAre("Hello World"));
  EXPECT_EQ(counters.api_requests.value(), 1);
}

TEST_F(ApiTest, AnswersInTheOrderOfTheRequests) {
  answer_at_once = false;
  Client client = connect();
  client.send(push_to("1", "a") + push_to("2", "b") + get("/healthz") + push_to("3", "c"));
  turns();
  EXPECT_EQ(dispatcher.pushes.size(), 3);
  dispatcher.answer_push(2, 3);
  dispatcher.answer_push(1, 2);
  turns();
  client.receive();
  EXPECT_EQ(client.received, "");
  dispatcher.answer_push(0, 1);
  turns();
  client.receive();
  const auto answers = cut_answers(client.received);
  ASSERT_EQ(answers.size(), 4);
  EXPECT_THAT(answers[0].body, HasSubstr(R"("matched":1)"));
  EXPECT_THAT(answers[1].body, HasSubstr(R"("matched":2)"));
  EXPECT_THAT(answers[2].body, HasSubstr("ok"));
  EXPECT_THAT(answers[3].body, HasSubstr(R"("matched":3)"));
}

TEST_F(ApiTest, HowTheRequestsAreCutChangesNothing) {
  const std::string requests =
      push_to("1", "a") + get("/healthz") +
      "POST /v1/push HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n"
      "5\r\n{\"uid\r\n13\r\n\":\"2\",\"data\":[1,2]}\r\n0\r\n\r\n" +
      post("/v1/push", "{\"uid\":\"3\",\"text\":\"c\"}\n{\"uid\":\"4\",\"text\":\"d\"}",
           "Content-Type: application/x-ndjson\r\n") +
      post("/v1/push/5", "e", "Content-Type: text/plain\r\n") + get("/nowhere");
  const std::vector<std::string> payloads = {"a", "[1,2]", "c", "d", "e"};
  const std::vector<int> expected = {200, 200, 200, 200, 200, 404};
  for (std::size_t cut = 1; cut < requests.size(); ++cut) {
    dispatcher.payloads.clear();
    Client client = connect();
    client.send(requests.substr(0, cut));
    turns(2);
    client.send(requests.substr(cut));
    turns();
    client.receive();
    EXPECT_EQ(statuses(cut_answers(client.received)), expected) << "cut at " << cut;
    EXPECT_EQ(dispatcher.payloads, payloads) << "cut at " << cut;
  }
}

TEST_F(ApiTest, ByteByByte) {
  Client client = connect();
  const std::string requests = push_to("1", "a") + push_to("2", "b");
  for (const char c : requests) {
    client.send({&c, 1});
    turn();
  }
  turns();
  client.receive();
  EXPECT_THAT(statuses(cut_answers(client.received)), ElementsAre(200, 200));
}

TEST_F(ApiTest, StopsReadingAtPipelineMax) {
  config.api.pipeline_max = 3;
  start();
  answer_at_once = false;
  Client client = connect();
  std::string requests;
  for (int i = 0; i < 10; ++i) requests += push_to("1", std::to_string(i));
  client.send(requests);
  turns();
  EXPECT_EQ(dispatcher.pushes.size(), 3);
  while (!dispatcher.pushes.empty()) {
    EXPECT_LE(dispatcher.pushes.size(), 3);
    dispatcher.answer_push(dispatcher.pushes.size() - 1);
    turns();
  }
  EXPECT_THAT(dispatcher.payloads, ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
  client.receive();
  EXPECT_EQ(cut_answers(client.received).size(), 10);
}

TEST_F(ApiTest, StopsReadingWhenAnswersDoNotLeave) {
  Client client = connect(4096);
  const std::string request = get("/openapi.json");
  for (int i = 0; i < 1'000; ++i) client.send(request);
  for (int i = 0; i < 50; ++i) turn();
  EXPECT_LT(counters.api_requests.value(), 30);
  EXPECT_FALSE(client.all_sent());
  for (int i = 0; i < 100'000 && cut_answers(client.received).empty(); ++i) {
    client.receive();
    turn();
  }
  while (!client.all_sent() || counters.api_requests.value() < 1'000) {
    client.received.clear();
    client.receive();
    client.send_more();
    turn();
  }
}

TEST_F(ApiTest, ManyRequestsBehindOneAnother) {
  Client client = connect();
  std::string requests;
  for (int i = 0; i < 5'000; ++i) requests += push_to("1", std::to_string(i));
  client.send(requests);
  std::size_t answers = 0;
  for (int i = 0; i < 1'000 && answers < 5'000; ++i) {
    client.send_more();
    turn();
    client.receive();
    answers = cut_answers(client.received).size();
  }
  EXPECT_EQ(answers, 5'000);
  for (std::size_t i = 0; i < 5'000; ++i) ASSERT_EQ(dispatcher.payloads[i], std::to_string(i));
}

TEST_F(ApiTest, KeepsAliveAsAsked) {
  struct Row {
    std::string request;
    std::string field;
    bool ends;
  };
  const Row rows[] = {
      {"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "", false},
      {"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "Connection: close", true},
      {"GET /healthz HTTP/1.0\r\nHost: a\r\n\r\n", "Connection: close", true},
      {"GET /healthz HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
       "Connection: keep-alive", false},
  };
  for (const Row& row : rows) {
    Client client = connect();
    client.send(row.request);
    turns();
    client.receive();
    ASSERT_EQ(cut_answers(client.received).size(), 1) << row.request;
    EXPECT_THAT(client.received, HasSubstr(row.field));
    EXPECT_EQ(client.ended, row.ends) << row.request;
  }
}

TEST_F(ApiTest, NothingIsTakenAfterConnectionClose) {
  Client client = connect();
  client.send(get("/healthz", "Connection: close\r\n") + push_to("1", "a"));
  turns();
  client.receive();
  EXPECT_EQ(cut_answers(client.received).size(), 1);
  EXPECT_TRUE(client.ended);
  EXPECT_TRUE(dispatcher.payloads.empty());
}

TEST_F(ApiTest, HeadIsGetWithoutTheBody) {
  Client client = connect();
  client.send(request("HEAD", "/healthz", {}) + get("/healthz"));
  turns();
  client.receive();
  const std::size_t second = client.received.find("HTTP/1.1", 1);
  ASSERT_NE(second, std::string::npos);
  EXPECT_THAT(client.received.substr(0, second), HasSubstr("Content-Length: 15\r\n"));
  EXPECT_THAT(client.received.substr(0, second), ::testing::EndsWith("\r\n\r\n"));
}

TEST_F(ApiTest, ContinuesWhenAsked) {
  Client client = connect();
  const std::string body = R"({"uid":"1","text":"a"})";
  client.send(
      "POST /v1/push HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Expect: 100-continue\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n");
  turns();
  client.receive();
  EXPECT_EQ(client.received, "HTTP/1.1 100 Continue\r\n\r\n");
  client.received.clear();
  client.send(body);
  turns();
  client.receive();
  EXPECT_THAT(client.received, StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(ApiTest, RefusesInPlaceOfContinuing) {
  Client client = connect();
  client.send(
      "POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
      "Content-Length: 100\r\n\r\n");
  turns();
  client.receive();
  EXPECT_THAT(client.received, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(client.received, HasSubstr("Connection: close"));
  EXPECT_TRUE(client.ended);
}

TEST_F(ApiTest, ContinueKeepsItsPlaceInTheOrder) {
  answer_at_once = false;
  Client client = connect();
  client.send(push_to("1", "a") +
              "POST /v1/push/2 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
              "Content-Length: 1\r\n\r\n");
  turns();
  client.receive();
  EXPECT_EQ(client.received, "");
  dispatcher.answer_pushes();
  turns();
  client.receive();
  EXPECT_THAT(client.received, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(client.received, ::testing::EndsWith("HTTP/1.1 100 Continue\r\n\r\n"));
}

TEST_F(ApiTest, ARefusedRequestsBodyIsSkipped) {
  Client client = connect();
  client.send(post("/nowhere", std::string(300'000, 'x')) + get("/healthz"));
  for (int i = 0; i < 20; ++i) {
    turn();
    client.send_more();
  }
  client.receive();
  EXPECT_THAT(statuses(cut_answers(client.received)), ElementsAre(404, 200));
}

TEST_F(ApiTest, AnswersWhatWasAskedBeforeTheInputEnded) {
  answer_at_once = false;
  Client client = connect();
  client.send(push_to("1", "a") + push_to("2", "b") + "POST /v1/pu");
  client.end_output();
  turns();
  EXPECT_EQ(server->connections(), 1);
  dispatcher.answer_pushes();
  turns();
  client.receive();
  EXPECT_THAT(statuses(cut_answers(client.received)), ElementsAre(200, 200));
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(server->connections(), 0);
}

TEST_F(ApiTest, ForgetsAClientThatIsGone) {
  answer_at_once = false;
  {
    Client client = connect();
    client.send(get("/healthz") + push_to("1", "a"));
    turns();
  }  // What it has not read makes this a reset.
  turns();
  EXPECT_EQ(server->connections(), 0);
  Client next = connect();  // Takes the same slot.
  next.send(push_to("2", "b"));
  turns();
  ASSERT_EQ(dispatcher.pushes.size(), 2);
  dispatcher.answer_push(0);  // The answer for the one who is gone.
  turns();
  next.receive();
  EXPECT_EQ(next.received, "");
  dispatcher.answer_push(0);
  turns();
  next.receive();
  EXPECT_EQ(cut_answers(next.received).size(), 1);
}

TEST_F(ApiTest, RefusesWhatIsNotHttp) {
  struct Row {
    std::string request;
    int status;
  };
  const Row rows[] = {
      {"hello\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\n\r\n", 400},
      {"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"POST /v1/push HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
       "chunked\r\n\r\n",
       400},
      {"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", 431},
      {"GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"POST /v1/push HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413},
  };
  for (const Row& row : rows) {
    Client client = connect();
    client.send(row.request);
    turns();
    client.receive();
    const auto answers = cut_answers(client.received);
    ASSERT_EQ(answers.size(), 1) << row.request.substr(0, 60);
    EXPECT_EQ(answers[0].status, row.status) << row.request.substr(0, 60);
    EXPECT_THAT(answers[0].body, StartsWith(R"({"error":{"code":")"));
    EXPECT_THAT(answers[0].head, HasSubstr("Connection: close"));
    EXPECT_TRUE(client.ended);
  }
}

TEST_F(ApiTest, AnErrorWaitsForTheAnswersBeforeIt) {
  answer_at_once = false;
  Client client = connect();
  client.send(push_to("1", "a") + "nonsense\r\n\r\n");
  turns();
  dispatcher.answer_pushes();
  turns();
  client.receive();
  EXPECT_THAT(statuses(cut_answers(client.received)), ElementsAre(200, 400));
  EXPECT_TRUE(client.ended);
}

TEST_F(ApiTest, TurnsAwayTooManyConnections) {
  config.api.connections_max = 2;
  start();
  Client first = connect();
  Client second = connect();
  Client third = connect();
  third.receive();
  EXPECT_THAT(third.received, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(third.received, HasSubstr("Retry-After: "));
  EXPECT_TRUE(third.ended);
  first.close();
  turns();
  Client fourth = connect();
  fourth.send(get("/healthz"));
  turns();
  fourth.receive();
  EXPECT_THAT(fourth.received, StartsWith("HTTP/1.1 200"));
}

TEST_F(ApiTest, ClosesIdleConnections) {
  config.api.idle_timeout_ms = 1'000;
  start();
  Client silent = connect();
  Client used = connect();
  used.send(get("/healthz"));
  pass(700);
  used.send(get("/healthz"));
  pass(700);
  silent.receive();
  used.receive();
  EXPECT_TRUE(silent.ended);
  EXPECT_FALSE(used.ended);
  pass(1'000);
  used.receive();
  EXPECT_TRUE(used.ended);
  EXPECT_EQ(server->connections(), 0);
  EXPECT_FALSE(server->next_deadline());
}

TEST_F(ApiTest, ARequestMustArriveInTime) {
  config.api.request_timeout_ms = 1'000;
  config.api.idle_timeout_ms = 60'000;
  start();
  Client client = connect();
  const std::string request = push_to("1", "a");
  for (std::size_t i = 0; i < 30; ++i) {  // A drip does not help.
    client.send(request.substr(i, 1));
    pass(100);
  }
  client.receive();
  const auto answers = cut_answers(client.received);
  ASSERT_EQ(answers.size(), 1);
  EXPECT_EQ(answers[0].status, 408);
  EXPECT_TRUE(client.ended);
}

TEST_F(ApiTest, WaitingForTheGatewayIsNoTimeout) {
  config.api.request_timeout_ms = 500;
  config.api.idle_timeout_ms = 500;
  start();
  answer_at_once = false;
  Client client = connect();
  client.send(push_to("1", "a"));
  pass(5'000);
  dispatcher.answer_pushes();
  turns();
  client.receive();
  EXPECT_THAT(statuses(cut_answers(client.received)), ElementsAre(200));
}

TEST_F(ApiTest, AClientThatNeverReadsIsCut) {
  config.api.idle_timeout_ms = 1'000;
  start();
  Client client = connect(4096);
  for (int i = 0; i < 10; ++i) client.send(get("/openapi.json"));
  pass(3'000);
  EXPECT_EQ(server->connections(), 0);
}

TEST_F(ApiTest, LingersNoLongerThanNeeded) {
  Client client = connect();
  client.send(get("/healthz", "Connection: close\r\n"));
  turns();
  EXPECT_EQ(server->connections(), 1);  // Until the client has closed as well …
  client.end_output();
  turns();
  EXPECT_EQ(server->connections(), 0);
  Client other = connect();
  other.send(get("/healthz", "Connection: close\r\n"));
  pass(3'000);  // … or enough time has passed.
  EXPECT_EQ(server->connections(), 0);
}

TEST_F(ApiTest, DrainingEndsConnectionsAfterTheirAnswers) {
  answer_at_once = false;
  Client busy = connect();
  Client idle = connect();
  busy.send(push_to("1", "a") + push_to("2", "b"));
  turns();
  server->stop_accepting();
  EXPECT_EQ(server->open_requests(), 2);
  Client late = connect();
  late.receive();
  EXPECT_THAT(late.received, StartsWith("HTTP/1.1 503"));
  dispatcher.answer_pushes();
  turns();
  EXPECT_EQ(server->open_requests(), 0);
  busy.receive();
  const auto answers = cut_answers(busy.received);
  ASSERT_EQ(answers.size(), 2);
  EXPECT_THAT(answers[0].head, Not(HasSubstr("Connection: close")));
  EXPECT_THAT(answers[1].head, HasSubstr("Connection: close"));
  EXPECT_TRUE(busy.ended);
  idle.receive();
  EXPECT_FALSE(idle.ended);
  server->close_idle();
  turns();
  idle.receive();
  EXPECT_TRUE(idle.ended);
  EXPECT_EQ(server->connections(), 0);
}

TEST_F(ApiTest, AReloadChangesKeys) {
  Client client = connect();
  client.send(push_to("1", "a"));
  turns();
  config.api.keys = {"secret"};
  server->reload(std::make_shared<const config::Config>(config), nullptr);
  client.send(push_to("1", "a"));
  turns();
  client.receive();
  EXPECT_THAT(statuses(cut_answers(client.received)), ElementsAre(200, 401));
}

// From the third on an equal head is not looked at again; nobody may gain or lose by that.
TEST_F(ApiTest, AReloadChangesKeysForRepeatedHeads) {
  Client client = connect();
  const auto push_some = [&](int count) {
    for (int i = 0; i < count; ++i) {
      client.send(push_to("1", "a"));
      turns();
    }
    client.receive();
  };
  push_some(4);
  config.api.keys = {"secret"};
  server->reload(std::make_shared<const config::Config>(config), nullptr);
  push_some(3);
  config.api.keys = {};
  server->reload(std::make_shared<const config::Config>(config), nullptr);
  push_some(3);
  EXPECT_THAT(statuses(cut_answers(client.received)),
              ElementsAre(200, 200, 200, 200, 401, 401, 401, 200, 200, 200));
}

TEST_F(ApiTest, RepeatedHeadsAreAnsweredLikeTheFirst) {
  Client client = connect();
  const std::string refused = "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string options = "OPTIONS /v1/push HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string expecting =
      "POST /v1/push HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 22\r\n\r\n";
  const std::string body = R"({"uid":"1","text":"a"})";
  for (int i = 0; i < 4; ++i) client.send(refused);
  for (int i = 0; i < 4; ++i) client.send(options);
  for (int i = 0; i < 4; ++i) client.send(expecting + body);
  for (int i = 0; i < 30; ++i) turns();
  client.receive();
  EXPECT_THAT(
      statuses(cut_answers(client.received)),
      ElementsAre(404, 404, 404, 404, 204, 204, 204, 204, 100, 200, 100, 200, 100, 200, 100, 200));
}

}  // namespace
}  // namespace api
