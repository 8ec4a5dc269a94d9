// dunlin.v1 and plain logins: what stands behind the text changes nothing; what is understood keeps
// its bounds and, written down again, is understood the same; whatever is answered is JSON.
#include "proto/push/body_parser.h"
#include "proto/push/client_protocol.h"
#include "proto/push/json_text.h"
#include "tests/fuzz/json_oracle.h"
#include "tests/fuzz/text.h"

namespace {

constexpr push::ClientLimits kLimits{.uid_size_max = 8, .channel_size_max = 10};

std::string quoted(std::string_view text) {
  std::string json;
  push::append_json_string(json, text);
  return json;
}

void check_name(std::string_view name, std::size_t size_max) {
  fuzz::require(!name.empty() && name.size() <= size_max && push::is_valid_utf8(name));
}

std::string request(std::uint64_t id, std::string_view name, std::string_view members) {
  fuzz::require(id > 0);
  std::string json = "{\"id\":" + std::to_string(id) + ",\"";
  return json.append(name).append("\":{").append(members).append("}}");
}

// A uid or a token, not both; a token may be any text.
std::string written(const push::Credentials& credentials) {
  fuzz::require(credentials.uid.empty() != credentials.token.empty());
  if (credentials.uid.empty()) return "\"token\":" + quoted(credentials.token);
  check_name(credentials.uid, kLimits.uid_size_max);
  return "\"uid\":" + quoted(credentials.uid);
}

struct Writer {
  std::string operator()(const push::Login& login) const {
    return request(login.id, "login", written(login.credentials));
  }
  std::string operator()(const push::Refresh& refresh) const {
    return request(refresh.id, "refresh", "\"token\":" + quoted(refresh.token));
  }
  std::string operator()(const push::Subscribe& subscribe) const {
    check_name(subscribe.channel, kLimits.channel_size_max);
    std::string members = "\"channel\":" + quoted(subscribe.channel);
    if (subscribe.recover) {
      members += ",\"recover\":{\"epoch\":" + quoted(subscribe.recover->epoch) +
                 ",\"offset\":" + std::to_string(subscribe.recover->offset) + "}";
    }
    return request(subscribe.id, "subscribe", members);
  }
  std::string operator()(const push::Unsubscribe& unsubscribe) const {
    check_name(unsubscribe.channel, kLimits.channel_size_max);
    return request(unsubscribe.id, "unsubscribe", "\"channel\":" + quoted(unsubscribe.channel));
  }
  std::string operator()(const push::Ping& ping) const { return request(ping.id, "ping", ""); }
  std::string operator()(const push::Ack& ack) const {
    return "{\"ack\":" + quoted(ack.message) + "}";
  }
};

void check_answer(const std::string& answer) {
  fuzz::require(fuzz::judge_json(answer) == fuzz::Json::kValid);
}

void check_answers(std::string_view name) {
  std::string login;
  push::append_login(login, 1, {.uid = name, .connection = "c"});
  check_answer(login);
  std::string subscribed;
  push::append_subscribed(subscribed, 2,
                          {.channel = name, .epoch = name, .offset = 3, .recovered = true});
  check_answer(subscribed);
  for (const auto kind : {push::PayloadKind::kText, push::PayloadKind::kBinary}) {
    std::string pushed;
    push::append_push(
        pushed, {.message = "m", .channel = name, .offset = 1, .kind = kind, .payload = name});
    check_answer(pushed);
  }
}

// As written again, or the refusal.
std::string outcome(push::ClientMessageParser& parser, std::string_view text, char padding) {
  const fuzz::PaddedBlock block(text, padding);
  const auto parsed = parser.parse(block.text(), kLimits);
  if (parsed) return std::visit(Writer(), *parsed);
  std::string answer;
  push::append_error(answer, parsed.error());
  check_answer(answer);
  return std::string(parsed.error().code) + " " + std::to_string(parsed.error().id.value_or(0));
}

std::string login_outcome(push::ClientMessageParser& parser, std::string_view text, char padding) {
  const fuzz::PaddedBlock block(text, padding);
  const auto credentials = parser.parse_bare_login(block.text(), kLimits);
  if (!credentials) return std::string(credentials.error().code);
  if (!credentials->uid.empty()) check_answers(credentials->uid);
  return "{" + written(*credentials) + "}";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  static push::ClientMessageParser warm;
  push::ClientMessageParser fresh;
  for (const auto& of : {outcome, login_outcome}) {
    const std::string expected = of(warm, text, '\0');
    for (const char padding : fuzz::kPaddings) {
      fuzz::require(fuzz::agree(of(fresh, text, padding), expected));
    }
    if (!expected.starts_with('{')) continue;
    fuzz::require(fuzz::judge_json(text) != fuzz::Json::kInvalid);
    fuzz::require(of(warm, expected, '\0') == expected);
  }
  return 0;
}
