#include "proto/push/push_parser.h"

#include <array>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "proto/push/base64.h"
#include "proto/push/choice.h"
#include "proto/push/json_reader.h"

namespace push {
namespace {

using json::Reader;
using json::ondemand::object;
using json::ondemand::value;
using Result = std::expected<void, PushError>;

enum class Key : std::uint8_t {
  kUid,
  kUids,
  kConnection,
  kChannel,
  kChannels,
  kAll,
  kProfile,
  kData,
  kText,
  kBinary,
  kTtlMs,
  kConflateKey,
  kPolicy,
  kClass,
  kExclude,
  kIdempotencyKey,
  kWait,
  kTimeoutMs,
};
constexpr std::array<std::string_view, 18> kKeyNames = {
    "uid",     "uids",  "connection", "channel",         "channels", "all",
    "profile", "data",  "text",       "binary",          "ttl_ms",   "conflate_key",
    "policy",  "class", "exclude",    "idempotency_key", "wait",     "timeout_ms"};

constexpr std::uint32_t bit(Key key) { return 1U << static_cast<std::uint8_t>(key); }
constexpr std::uint32_t kTargets = bit(Key::kUid) | bit(Key::kUids) | bit(Key::kConnection) |
                                   bit(Key::kChannel) | bit(Key::kChannels) | bit(Key::kAll);
constexpr std::uint32_t kPayloads = bit(Key::kData) | bit(Key::kText) | bit(Key::kBinary);

std::optional<Key> key_named(std::string_view name) {
  for (std::size_t i = 0; i < kKeyNames.size(); ++i) {
    if (kKeyNames[i] == name) return static_cast<Key>(i);
  }
  return std::nullopt;
}

std::string name_of(Key key) { return std::string(kKeyNames[static_cast<std::size_t>(key)]); }

std::unexpected<PushError> refuse(std::string_view code, std::string message,
                                  std::string path = {}) {
  return std::unexpected(
      PushError{.code = code, .message = std::move(message), .path = std::move(path)});
}

// What a text member may be.
struct TextRule {
  std::size_t size_max = std::numeric_limits<std::size_t>::max();
  bool may_be_empty = false;
};

struct Place {
  Key key;
  std::optional<std::size_t> index;

