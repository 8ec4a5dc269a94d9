// One keep-alive HTTP/1.1 connection to a server's push interface: requests out, joined where many
// are queued, answers in, in order. Parses with llhttp. Knows nothing of what the requests mean.
//
// Owner: a publisher.   Thread: its worker's.   Bound: kBodySizeMax bytes of one answer.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bench/load/client/tcp_client.h"
#include "bench/load/net/address.h"
#include "bench/load/net/event_loop.h"

namespace load {

class HttpClient final : private TcpClient::Owner {
 public:
  class Owner {
   public:
    // A piece of an answer that is still under way. True: taken; on_answer() gets the rest only.
    virtual bool on_body_part(HttpClient& /*client*/, unsigned /*status*/,
                              std::string_view /*part*/) {
      return false;
    }
    virtual void on_answer(HttpClient& client, unsigned status, std::string_view body) = 0;
    // The connection ended, or never was; unanswered requests stay unanswered. open() may be called
    // again, but not in this call.
    virtual void on_lost(HttpClient& client) = 0;

   protected:
    ~Owner() = default;
  };

  HttpClient(EventLoop& loop, Owner& owner, std::shared_ptr<const TlsContext> tls);
  ~HttpClient() = default;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  [[nodiscard]] bool open(const Address& target);

  // Whole requests are appended here and leave with the next flush(), which comes by itself after
  // the answers of one read were reported.
  [[nodiscard]] std::string& outgoing() { return tcp_.outgoing(); }
  void flush() { tcp_.flush(); }
  void close() { tcp_.close(); }
  [[nodiscard]] bool is_open() const { return tcp_.is_open(); }

 private:
  static constexpr std::size_t kBodySizeMax = 64 << 20;

  static HttpClient& of(llhttp_t* parser) { return *static_cast<HttpClient*>(parser->data); }
  static const llhttp_settings_t& settings();
  bool on_bytes(std::string_view bytes) override;
  void on_end() override;

  Owner& owner_;
  TcpClient tcp_;
  llhttp_t parser_{};
  std::string body_;
};

}  // namespace load
