#include <string_view>
#include <utility>

#include "proto/push/client_protocol.h"
#include "proto/push/json_reader.h"

namespace push {
namespace {

using json::Reader;
using json::ondemand::object;
using json::ondemand::value;

constexpr std::size_t kIgnoredDepthMax = 16;  // Of members that are not ours.

constexpr ProtocolError kMalformed{"invalid_json", "not one well-formed JSON object", {}};
constexpr ProtocolError kNotUtf8{"invalid_utf8", "not valid UTF-8", {}};
constexpr ProtocolError kUnknown{
    "unknown_request", "expected one of login, refresh, subscribe, unsubscribe, ping or ack", {}};
constexpr ProtocolError kSeveral{"several_requests", "one message carries one request", {}};
constexpr ProtocolError kNoId{"missing_id", "a request needs an id: a positive integer", {}};
constexpr ProtocolError kBadBody{"invalid_request", "the request must be a JSON object", {}};
constexpr ProtocolError kBadUid{
    "invalid_uid", "uid must be a string, not empty and not too long", {}};
constexpr ProtocolError kBadToken{"invalid_token", "token must be a string, not empty", {}};
constexpr ProtocolError kBadChannel{
    "invalid_channel", "channel must be a string, not empty and not too long", {}};
constexpr ProtocolError kBadRecover{
    "invalid_recover", "recover must be {\"epoch\":string,\"offset\":integer}", {}};
constexpr ProtocolError kBadAck{"invalid_ack", "ack must be a message id", {}};

ProtocolError error_of(simdjson::error_code error) {
  return error == simdjson::UTF8_ERROR ? kNotUtf8 : kMalformed;
}

// Everything a client message can say, as it is found; put together at the end, since members come
// in any order.
struct Found {
  std::string_view request;  // The name of the request's member.
  bool several = false;
  std::optional<std::uint64_t> id;
  std::optional<std::string_view> uid;
  std::optional<std::string_view> token;
  bool bad_token = false;  // Told only when it is needed: beside a uid it may be anything.
  std::optional<std::string_view> channel;
  std::optional<RecoverFrom> recover;
  std::optional<std::string_view> ack;
  std::optional<ProtocolError> fault;  // Told only when the whole text is well-formed.
};

bool is_request(std::string_view name) {
  return name == "login" || name == "refresh" || name == "subscribe" || name == "unsubscribe" ||
         name == "ping" || name == "ack";
}

// The readers below answer false when the text is malformed.

bool ignore(const Reader& reader, value from) {
  return reader.check(from, kIgnoredDepthMax) == json::Checked::kOk;
}

bool read_name(const Reader& reader, value from, std::size_t size_max, const ProtocolError& fault,
               Found& found, std::optional<std::string_view>& name) {
  std::string_view text;
  const json::Read read = reader.read_string(from, text);
  if (read == json::Read::kMalformed) return false;
  if (read == json::Read::kOk && !text.empty() && text.size() <= size_max) {
    name = text;
    return true;
  }
  found.fault = fault;
  return read == json::Read::kOk || ignore(reader, from);
}

bool read_token(const Reader& reader, value from, Found& found) {
  std::string_view text;
  const json::Read read = reader.read_string(from, text);
  if (read == json::Read::kMalformed) return false;
  found.bad_token = read != json::Read::kOk || text.empty();
  if (!found.bad_token) found.token = text;  // Whoever verifies it bounds it.
  return read == json::Read::kOk || ignore(reader, from);
}

bool read_recover(const Reader& reader, value from, Found& found) {
  object members;
  if (from.get_object().get(members) != simdjson::SUCCESS) {
    found.fault = kBadRecover;
    return ignore(reader, from);
  }
  std::optional<std::string_view> epoch;
  std::optional<std::uint64_t> offset;
  for (auto item : members) {
    json::ondemand::field field;
    if (std::move(item).get(field) != simdjson::SUCCESS) return false;
    std::string_view name;
    if (!json::read_key(field.key(), name)) return false;
    if (name == "epoch") {
      if (!read_name(reader, field.value(), 64, kBadRecover, found, epoch)) return false;
    } else if (name == "offset") {
      std::uint64_t integer = 0;
      const json::Number read = reader.read_integer(field.value(), integer);
      if (read == json::Number::kMalformed) return false;
      if (read == json::Number::kOk) {
        offset = integer;
      } else if (!ignore(reader, field.value())) {
        return false;
      }
    } else if (!ignore(reader, field.value())) {
      return false;
    }
  }
  if (epoch && offset) {
    found.recover = {.epoch = *epoch, .offset = *offset};
  } else {
    found.fault = kBadRecover;
  }
  return true;
}

bool read_request(const Reader& reader, value from, const ClientLimits& limits, Found& found) {
  object members;
  if (from.get_object().get(members) != simdjson::SUCCESS) {
    found.fault = kBadBody;
    return ignore(reader, from);
  }
  for (auto item : members) {
    json::ondemand::field field;
    if (std::move(item).get(field) != simdjson::SUCCESS) return false;
    std::string_view name;
    if (!json::read_key(field.key(), name)) return false;
    bool read = false;
    if (name == "uid" && found.request == "login") {
      read = read_name(reader, field.value(), limits.uid_size_max, kBadUid, found, found.uid);
    } else if (name == "token" && (found.request == "login" || found.request == "refresh")) {
      read = read_token(reader, field.value(), found);
    } else if (name == "channel" && found.request != "login") {
      read = read_name(reader, field.value(), limits.channel_size_max, kBadChannel, found,
                       found.channel);
    } else if (name == "recover" && found.request == "subscribe") {
      read = read_recover(reader, field.value(), found);
    } else {
      read = ignore(reader, field.value());
    }
    if (!read) return false;
  }
  return true;
}

bool read_id(const Reader& reader, value from, Found& found) {
  std::uint64_t integer = 0;
  const json::Number read = reader.read_integer(from, integer);
  if (read == json::Number::kMalformed) return false;
  if (read == json::Number::kOk) {
    found.id = integer;
    return true;
  }
  found.fault = kNoId;
  return ignore(reader, from);
}

bool read_member(const Reader& reader, std::string_view name, value from,
                 const ClientLimits& limits, Found& found) {
  if (name == "id") return read_id(reader, from, found);
  if (!is_request(name)) return ignore(reader, from);
  found.several = found.several || !found.request.empty();
  found.request = name;
  if (name == "ack") return read_name(reader, from, 64, kBadAck, found, found.ack);
  return read_request(reader, from, limits, found);
}

std::unexpected<ProtocolError> refuse(ProtocolError error, const Found& found) {
  error.id = found.id;
  return std::unexpected(error);
}

const ProtocolError& nobody(const Found& found) { return found.bad_token ? kBadToken : kBadUid; }

Credentials credentials_of(const Found& found) {
  return {.uid = found.uid.value_or(""), .token = found.token.value_or("")};
}

std::expected<ClientMessage, ProtocolError> put_together(const Found& found) {
  if (found.several) return refuse(kSeveral, found);
  if (found.fault) return refuse(*found.fault, found);
  if (found.request.empty()) return refuse(kUnknown, found);
  if (found.request == "ack") return Ack{found.ack.value_or("")};
  if (!found.id || *found.id == 0) return refuse(kNoId, {});
  if (found.request == "ping") return Ping{*found.id};
  if (found.request == "login") {
    if (!found.uid && !found.token) return refuse(nobody(found), found);
    return Login{*found.id, credentials_of(found)};
  }
  if (found.request == "refresh") {
    if (!found.token) return refuse(kBadToken, found);
    return Refresh{*found.id, *found.token};
  }
  if (!found.channel) return refuse(kBadChannel, found);
  if (found.request == "unsubscribe") return Unsubscribe{*found.id, *found.channel};
  return Subscribe{*found.id, *found.channel, found.recover};
}

}  // namespace

class ClientMessageParser::Impl {
 public:
  std::expected<ClientMessage, ProtocolError> parse(PaddedText text, const ClientLimits& limits) {
    Found found;
    const auto error = read_members(text, [&](std::string_view name, value from) {
      return read_member(reader_, name, from, limits, found);
    });
    if (error) return refuse(*error, found);
    return put_together(found);
  }

