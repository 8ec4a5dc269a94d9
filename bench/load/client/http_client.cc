#include "bench/load/client/http_client.h"

#include <utility>

namespace load {

HttpClient::HttpClient(EventLoop& loop, Owner& owner, std::shared_ptr<const TlsContext> tls)
    : owner_(owner), tcp_(loop, *this, std::move(tls)) {}

const llhttp_settings_t& HttpClient::settings() {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t settings{};
    llhttp_settings_init(&settings);
    settings.on_message_begin = [](llhttp_t* parser) {
      of(parser).body_.clear();
      return 0;
    };
    settings.on_body = [](llhttp_t* parser, const char* bytes, std::size_t size) {
      HttpClient& client = of(parser);
      if (client.owner_.on_body_part(client, parser->status_code, {bytes, size})) return 0;
      std::string& body = client.body_;
      if (body.size() + size > kBodySizeMax) return -1;
      body.append(bytes, size);
      return 0;
    };
    settings.on_message_complete = [](llhttp_t* parser) {
      HttpClient& client = of(parser);
      client.owner_.on_answer(client, parser->status_code, client.body_);
      return 0;
    };
    return settings;
  }();
  return kSettings;
}

bool HttpClient::open(const Address& target) {
  llhttp_init(&parser_, HTTP_RESPONSE, &settings());
  parser_.data = this;
  return tcp_.open(target);
}

bool HttpClient::on_bytes(std::string_view bytes) {
  return llhttp_execute(&parser_, bytes.data(), bytes.size()) == HPE_OK;
}

void HttpClient::on_end() { owner_.on_lost(*this); }

}  // namespace load
