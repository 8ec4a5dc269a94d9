// Publishes over HTTP as one endless request: a line for each publication, sent as chunks, and
// answered line by line while it is still being sent. Here a line is what is a request elsewhere.
//
// Owner: a source of load.   Thread: its worker's.   Bound: that of HttpClient; one unfinished line
// of the answer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bench/load/client/http_client.h"
#include "bench/load/client/publish_connection.h"
#include "bench/load/target/publish_request.h"

namespace load {

class StreamPublishConnection final : public PublishConnection, private HttpClient::Owner {
 public:
  StreamPublishConnection(EventLoop& loop, PublishConnection::Owner& owner, const Setup& setup,
                          const PublishForm& form);

  [[nodiscard]] bool open(const Address& target) override { return http_.open(target); }
  [[nodiscard]] bool is_open() const override { return http_.is_open(); }
  void add(const Template::Values& values) override { request_.add_line(values); }
  void end_request() override { ++unanswered_; }
  void flush() override;
  void finish() override;

 private:
  bool on_body_part(HttpClient& client, unsigned status, std::string_view part) override;
  void on_answer(HttpClient& client, unsigned status, std::string_view body) override;
  void on_lost(HttpClient& client) override;
  void answer_one(bool accepted, std::string_view line);
  void forget();

  static constexpr std::size_t kLineSizeMax = 1 << 20;

  PublishConnection::Owner& owner_;
  HttpClient http_;
  PublishRequest request_;
  bool begun_ = false;           // The request's head was sent, its end was not.
  std::size_t unanswered_ = 0;   // Lines.
  std::string unfinished_line_;  // Of the answer.
};

}  // namespace load