  std::expected<Credentials, ProtocolError> parse_bare_login(PaddedText text,
                                                             const ClientLimits& limits) {
    Found found;
    const auto error = read_members(text, [&](std::string_view name, value from) {
      if (name == "token") return read_token(reader_, from, found);
      if (name != "uid") return ignore(reader_, from);
      return read_name(reader_, from, limits.uid_size_max, kBadUid, found, found.uid);
    });
    if (error) return std::unexpected(*error);
    if (found.fault) return std::unexpected(*found.fault);
    if (!found.uid && !found.token) return std::unexpected(nobody(found));
    return credentials_of(found);
  }

  void rest() { reader_.rest(); }
  void let_go() { reader_.let_go(); }
  [[nodiscard]] std::size_t memory_size() const { return reader_.memory_size(); }

 private:
  template <typename ReadMember>
  std::optional<ProtocolError> read_members(PaddedText text, ReadMember read) {
    object members;
    if (const auto error = reader_.open(text)) return error_of(error);
    if (reader_.root(members) != simdjson::SUCCESS) return kMalformed;
    for (auto item : members) {
      json::ondemand::field field;
      if (std::move(item).get(field) != simdjson::SUCCESS) return kMalformed;
      std::string_view name;
      if (!json::read_key(field.key(), name)) return kMalformed;
      if (!read(name, field.value())) return kMalformed;
    }
    if (!reader_.at_end()) return kMalformed;
    return std::nullopt;
  }

  Reader reader_;
};

ClientMessageParser::ClientMessageParser() : impl_(std::make_unique<Impl>()) {}
ClientMessageParser::~ClientMessageParser() = default;
ClientMessageParser::ClientMessageParser(ClientMessageParser&&) noexcept = default;
ClientMessageParser& ClientMessageParser::operator=(ClientMessageParser&&) noexcept = default;

std::expected<ClientMessage, ProtocolError> ClientMessageParser::parse(PaddedText json,
                                                                       const ClientLimits& limits) {
  return impl_->parse(json, limits);
}

std::expected<Credentials, ProtocolError> ClientMessageParser::parse_bare_login(
    PaddedText json, const ClientLimits& limits) {
  return impl_->parse_bare_login(json, limits);
}

void ClientMessageParser::rest() { impl_->rest(); }
void ClientMessageParser::let_go() { impl_->let_go(); }
std::size_t ClientMessageParser::memory_size() const { return impl_->memory_size(); }

}  // namespace push