  [[nodiscard]] std::string path() const {
    std::string text = name_of(key);
    if (index) text.append("[").append(std::to_string(*index)).append("]");
    return text;
  }
};

Result read_text(const Reader& reader, value from, Place place, TextRule rule,
                 std::string_view& text) {
  switch (reader.read_string(from, text)) {
    case json::Read::kMalformed:
      return std::unexpected(json::malformed());
    case json::Read::kWrongType:
      return refuse("wrong_type", "must be a string", place.path());
    case json::Read::kOk:
      break;
  }
  if (text.empty() && !rule.may_be_empty) {
    return refuse("empty_value", "must not be empty", place.path());
  }
  if (text.size() > rule.size_max) {
    return refuse("too_long", "must be at most " + std::to_string(rule.size_max) + " bytes long",
                  place.path());
  }
  return {};
}

Result read_texts(const Reader& reader, value from, Key key, TextRule rule, std::size_t count_max,
                  std::vector<std::string_view>& texts) {
  json::ondemand::array array;
  const auto error = from.get_array().get(array);
  if (error == simdjson::INCORRECT_TYPE) {
    return refuse("wrong_type", "must be an array of strings", name_of(key));
  }
  if (error != simdjson::SUCCESS) return std::unexpected(json::malformed(error));
  for (auto item : array) {
    value element;
    if (std::move(item).get(element) != simdjson::SUCCESS)
      return std::unexpected(json::malformed());
    if (texts.size() == count_max) {
      return refuse("too_many", "must have at most " + std::to_string(count_max) + " elements",
                    name_of(key));
    }
    std::string_view text;
    if (auto read = read_text(reader, element, {key, texts.size()}, rule, text); !read) return read;
    texts.push_back(text);
  }
  if (texts.empty() && key != Key::kExclude) {
    return refuse("empty_value", "must have at least one element", name_of(key));
  }
  return {};
}

Result read_range(const Reader& reader, value from, Key key, std::uint32_t max,
                  std::optional<std::uint32_t>& number) {
  std::uint64_t integer = 0;
  const json::Number read = reader.read_integer(from, integer);
  if (read == json::Number::kMalformed) return std::unexpected(json::malformed());
  if (read == json::Number::kOk && integer <= max) {
    number = static_cast<std::uint32_t>(integer);
    return {};
  }
  return refuse(read == json::Number::kWrongType ? "wrong_type" : "out_of_range",
                "must be an integer from 0 to " + std::to_string(max), name_of(key));
}

template <typename Value>
Result read_choice(const Reader& reader, value from, Key key,
                   std::type_identity_t<std::span<const Choice<Value>>> choices, Value& choice) {
  std::string_view text;
  if (auto read = read_text(reader, from, {key}, {.may_be_empty = true}, text); !read) return read;
  const auto found = find_choice(choices, text);
  if (!found) return refuse("invalid_value", list_choices(choices), name_of(key));
  choice = *found;
  return {};
}

Result read_all(const Reader& reader, value from, bool& all) {
  const json::Read read = reader.read_bool(from, all);
  if (read == json::Read::kMalformed) return std::unexpected(json::malformed());
  if (read == json::Read::kWrongType) return refuse("wrong_type", "must be true", "all");
  if (!all) return refuse("invalid_value", "must be true, or left out", "all");
  return {};
}

void clear(PushRequest& request) {
  request.uids.clear();
  request.channels.clear();
  request.exclude.clear();
  request.connection = {};
  request.all = false;
  request.profile = {};
  request.kind = PayloadKind::kText;
  request.payload = {};
  request.ttl_ms.reset();
  request.conflate_key = {};
  request.policy = Policy::kQueue;
  request.storage = StorageClass::kStored;
  request.idempotency_key = {};
  request.wait = Wait::kQueued;
  request.timeout_ms.reset();
}

// The rules that concern more than one member.
Result check_together(std::uint32_t seen, PushRequest& request) {
  const std::uint32_t targets = seen & kTargets;
  if (targets == 0) {
    return refuse("missing_target",
                  "one of uid, uids, connection, channel, channels or all must be given");
  }
  if ((targets & (targets - 1)) != 0) {
    return refuse("several_targets",
                  "only one of uid, uids, connection, channel, channels and all may be given");
  }
  const std::uint32_t payloads = seen & kPayloads;
  if (payloads == 0) {
    return refuse("missing_payload", "one of data, text or binary must be given");
  }
  if ((payloads & (payloads - 1)) != 0) {
    return refuse("several_payloads", "only one of data, text and binary may be given");
  }
  if ((seen & bit(Key::kProfile)) != 0 && !request.all) {
    return refuse("profile_without_all", "profile narrows \"all\": true, and only that", "profile");
  }
  if (request.policy == Policy::kConflate && request.conflate_key.empty()) {
    return refuse("missing_conflate_key", "policy \"conflate\" needs a conflate_key", "policy");
  }
  // Who names a key and no policy wants it used.
  if ((seen & (bit(Key::kPolicy) | bit(Key::kConflateKey))) == bit(Key::kConflateKey)) {
    request.policy = Policy::kConflate;
  }
  return {};
}

}  // namespace

class PushParser::Impl {
 public:
  Result parse(PaddedText text, const PushLimits& limits, PushRequest& request) {
    clear(request);
    object members;
    if (const auto error = reader_.open(text)) {
      return std::unexpected(json::malformed(error));
    }
    if (const auto error = reader_.root(members)) {
      if (error == simdjson::INCORRECT_TYPE) {
        return refuse("wrong_type", "the request must be a JSON object");
      }
      return std::unexpected(json::malformed(error));
    }
    std::uint32_t seen = 0;
    for (auto item : members) {
      json::ondemand::field field;
      if (std::move(item).get(field) != simdjson::SUCCESS)
        return std::unexpected(json::malformed());
      std::string_view name;
      if (!json::read_key(field.key(), name)) return std::unexpected(json::malformed());
      const auto key = key_named(name);
      if (!key) return unknown_key(name);
      if ((seen & bit(*key)) != 0) {
        return refuse("duplicate_key", "is given twice", name_of(*key));
      }
      seen |= bit(*key);
      if (auto read = read_member(*key, field.value(), limits, request); !read) {
        return read;
      }
    }
    if (!reader_.at_end()) return std::unexpected(json::malformed());
    return check_together(seen, request);
  }

  // What `binary` decoded to goes the way of the text it came in.
  void rest() {
    if (binary_.capacity() > std::exchange(binary_largest_, 0)) std::string().swap(binary_);
    reader_.rest();
  }
  void let_go() {
    std::string().swap(binary_);
    reader_.let_go();
  }
  [[nodiscard]] std::size_t memory_size() const {
    const bool on_heap = binary_.capacity() >= sizeof binary_;
    return reader_.memory_size() + (on_heap ? binary_.capacity() : 0);
  }

