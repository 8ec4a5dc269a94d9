// Push requests: what stands behind the text changes nothing, nor does what was parsed before; what
// is accepted keeps its promises and, written down again, is accepted as the same; what is refused
// says where.
#include <algorithm>

#include "proto/push/base64.h"
#include "proto/push/body_parser.h"
#include "proto/push/choice.h"
#include "proto/push/json_text.h"
#include "proto/push/push_parser.h"
#include "tests/fuzz/json_oracle.h"
#include "tests/fuzz/text.h"

namespace {

using push::PushRequest;

constexpr push::PushLimits kLimits{
    .targets_max = 4, .uid_size_max = 8, .channel_size_max = 10, .wait_timeout_max_ms = 5000};

template <typename Value>
std::string_view name_in(std::span<const push::Choice<Value>> choices, Value value) {
  for (const auto& choice : choices) {
    if (choice.value == value) return choice.name;
  }
  std::abort();
}

void append_member(std::string& out, std::string_view name, std::string_view json) {
  out.append(out.empty() ? "{\"" : ",\"").append(name).append("\":").append(json);
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  std::string json;
  push::append_json_string(json, text);
  append_member(out, name, json);
}

void append_list(std::string& out, std::string_view name,
                 const std::vector<std::string_view>& texts) {
  if (texts.empty()) return;
  std::string json;
  for (const std::string_view text : texts) {
    json.push_back(json.empty() ? '[' : ',');
    push::append_json_string(json, text);
  }
  append_member(out, name, json + "]");
}

// The request as a backend could have written it: every request has one such form.
std::string written(const PushRequest& request) {
  std::string out;
  append_list(out, "uids", request.uids);
  append_list(out, "channels", request.channels);
  append_text(out, "connection", request.connection);
  if (request.all) append_member(out, "all", "true");
  append_text(out, "profile", request.profile);
  std::string payload;
  if (request.kind == push::PayloadKind::kJson) {
    payload = request.payload;
  } else if (request.kind == push::PayloadKind::kText) {
    push::append_json_string(payload, request.payload);
  } else {
    push::append_base64_string(payload, request.payload);
  }
  static constexpr std::string_view kNames[] = {"data", "text", "binary"};
  append_member(out, kNames[static_cast<std::size_t>(request.kind)], payload);
  if (request.ttl_ms) append_member(out, "ttl_ms", std::to_string(*request.ttl_ms));
  append_text(out, "conflate_key", request.conflate_key);
  append_text(out, "policy", name_in<push::Policy>(push::kPolicies, request.policy));
  append_text(out, "class", name_in<push::StorageClass>(push::kStorageClasses, request.storage));
  append_list(out, "exclude", request.exclude);
  append_text(out, "idempotency_key", request.idempotency_key);
  append_text(out, "wait", name_in<push::Wait>(push::kWaits, request.wait));
  if (request.timeout_ms) append_member(out, "timeout_ms", std::to_string(*request.timeout_ms));
  return out + "}";
}

void check_texts(const std::vector<std::string_view>& texts, std::size_t size_max) {
  fuzz::require(texts.size() <= kLimits.targets_max);
  for (const std::string_view text : texts) {
    fuzz::require(!text.empty() && text.size() <= size_max && push::is_valid_utf8(text));
  }
}

void check_request(const PushRequest& request) {
  check_texts(request.uids, kLimits.uid_size_max);
  check_texts(request.channels, kLimits.channel_size_max);
  check_texts(request.exclude, push::kKeySizeMax);
  const int targets = int{!request.uids.empty()} + int{!request.channels.empty()} +
                      int{!request.connection.empty()} + int{request.all};
  fuzz::require(targets == 1);
  fuzz::require(request.profile.empty() || request.all);
  fuzz::require(request.policy != push::Policy::kConflate || !request.conflate_key.empty());
  fuzz::require(request.timeout_ms.value_or(0) <= kLimits.wait_timeout_max_ms);
  if (request.kind == push::PayloadKind::kText) {
    fuzz::require(push::is_valid_utf8(request.payload));
  } else if (request.kind == push::PayloadKind::kJson) {
    fuzz::require(fuzz::judge_json(request.payload) != fuzz::Json::kInvalid);
    fuzz::require(!std::string_view(" \t\r\n").contains(request.payload.front()));
    fuzz::require(!std::string_view(" \t\r\n").contains(request.payload.back()));
  }
}

void check_error(const push::PushError& error, std::string_view text) {
  fuzz::require(!error.code.empty() && !error.message.empty());
  fuzz::require(std::ranges::all_of(error.code, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  }));
  // What is wrong stands in the text, or is missing from it as a whole.
  const std::string_view name = std::string_view(error.path).substr(0, error.path.find('['));
  fuzz::require(name.empty() || text.find(name) != std::string_view::npos);
}

// As written again, or the refusal.
std::string outcome(push::PushParser& parser, std::string_view text, char padding) {
  const fuzz::PaddedBlock block(text, padding);
  PushRequest request;
  if (auto parsed = parser.parse(block.text(), kLimits, request); !parsed) {
    check_error(parsed.error(), text);
    return std::string(parsed.error().code) + " " + parsed.error().path + " " +
           parsed.error().message;
  }
  check_request(request);
  return written(request);
}

void check_json(push::BodyParser& parser, std::string_view text, char padding, bool is_push) {
  const fuzz::PaddedBlock block(text, padding);
  const auto checked = parser.check(block.text());
  const bool too_deep = !checked && checked.error().code == "too_deep";
  const fuzz::Json judged = fuzz::judge_json(text);
  if (checked) fuzz::require(judged != fuzz::Json::kInvalid);
  if (judged == fuzz::Json::kValid) fuzz::require(checked || too_deep);
  if (is_push) fuzz::require(checked || too_deep);
}

void check_bodies(push::BodyParser& parser, std::string_view text, char padding) {
  const fuzz::PaddedBlock block(text, padding);
  std::vector<std::string_view> texts;
  const push::BodyParser::ListRule rule{.name = "uids", .count_max = 4, .size_max = 8};
  if (const auto parsed = parser.parse_list(block.text(), rule, texts)) {
    check_texts(texts, rule.size_max);
  } else {
    fuzz::require(!parsed.error().code.empty() && !parsed.error().message.empty());
  }
  if (const auto parsed = parser.parse_text(block.text(), {.name = "uid", .size_max = 8})) {
    check_texts({*parsed}, 8);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  static push::PushParser warm;
  static push::BodyParser bodies;
  const std::string expected = outcome(warm, text, '\0');
  const bool accepted = expected.starts_with('{');
  push::PushParser fresh;
  for (const char padding : fuzz::kPaddings) {
    fuzz::require(fuzz::agree(outcome(fresh, text, padding), expected));
    check_json(bodies, text, padding, accepted);
    check_bodies(bodies, text, padding);
  }
  if (accepted) fuzz::require(outcome(warm, expected, '\0') == expected);
  return 0;
}
