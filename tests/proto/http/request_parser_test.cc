#include "proto/http/request_parser.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/proto/support/requests.h"

namespace http {
namespace {

using testing_support::Chunks;
using testing_support::for_each_split;
using testing_support::Lines;
using testing_support::lines_of;
using testing_support::RequestLog;

struct Row {
  const char* rule;
  std::string wire;
  Lines expected;
};

void expect_at_every_split(const Row& row, const Limits& limits = {}) {
  for_each_split(row.wire, [&](const Chunks& chunks) {
    ASSERT_EQ(lines_of(chunks, limits), row.expected)
        << row.rule << ", " << testing_support::describe(chunks);
  });
}

std::string get(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
}

std::string post(std::string_view lines, std::string_view body = {}) {
  return "POST /p HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

TEST(RequestParserTest, GoodRequests) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const Row rows[] = {
      {"shortest", get(""), {"head GET /", "complete"}},
      {"query", "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n", {"head GET /a?b=c", "complete"}},
      {"9112 2.2 one empty line before", "\r\n" + get(""), {"head GET /", "complete"}},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", {"head GET /", "complete"}},
      {"body with a length",
       post("Content-Length: 5\r\n", "hello"),
       {"head POST /p", "body hello", "complete"}},
      {"empty body", post("Content-Length: 0\r\n"), {"head POST /p", "complete"}},
      {"leading zeros",
       post("Content-Length: 0005\r\n", "hello"),
       {"head POST /p", "body hello", "complete"}},
      {"chunked",
       post(chunked, "5\r\nhello\r\n0\r\n\r\n"),
       {"head POST /p", "body hello", "complete"}},
      {"chunked, in capitals",
       post("TRANSFER-ENCODING: Chunked\r\n", "A\r\n0123456789\r\n0\r\n\r\n"),
       {"head POST /p", "body 0123456789", "complete"}},
      {"chunked, extension and trailer",
       post(chunked, "2;a=\"b c\"\r\nhe\r\n3\r\nllo\r\n0;x\r\nT: v\r\n\r\n"),
       {"head POST /p", "body hello", "complete"}},
      {"chunked, nothing", post(chunked, "0\r\n\r\n"), {"head POST /p", "complete"}},
      {"pipelined",
       get("") + post("Content-Length: 2\r\n", "ab") + get(""),
       {"head GET /", "complete", "head POST /p", "body ab", "complete", "head GET /", "complete"}},
      {"pipelined behind chunks",
       post(chunked, "1\r\nx\r\n0\r\n\r\n") + get(""),
       {"head POST /p", "body x", "complete", "head GET /", "complete"}},
      {"empty line between",
       post("Content-Length: 1\r\n", "x") + "\r\n" + get(""),
       {"head POST /p", "body x", "complete", "head GET /", "complete"}},
      {"obs-text in a value", get("A: \xe4\r\n"), {"head GET /", "complete"}},
      {"after Connection: close",
       get("Connection: close\r\n") + get(""),
       {"head GET /", "complete", "head GET /", "complete"}},
      {"upgrade with a body",
       post("Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 1\r\n", "x"),
       {"head POST /p", "body x", "complete"}},
  };
  for (const Row& row : rows) expect_at_every_split(row);
}

struct BadRow {
  const char* rule;
  std::string wire;
  const char* error;
};

void expect_error_at_every_split(const BadRow& row, const Limits& limits = {}) {
  for_each_split(row.wire, [&](const Chunks& chunks) {
    const Lines lines = lines_of(chunks, limits);
    ASSERT_FALSE(lines.empty()) << row.rule << ", " << testing_support::describe(chunks);
    ASSERT_EQ(lines.back(), "error " + std::string(row.error))
        << row.rule << ", " << testing_support::describe(chunks);
  });
}

TEST(RequestParserTest, BadRequestLines) {
  const std::string rest = "\r\nHost: h\r\n\r\n";
  const BadRow rows[] = {
      {"garbage", "hello\r\n\r\n", "400 bad_method"},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01", 6), "400 control_character"},
      {"a control character at once", std::string("\0", 1), "400 control_character"},
      {"unknown method", "FOO / HTTP/1.1" + rest, "400 bad_method"},
      {"method in small letters", "get / HTTP/1.1" + rest, "400 bad_method"},
      {"method only begins well", "GETS / HTTP/1.1" + rest, "400 bad_method"},
      {"no target", "GET HTTP/1.1" + rest, "400 bad_target"},
      {"no version", "GET /" + rest, "400 malformed_request"},
      {"space but no version", "GET / " + rest, "400 malformed_request"},
      {"two spaces before the target", "GET  / HTTP/1.1" + rest, "400 malformed_request"},
      {"two spaces behind the target", "GET /  HTTP/1.1" + rest, "400 malformed_request"},
      {"tab", "GET\t/ HTTP/1.1" + rest, "400 bad_method"},
      {"space at the end", "GET / HTTP/1.1 " + rest, "505 http_version"},
      {"space at the beginning", " GET / HTTP/1.1" + rest, "400 bad_method"},
      {"two empty lines before", "\r\n\r\n" + get(""), "400 no_request_line"},
      {"HTTP/0.9", "GET / HTTP/0.9" + rest, "505 http_version"},
      {"HTTP/1.2", "GET / HTTP/1.2" + rest, "505 http_version"},
      {"HTTP/2.0", "GET / HTTP/2.0" + rest, "505 http_version"},
      {"HTTP/3.0", "GET / HTTP/3.0" + rest, "505 http_version"},
      {"HTTP/1", "GET / HTTP/1" + rest, "505 http_version"},
      {"HTTP/1.10", "GET / HTTP/1.10" + rest, "505 http_version"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 malformed_request"},
      {"small http", "GET / http/1.1" + rest, "400 malformed_request"},
      {"RTSP", "GET / RTSP/1.0" + rest, "400 malformed_request"},
      {"RTSP method", "PLAY / RTSP/1.0" + rest, "400 malformed_request"},
      {"ICE", "SOURCE / ICE/1.0" + rest, "400 malformed_request"},
      {"asterisk", "OPTIONS * HTTP/1.1" + rest, "400 bad_target"},
      {"authority-form", "CONNECT h:80 HTTP/1.1" + rest, "400 bad_target"},
      {"authority in a GET", "GET h:80 HTTP/1.1" + rest, "400 bad_target"},
      {"fragment", "GET /#f HTTP/1.1" + rest, "400 bad_target"},
      {"8 bits in the target", "GET /\xe4 HTTP/1.1" + rest, "400 bad_target"},
      {"NUL in the target", std::string("GET /\0 HTTP/1.1", 15) + rest, "400 control_character"},
      {"DEL in the target", "GET /\x7f HTTP/1.1" + rest, "400 control_character"},
      {"user in an absolute target", "GET http://u@h/ HTTP/1.1" + rest, "400 bad_target"},
      {"unknown scheme", "GET ftp://h/ HTTP/1.1" + rest, "400 bad_target"},
      {"LF alone ends the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n",
       "400 control_character"},
  };
  for (const BadRow& row : rows) expect_error_at_every_split(row);
}

TEST(RequestParserTest, BadHeaders) {
  const BadRow rows[] = {
      {"9112 5.1 space before the colon", get("A : x\r\n"), "400 bad_header"},
      {"9112 5.1 tab before the colon", get("A\t: x\r\n"), "400 bad_header"},
      {"9112 5.2 folded", get("A: x\r\n y\r\n"), "400 folded_line"},
      {"9112 5.2 folded with a tab", get("A: x\r\n\ty\r\n"), "400 folded_line"},
      {"9112 5.2 folded, empty", get("A: x\r\n \r\n"), "400 folded_line"},
      {"9112 2.2 space before the first", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", "400 folded_line"},
      {"9112 2.2 CR alone", get("A: x\ry\r\n"), "400 control_character"},
      {"9112 2.2 CR alone, a header behind it", get("A: x\rB: y\r\n"), "400 control_character"},
      {"9112 2.2 CR CR LF", get("A: x\r\r\n"), "400 control_character"},
      {"LF alone", "GET / HTTP/1.1\r\nHost: h\n\r\n", "400 control_character"},
      {"LF alone ends the head", "GET / HTTP/1.1\r\nHost: h\r\n\n", "400 control_character"},
      {"9110 5.5 NUL", get(std::string("A: x\0y\r\n", 8)), "400 control_character"},
      {"9110 5.5 control character", get("A: \x01\r\n"), "400 control_character"},
      {"9110 5.5 DEL", get("A: \x7f\r\n"), "400 control_character"},
      {"empty name", get(": x\r\n"), "400 bad_header"},
      {"no colon", get("abc\r\n"), "400 bad_header"},
      {"name is no token", get("a(b): x\r\n"), "400 bad_header"},
      {"name with a space", get("a b: x\r\n"), "400 bad_header"},
      {"name with 8 bits", get("a\xe4: x\r\n"), "400 bad_header"},
  };
  for (const BadRow& row : rows) expect_error_at_every_split(row);
}

TEST(RequestParserTest, BadFraming) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const BadRow rows[] = {
      {"9112 3.2 no Host", "GET / HTTP/1.1\r\n\r\n", "400 bad_host"},
      {"9112 3.2 two Hosts", get("Host: h\r\n"), "400 bad_host"},
      {"9112 3.2 two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n",
       "400 bad_host"},
      {"9112 3.2 empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "400 bad_host"},
      {"9112 3.2 Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 bad_host"},
      {"9112 3.2 Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 bad_host"},
      {"9112 3.2 Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "400 bad_host"},
      {"9112 3.2 bad Host beside an absolute target", "GET http://h/ HTTP/1.1\r\nHost: a b\r\n\r\n",
       "400 bad_host"},
      {"9112 6.3 length and chunked", post("Content-Length: 3\r\n" + chunked),
       "400 ambiguous_length"},
      {"9112 6.3 chunked and length", post(chunked + "Content-Length: 3\r\n"),
       "400 ambiguous_length"},
      {"9112 6.3 two lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n"),
       "400 ambiguous_length"},
      {"9112 6.3 the same length twice", post("Content-Length: 3\r\nContent-Length: 3\r\n"),
       "400 ambiguous_length"},
      {"length zero twice", post("Content-Length: 0\r\nContent-Length: 0\r\n"),
       "400 ambiguous_length"},
      {"length is a list", post("Content-Length: 3, 3\r\n"), "400 bad_content_length"},
      {"length with a sign", post("Content-Length: +3\r\n"), "400 bad_content_length"},
      {"negative length", post("Content-Length: -3\r\n"), "400 bad_content_length"},
      {"hexadecimal length", post("Content-Length: 0x3\r\n"), "400 bad_content_length"},
      {"length with a space inside", post("Content-Length: 3 3\r\n"), "400 bad_content_length"},
      {"length of 2^64", post("Content-Length: 18446744073709551616\r\n"),
       "400 bad_content_length"},
      {"empty length", post("Content-Length:\r\n"), "400 bad_content_length"},
      {"9112 6.1 unknown coding", post("Transfer-Encoding: gzip, chunked\r\n"),
       "501 unknown_transfer_encoding"},
      {"9112 6.3 chunked not last", post("Transfer-Encoding: chunked, gzip\r\n"),
       "400 bad_transfer_encoding"},
      {"9112 6.3 no chunked", post("Transfer-Encoding: gzip\r\n"), "400 bad_transfer_encoding"},
      {"identity", post("Transfer-Encoding: identity\r\n"), "400 bad_transfer_encoding"},
      {"chunked twice in a line", post("Transfer-Encoding: chunked, chunked\r\n"),
       "400 bad_transfer_encoding"},
      {"chunked on two lines", post(chunked + chunked), "400 bad_transfer_encoding"},
      {"chunked with a parameter", post("Transfer-Encoding: chunked;a=b\r\n"),
       "400 bad_transfer_encoding"},
      {"only resembles chunked", post("Transfer-Encoding: xchunked\r\n"),
       "400 bad_transfer_encoding"},
      {"empty coding", post("Transfer-Encoding:\r\n"), "400 bad_transfer_encoding"},
      {"9112 6.1 chunked in HTTP/1.0", "POST / HTTP/1.0\r\n" + chunked + "\r\n",
       "400 bad_transfer_encoding"},
  };
  for (const BadRow& row : rows) expect_error_at_every_split(row);
}

TEST(RequestParserTest, TargetLimit) {
  const Limits limits{.target_size_max = 100, .head_size_max = 4096, .header_count_max = 10};
  for (const std::size_t size : {99u, 100u, 101u, 132u, 140u, 1000u}) {
    const std::string target = "/" + std::string(size - 1, 'a');
    const std::string wire = "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
    for_each_split(wire, [&](const Chunks& chunks) {
      const Lines expected = size <= 100 ? Lines{"head GET " + target, "complete"}
                                         : Lines{"error 414 target_too_long"};
      ASSERT_EQ(lines_of(chunks, limits), expected) << size;
    });
  }
  // Nobody waits for the end of a line that is already too long.
  EXPECT_EQ(lines_of({"GET /" + std::string(200, 'a')}, limits),
            Lines{"error 414 target_too_long"});
}

TEST(RequestParserTest, HeadSizeLimit) {
  const std::string wire = get("A: " + std::string(50, 'x') + "\r\n");
  for (const std::size_t limit :
       {wire.size() - 40, wire.size() - 2, wire.size() - 1, wire.size(), wire.size() + 1}) {
    for_each_split(wire, [&](const Chunks& chunks) {
      const Lines expected = limit >= wire.size() ? Lines{"head GET /", "complete"}
                                                  : Lines{"error 431 head_too_large"};
      ASSERT_EQ(lines_of(chunks, Limits{.head_size_max = limit}), expected)
          << limit << ", " << testing_support::describe(chunks);
    });
  }
  const Limits small{.head_size_max = 60};
  EXPECT_EQ(lines_of({"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(60, 'x')}, small),
            Lines{"error 431 head_too_large"});
}

TEST(RequestParserTest, HeaderCountLimit) {
  const Limits limits{.header_count_max = 5};
  for (const int count : {3, 4, 5, 6}) {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += "A: x\r\n";  // And Host.
    for_each_split(get(lines), [&](const Chunks& chunks) {
      const Lines expected =
          count <= 4 ? Lines{"head GET /", "complete"} : Lines{"error 431 too_many_headers"};
      ASSERT_EQ(lines_of(chunks, limits), expected) << count;
    });
  }
}

// Two faults: which one is reported must not depend on the cut.
TEST(RequestParserTest, TheFirstOfTwoFaultsAtEverySplit) {
  const Limits limits{.target_size_max = 20, .head_size_max = 60, .header_count_max = 2};
  const std::pair<std::string, std::string> rows[] = {
      {get(std::string(60, 'x') + "\x01"), "error 431 head_too_large"},
      {get("A: \x01" + std::string(60, 'x')), "error 400 control_character"},
      {"GET /" + std::string(60, 'x') + "\x01", "error 414 target_too_long"},
      {get("A: 1\r\nB: 2\r\n C: \x01"), "error 431 too_many_headers"},
      {get("A: 1\r\n \x01"), "error 400 folded_line"},
      {get("A: \r\x01"), "error 400 control_character"},
  };
  for (const auto& [wire, expected] : rows) {
    for_each_split(wire, [&](const Chunks& chunks) {
      ASSERT_EQ(lines_of(chunks, limits), Lines{expected}) << testing_support::describe(chunks);
    });
  }
}

TEST(RequestParserTest, BodyLimit) {
  const Limits limits{.body_size_max = 10};
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  for (const std::size_t size : {9u, 10u, 11u}) {
    const std::string body(size, 'b');
    const Lines good = {"head POST /p", "body " + body, "complete"};
    const Lines bad = {"head POST /p", "error 413 body_too_large"};
    const Row identity{"identity", post("Content-Length: " + std::to_string(size) + "\r\n", body),
                       size <= 10 ? good : bad};
    expect_at_every_split(identity, limits);
    const std::string rest = body.substr(4);
    const std::string digit(1, "0123456789"[rest.size()]);
    const Row chunks{"chunked",
                     post(chunked, "4\r\nbbbb\r\n" + digit + "\r\n" + rest + "\r\n0\r\n\r\n"),
                     size <= 10 ? good : bad};
    expect_at_every_split(chunks, limits);
  }
  const Row huge{"announced",
                 post(chunked, "FFFFFFFFFFFFFFFF\r\n"),
                 {"head POST /p", "error 413 body_too_large"}};
  expect_at_every_split(huge, limits);
}

TEST(RequestParserTest, BodyWithoutLimit) {
  const Limits limits{.body_size_max = UINT64_MAX};
  const std::string head = post("Content-Length: 18446744073709551615\r\n");
  RequestParser parser(limits);
  dunlin::ConstBytes input = dunlin::as_bytes(head);
  ASSERT_TRUE(std::holds_alternative<HeadComplete>(parser.next(input)));
  ASSERT_TRUE(std::holds_alternative<NeedInput>(parser.next(input)));
  const std::string body = "abc";
  input = dunlin::as_bytes(body);
  EXPECT_EQ(std::get<Body>(parser.next(input)).bytes.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<NeedInput>(parser.next(input)));
}

TEST(RequestParserTest, ARouteSetsItsOwnBodyLimit) {
  const std::string wire = post("Content-Length: 5\r\n", "hello") + post("Content-Length: 5\r\n");
  RequestParser parser(Limits{.body_size_max = 1});
  dunlin::ConstBytes input = dunlin::as_bytes(wire);
  ASSERT_TRUE(std::holds_alternative<HeadComplete>(parser.next(input)));
  parser.set_body_size_max(5);
  ASSERT_TRUE(std::holds_alternative<Body>(parser.next(input)));
  ASSERT_TRUE(std::holds_alternative<RequestComplete>(parser.next(input)));
  ASSERT_TRUE(std::holds_alternative<HeadComplete>(parser.next(input)));
  // The next request has the limit of all again.
  EXPECT_EQ(std::get<HttpError>(parser.next(input)).status, 413);
  EXPECT_EQ(std::get<HttpError>(parser.next(input)).status, 413);
}

// Uncut, the third of equal heads is recognised and not parsed; cut anywhere inside, it is parsed.
// Nobody must be able to tell.
TEST(RequestParserTest, RepeatedHeads) {
  const std::string a = post("Content-Length: 02\r\nX-Trace: 1\r\n", "ab");
  const Lines a_lines = {"head POST /p", "body ab", "complete"};
  const auto after_three = [&](const std::string& next, const Lines& lines) {
    Row row{"repeated", a + a + a + next, {}};
    for (int i = 0; i < 3; ++i)
      row.expected.insert(row.expected.end(), a_lines.begin(), a_lines.end());
    row.expected.insert(row.expected.end(), lines.begin(), lines.end());
    expect_at_every_split(row);
  };
  after_three(a, a_lines);
  after_three("\r\n" + a, a_lines);
  after_three(post("Content-Length: 03\r\nX-Trace: 1\r\n", "abc"),
              {"head POST /p", "body abc", "complete"});
  after_three(post("Content-Length: 3\r\nX-Trace: 1\r\n", "abc") + a,
              {"head POST /p", "body abc", "complete", "head POST /p", "body ab", "complete"});
  after_three(post("content-length: 03\r\nX-Trace: 2\r\n", "abc"),
              {"head POST /p", "body abc", "complete"});
  after_three(post("Content-Length: 2 \r\nX-Trace: 1\r\n", "ab"), a_lines);
  after_three(post("Content-Length: 2x\r\nX-Trace: 1\r\n"), {"error 400 bad_content_length"});
  after_three(post("Content-Length: +2\r\nX-Trace: 1\r\n"), {"error 400 bad_content_length"});
  after_three(post("Content-Length: 02\r\nX-Trace: 1\r\n").substr(0, 30) + "\x01",
              {"error 400 control_character"});
  after_three(get(""), {"head GET /", "complete"});
}

TEST(RequestParserTest, ARepeatedHeadHasItsOwnLength) {
  RequestParser parser(Limits{});
  const auto begin = [&](std::string_view length, std::string_view body) {
    const std::string wire =
        post("Content-Length: " + std::string(length) + "\r\nAccept: x\r\n", body);
    dunlin::ConstBytes input = dunlin::as_bytes(wire);
    const Step head = parser.next(input);
    EXPECT_TRUE(std::holds_alternative<Body>(parser.next(input)));
    EXPECT_TRUE(std::holds_alternative<RequestComplete>(parser.next(input)));
    EXPECT_EQ(parser.head().content_length, body.size());
    EXPECT_EQ(parser.head().header("content-length"), length);
    EXPECT_EQ(parser.head().header("accept"), "x");
    EXPECT_EQ(parser.head().header("host"), "h");
    return std::get<HeadComplete>(head).repeated;
  };
  EXPECT_FALSE(begin("05", "hello"));  // The first on a connection is often the only one,
  EXPECT_FALSE(begin("05", "hello"));  // so that the second is the one that is remembered.
  EXPECT_TRUE(begin("05", "hello"));
  EXPECT_TRUE(begin("12", "hello, world"));
  EXPECT_FALSE(begin("5", "hello"));
  EXPECT_TRUE(begin("7", "goodbye"));
}

TEST(RequestParserTest, IdleBetweenRequestsOnly) {
  RequestLog log;
  EXPECT_TRUE(log.parser().idle());
  log.feed("G");
  EXPECT_FALSE(log.parser().idle());
  log.feed("ET / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na");
  EXPECT_FALSE(log.parser().idle());
  log.feed("b");
  EXPECT_TRUE(log.parser().idle());
  log.feed("\r\n");
  EXPECT_TRUE(log.parser().idle());
  EXPECT_EQ(log.parser().head().path, "/");
}

TEST(RequestParserTest, HeadStaysValidUntilTheNextRequestBegins) {
  RequestLog log;
  log.feed("GET /first?q HTTP/1.1\r\nHost: h\r\nX-Long: " + std::string(300, 'x') + "\r\n\r\n");
  EXPECT_EQ(log.parser().head().path, "/first");
  EXPECT_EQ(log.parser().head().header("x-long"), std::string(300, 'x'));
  log.feed("GET /second HTTP/1.1\r\nHost: i\r\n\r\n");
  EXPECT_EQ(log.parser().head().path, "/second");
  EXPECT_EQ(log.parser().head().header("x-long"), "");
  EXPECT_EQ(log.parser().head().host, "i");
}

// A connection that is warm allocates nothing for its next request.
TEST(RequestParserTest, MemoryIsReused) {
  RequestLog log;
  log.feed(get("A: a longer request comes first\r\n"));
  const void* const bytes = log.parser().head().method_text.data();
  const void* const headers = log.parser().head().headers.data();
  for (int i = 0; i < 3; ++i) {
    log.feed(get("A: shorter\r\n"));
    EXPECT_EQ(log.parser().head().method_text.data(), bytes);
    EXPECT_EQ(log.parser().head().headers.data(), headers);
  }
}

}  // namespace
}  // namespace http