 private:
  static Result unknown_key(std::string_view name) {
    std::string message = "is no member of a push; these are:";
    for (const std::string_view known : kKeyNames) message.append(" ").append(known);
    return refuse("unknown_key", std::move(message), std::string(name));
  }

  Result read_member(Key key, value from, const PushLimits& limits, PushRequest& request) {
    const TextRule uid_rule{.size_max = limits.uid_size_max};
    const TextRule channel_rule{.size_max = limits.channel_size_max};
    const TextRule key_rule{.size_max = kKeySizeMax};
    switch (key) {
      case Key::kUid:
        return read_text(reader_, from, {key}, uid_rule, request.uids.emplace_back());
      case Key::kUids:
        return read_texts(reader_, from, key, uid_rule, limits.targets_max, request.uids);
      case Key::kConnection:
        return read_text(reader_, from, {key}, key_rule, request.connection);
      case Key::kChannel:
        return read_text(reader_, from, {key}, channel_rule, request.channels.emplace_back());
      case Key::kChannels:
        return read_texts(reader_, from, key, channel_rule, limits.targets_max, request.channels);
      case Key::kAll:
        return read_all(reader_, from, request.all);
      case Key::kProfile:
        return read_text(reader_, from, {key}, key_rule, request.profile);
      case Key::kData:
        return read_data(from, request);
      case Key::kText:
        request.kind = PayloadKind::kText;
        return read_text(reader_, from, {key}, {.may_be_empty = true}, request.payload);
      case Key::kBinary:
        return read_binary(from, request);
      case Key::kTtlMs:
        return read_range(reader_, from, key, std::numeric_limits<std::uint32_t>::max(),
                          request.ttl_ms);
      case Key::kConflateKey:
        return read_text(reader_, from, {key}, key_rule, request.conflate_key);
      case Key::kPolicy:
        return read_choice(reader_, from, key, kPolicies, request.policy);
      case Key::kClass:
        return read_choice(reader_, from, key, kStorageClasses, request.storage);
      case Key::kExclude:
        return read_texts(reader_, from, key, key_rule, limits.targets_max, request.exclude);
      case Key::kIdempotencyKey:
        return read_text(reader_, from, {key}, key_rule, request.idempotency_key);
      case Key::kWait:
        return read_choice(reader_, from, key, kWaits, request.wait);
      case Key::kTimeoutMs:
        return read_range(reader_, from, key, limits.wait_timeout_max_ms, request.timeout_ms);
    }
    return {};
  }

  Result read_data(value from, PushRequest& request) {
    request.kind = PayloadKind::kJson;
    switch (reader_.read_raw(from, kDepthMax, request.payload)) {
      case json::Checked::kOk:
        return {};
      case json::Checked::kMalformed:
        return refuse("invalid_json", "this is not one well-formed JSON value", "data");
      case json::Checked::kTooDeep:
        break;
    }
    PushError error = json::too_deep(kDepthMax);
    error.path = "data";
    return std::unexpected(std::move(error));
  }

  Result read_binary(value from, PushRequest& request) {
    std::string_view text;
    request.kind = PayloadKind::kBinary;
    if (auto read = read_text(reader_, from, {Key::kBinary}, {.may_be_empty = true}, text); !read) {
      return read;
    }
    if (!decode_base64(text, binary_)) {
      return refuse("invalid_base64", "must be base64 (RFC 4648 section 4, with padding)",
                    "binary");
    }
    binary_largest_ = std::max(binary_largest_, binary_.capacity());
    request.payload = binary_;
    return {};
  }

  Reader reader_;
  std::string binary_;              // What `binary` decodes to.
  std::size_t binary_largest_ = 0;  // Since the last rest().
};

PushParser::PushParser() : impl_(std::make_unique<Impl>()) {}
PushParser::~PushParser() = default;
PushParser::PushParser(PushParser&&) noexcept = default;
PushParser& PushParser::operator=(PushParser&&) noexcept = default;

Result PushParser::parse(PaddedText json, const PushLimits& limits, PushRequest& request) {
  return impl_->parse(json, limits, request);
}

void PushParser::rest() { impl_->rest(); }
void PushParser::let_go() { impl_->let_go(); }
std::size_t PushParser::memory_size() const { return impl_->memory_size(); }

}  // namespace push
