// Publishes over HTTP: a request for each publication, or one with a line for each of a batch.
//
// Owner: a source of load.   Thread: its worker's.   Bound: that of HttpClient.
#pragma once

#include <string_view>

#include "bench/load/client/http_client.h"
#include "bench/load/client/publish_connection.h"
#include "bench/load/target/publish_request.h"

namespace load {

class HttpPublishConnection final : public PublishConnection, private HttpClient::Owner {
 public:
  HttpPublishConnection(EventLoop& loop, PublishConnection::Owner& owner, const Setup& setup,
                        const PublishForm& form);

  [[nodiscard]] bool open(const Address& target) override { return http_.open(target); }
  [[nodiscard]] bool is_open() const override { return http_.is_open(); }
  void add(const Template::Values& values) override;
  void end_request() override;
  void flush() override { http_.flush(); }

 private:
  void on_answer(HttpClient& client, unsigned status, std::string_view body) override;
  void on_lost(HttpClient& client) override;

  PublishConnection::Owner& owner_;
  const bool is_batch_;
  HttpClient http_;
  PublishRequest request_;
};

}  // namespace load
