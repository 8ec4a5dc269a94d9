#include "proto/push/client_protocol.h"

#include "proto/push/json_text.h"

namespace push {
namespace {

void append_id(std::string& out, std::uint64_t id) {
  out.append(R"({"id":)");
  append_number(out, id);
}

}  // namespace

void append_login(std::string& out, std::uint64_t id, const LoggedIn& logged_in) {
  append_id(out, id);
  out.append(R"(,"login":{"uid":)");
  append_json_string(out, logged_in.uid);
  out.append(R"(,"connection":)");
  append_json_string(out, logged_in.connection);
  if (logged_in.expires_in_ms) {
    out.append(R"(,"expires_in_ms":)");
    append_number(out, *logged_in.expires_in_ms);
  }
  out.append("}}");
}

void append_refreshed(std::string& out, std::uint64_t id,
                      std::optional<std::uint64_t> expires_in_ms) {
  append_id(out, id);
  out.append(R"(,"refresh":{)");
  if (expires_in_ms) {
    out.append(R"("expires_in_ms":)");
    append_number(out, *expires_in_ms);
  }
  out.append("}}");
}

void append_subscribed(std::string& out, std::uint64_t id, const Subscribed& subscribed) {
  append_id(out, id);
  out.append(R"(,"subscribe":{"channel":)");
  append_json_string(out, subscribed.channel);
  out.append(R"(,"epoch":)");
  append_json_string(out, subscribed.epoch);
  out.append(R"(,"offset":)");
  append_number(out, subscribed.offset);
  if (subscribed.recovered) {
    out.append(*subscribed.recovered ? R"(,"recovered":true)" : R"(,"recovered":false)");
  }
  out.append("}}");
}

void append_unsubscribed(std::string& out, std::optional<std::uint64_t> id,
                         std::string_view channel) {
  if (id) {
    append_id(out, *id);
    out.push_back(',');
  } else {
    out.push_back('{');
  }
  out.append(R"("unsubscribe":{"channel":)");
  append_json_string(out, channel);
  out.append("}}");
}

void append_pong(std::string& out, std::uint64_t id) {
  append_id(out, id);
  out.append(R"(,"ping":{}})");
}

void append_error(std::string& out, const ProtocolError& error) {
  out.push_back('{');
  if (error.id) {
    out.append(R"("id":)");
    append_number(out, *error.id);
    out.push_back(',');
  }
  out.append(R"("error":{"code":)");
  append_json_string(out, error.code);
  out.append(R"(,"message":)");
  append_json_string(out, error.message);
  out.append("}}");
}

void append_push(std::string& out, const Pushed& pushed) {
  out.append(R"({"push":{"message":)");
  append_json_string(out, pushed.message);
  if (!pushed.channel.empty()) {
    out.append(R"(,"channel":)");
    append_json_string(out, pushed.channel);
    out.append(R"(,"offset":)");
    append_number(out, pushed.offset);
  }
  switch (pushed.kind) {
    case PayloadKind::kJson:
      out.append(R"(,"data":)").append(pushed.payload);
      break;
    case PayloadKind::kText:
      out.append(R"(,"text":)");
      append_json_string(out, pushed.payload);
      break;
    case PayloadKind::kBinary:
      out.append(R"(,"binary":)");
      append_base64_string(out, pushed.payload);
      break;
  }
  out.append("}}");
}

void append_missed(std::string& out, std::uint64_t count) {
  out.append(R"({"missed":{"count":)");
  append_number(out, count);
  out.append("}}");
}

void append_token_expiring(std::string& out, std::uint64_t expires_in_ms) {
  out.append(R"({"token":{"expires_in_ms":)");
  append_number(out, expires_in_ms);
  out.append("}}");
}

void append_reconnect(std::string& out, std::uint32_t delay_ms) {
  out.append(R"({"reconnect":{"delay_ms":)");
  append_number(out, delay_ms);
  out.append("}}");
}

}  // namespace push
