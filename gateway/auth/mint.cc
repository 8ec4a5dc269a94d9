#include "gateway/auth/mint.h"

#include <algorithm>

#include "gateway/auth/base64url.h"
#include "gateway/auth/json.h"
#include "proto/push/json_text.h"

namespace auth {
namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

std::string json_string(std::string_view text) {
  std::string out;
  push::append_json_string(out, text);
  return out;
}

std::string json_array(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts)
    out.append(out.empty() ? "[" : ",").append(json_string(text));
  return out + "]";
}

bool is_json(std::string_view text) {
  json::dom::parser parser;
  return parser.parse(text.data(), text.size()).error() == simdjson::SUCCESS;
}

void put(Members& members, std::string_view name, std::string value) {
  const auto found = std::ranges::find(members, name, &Members::value_type::first);
  if (found == members.end()) {
    members.emplace_back(name, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

std::string json_object(const Members& members) {
  std::string out = "{";
  for (const auto& [name, value] : members) {
    if (out.size() > 1) out.push_back(',');
    out.append(json_string(name)).append(":").append(value);
  }
  return out + "}";
}

}  // namespace

std::string sign_token(std::string_view header, std::string_view payload, const SigningKey& key) {
  const std::string text = encode_base64url(header) + "." + encode_base64url(payload);
  return text + "." + encode_base64url(key.sign(text));
}

std::string mint(const Minted& wanted, const SigningKey& key) {
  Members header = {{"alg", json_string(name_of(key.algorithm()))}, {"typ", json_string("JWT")}};
  if (!wanted.kid.empty()) put(header, "kid", json_string(wanted.kid));
  Members claims;
  if (!wanted.uid.empty()) put(claims, "sub", json_string(wanted.uid));
  if (!wanted.issuer.empty()) put(claims, "iss", json_string(wanted.issuer));
  if (wanted.audiences.size() == 1) put(claims, "aud", json_string(wanted.audiences[0]));
  if (wanted.audiences.size() > 1) put(claims, "aud", json_array(wanted.audiences));
  put(claims, "iat", std::to_string(wanted.now_s));
  if (wanted.lifetime_s) {
    put(claims, "exp",
        std::to_string(wanted.now_s + static_cast<std::int64_t>(*wanted.lifetime_s)));
  }
  if (!wanted.channels.empty()) put(claims, "channels", json_array(wanted.channels));
  if (!wanted.subscribe.empty()) put(claims, "subscribe", json_array(wanted.subscribe));
  for (const auto& [name, value] : wanted.claims) {
    put(claims, name, is_json(value) ? value : json_string(value));
  }
  return sign_token(json_object(header), json_object(claims), key);
}

}  // namespace auth
