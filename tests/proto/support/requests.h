// Requests through RequestParser, reported as lines of text that a table can hold.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/http/request_parser.h"
#include "tests/proto/support/splits.h"

namespace testing_support {

using Lines = std::vector<std::string>;

inline std::string head_line(const http::RequestHead& head) {
  std::string line = "head " + std::string(head.method_text) + ' ' + std::string(head.path);
  if (!head.query.empty()) line += '?' + std::string(head.query);
  return line;
}

class RequestLog {
 public:
  explicit RequestLog(const http::Limits& limits = {}) : parser_(limits) {}

  void feed(std::string_view chunk) {
    Block block(chunk);
    dunlin::ConstBytes input = block.bytes();
    for (bool more = !failed_; more;) more = take(parser_.next(input));
  }

  const Lines& lines() const { return lines_; }
  const http::RequestParser& parser() const { return parser_; }

 private:
  bool take(const http::Step& step) {
    if (std::holds_alternative<http::NeedInput>(step)) return false;
    if (std::holds_alternative<http::HeadComplete>(step)) {
      lines_.push_back(head_line(parser_.head()));
      body_.clear();
    }
    if (const auto* body = std::get_if<http::Body>(&step)) {
      body_ += dunlin::as_string_view(body->bytes);
    }
    if (std::holds_alternative<http::RequestComplete>(step)) {
      if (!body_.empty()) lines_.push_back("body " + body_);
      lines_.push_back("complete");
    }
    if (const auto* error = std::get_if<http::HttpError>(&step)) {
      lines_.push_back("error " + std::to_string(error->status) + ' ' + std::string(error->code));
      failed_ = true;
    }
    return !failed_;
  }

  http::RequestParser parser_;
  Lines lines_;
  std::string body_;
  bool failed_ = false;
};

inline Lines lines_of(const Chunks& chunks, const http::Limits& limits = {}) {
  RequestLog log(limits);
  for (const std::string_view chunk : chunks) log.feed(chunk);
  return log.lines();
}

}  // namespace testing_support
