#include "proto/ws/deflate_negotiation.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <variant>

#include "proto/ws/extension_list.h"

namespace ws {
namespace {

constexpr std::string_view kName = "permessage-deflate";
constexpr std::string_view kServerNoTakeover = "server_no_context_takeover";
constexpr std::string_view kClientNoTakeover = "client_no_context_takeover";
constexpr std::string_view kServerWindowBits = "server_max_window_bits";
constexpr std::string_view kClientWindowBits = "client_max_window_bits";

constexpr std::uint8_t kNotNamed = 0;

// 7.1.2: a decimal integer without leading zeroes between 8 and 15; kNotNamed if it is none.
std::uint8_t window_bits(std::string_view value) {
  std::uint8_t bits = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), bits);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  const bool valid = whole && value.front() != '0' && bits >= 8 && bits <= kWindowBitsMax;
  return valid ? bits : kNotNamed;
}

// One offer of the client's list, while its parameters are being read.
class Offer {
 public:
  explicit Offer(bool is_deflate) : acceptable_(is_deflate) {}

  void add(const ExtensionParameter& parameter) { acceptable_ = acceptable_ && take(parameter); }

  std::optional<DeflateAgreement> answer(const DeflatePolicy& policy) const {
    const std::uint8_t server_bits = server_bits_ == kNotNamed ? kWindowBitsMax : server_bits_;
    if (!acceptable_ || server_bits < kWindowBitsMin) return std::nullopt;
    DeflateAgreement agreed;
    agreed.server_context_takeover = policy.server_context_takeover && !server_no_takeover_;
    // 7.1.1.2: a client that says it will not is taken at its word.
    agreed.client_context_takeover = policy.client_context_takeover && !client_no_takeover_;
    agreed.server_window_bits = std::min(server_bits, policy.server_window_bits);
    // 7.1.2.2: a client that does not say it can be limited must not be.
    if (client_bits_ != kNotNamed) {
      agreed.client_window_bits = std::min(client_bits_, policy.client_window_bits);
    }
    agreed.response = response(agreed);
    return agreed;
  }

 private:
  bool take(const ExtensionParameter& parameter) {
    if (parameter.name == kServerNoTakeover) return flag(server_no_takeover_, parameter);
    if (parameter.name == kClientNoTakeover) return flag(client_no_takeover_, parameter);
    if (parameter.name == kServerWindowBits) return bits(server_bits_, parameter);
    if (parameter.name != kClientWindowBits) return false;
    // 7.1.2.2: without a value, it only says that the client understands it.
    if (parameter.value || client_bits_ != kNotNamed) return bits(client_bits_, parameter);
    client_bits_ = kWindowBitsMax;
    return true;
  }

  static bool flag(bool& present, const ExtensionParameter& parameter) {
    if (present || parameter.value) return false;
    present = true;
    return true;
  }

  static bool bits(std::uint8_t& present, const ExtensionParameter& parameter) {
    if (present != kNotNamed || !parameter.value) return false;
    present = window_bits(*parameter.value);
    return present != kNotNamed;
  }

  // 7.1.1.1, 7.1.2.1: what the client asks of us is confirmed.
  std::string response(const DeflateAgreement& agreed) const {
    std::string text(kName);
    if (!agreed.server_context_takeover) text.append("; ").append(kServerNoTakeover);
    if (!agreed.client_context_takeover) text.append("; ").append(kClientNoTakeover);
    if (server_bits_ != kNotNamed) {
      append_bits(text, kServerWindowBits, agreed.server_window_bits);
    }
    if (client_bits_ != kNotNamed) {
      append_bits(text, kClientWindowBits, agreed.client_window_bits);
    }
    return text;
  }

  static void append_bits(std::string& text, std::string_view name, std::uint8_t bits) {
    text.append("; ").append(name).append("=").append(std::to_string(bits));
  }

  bool acceptable_;
  bool server_no_takeover_ = false;
  bool client_no_takeover_ = false;
  std::uint8_t server_bits_ = kNotNamed;
  std::uint8_t client_bits_ = kNotNamed;
};

// The first acceptable offer of one header field.
std::optional<DeflateAgreement> negotiate_field(std::string_view value,
                                                const DeflatePolicy& policy) {
  ExtensionListReader reader(value);
  Offer offer(/*is_deflate=*/false);  // None yet.
  for (;;) {
    const ExtensionListReader::Step step = reader.next();
    if (const auto* parameter = std::get_if<ExtensionParameter>(&step)) {
      offer.add(*parameter);
      continue;
    }
    if (auto agreed = offer.answer(policy)) return agreed;
    const auto* extension = std::get_if<ExtensionName>(&step);
    if (extension == nullptr) return std::nullopt;
    offer = Offer(extension->name == kName);
  }
}

}  // namespace

std::optional<DeflateAgreement> negotiate_deflate(const http::RequestHead& request,
                                                  const DeflatePolicy& policy) {
  for (const http::Header& header : request.headers) {
    if (header.name != "sec-websocket-extensions") continue;
    if (auto agreed = negotiate_field(header.value, policy)) return agreed;
  }
  return std::nullopt;
}

}  // namespace ws
