// From the first byte to the 101, a page, or an HTTP error. RFC 6455 section 4.2.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "gateway/edge/edge.h"
#include "gateway/edge/presented_token.h"
#include "gateway/observe/log.h"
#include "gateway/web/assets.h"
#include "proto/base/bytes.h"
#include "proto/http/query.h"
#include "proto/ws/handshake.h"
#include "proto/ws/utf8.h"

namespace edge {
namespace {

// "dunlin.plain" is no protocol: payloads come as they are. A browser that offers its token among
// subprotocols needs another one that can be agreed on, or it fails the connection itself.
const std::array<std::string, 2> kSubprotocols = {"dunlin.v1", "dunlin.plain"};

std::span<const std::string> subprotocols_of(const config::Profile& profile) {
  const std::span<const std::string> all = kSubprotocols;
  const bool speaks = profile.on_text == config::MessageAction::kProtocol;
  if (profile.auth == config::AuthMode::kToken) return speaks ? all : all.last(1);
  return speaks ? all.first(1) : std::span<const std::string>();
}

std::optional<ws::DeflatePolicy> deflate_policy(const config::Config& config,
                                                const config::Profile& profile) {
  if (profile.compression == config::CompressionMode::kOff) return std::nullopt;
  return ws::DeflatePolicy{
      .server_context_takeover = profile.server_context_takeover,
      .client_context_takeover = profile.client_context_takeover,
      .server_window_bits = static_cast<std::uint8_t>(config.compression.window_bits),
      .client_window_bits = static_cast<std::uint8_t>(profile.client_window_bits)};
}

void agree_deflate(const ws::DeflateAgreement& agreed, std::uint64_t message_size_max,
                   Moving& moving) {
  moving.session =
      ws::Session(message_size_max, {.context_takeover = agreed.client_context_takeover,
                                     .window_bits = agreed.client_window_bits});
  moving.compression.window_bits = agreed.server_window_bits & 0xFU;
  moving.compression.context_takeover = agreed.server_context_takeover;
}

}  // namespace

// Leaves what follows the head in `bytes`.
Edge::Flow Edge::on_head_bytes(Slot slot, std::span<std::byte>& bytes) {
  Connection& c = connections_[slot];
  if (c.obstacle != Obstacle::kNone) return answer_refusal(slot);
  dunlin::ConstBytes input = bytes;
  for (;;) {
    const http::Step step = c.head->next(input);
    if (std::holds_alternative<http::NeedInput>(step)) {
      bytes = bytes.subspan(bytes.size());
      return Flow::kGoOn;
    }
    if (const auto* error = std::get_if<http::HttpError>(&step)) {
      return reject(slot, error->status, error->code, error->message);
    }
    // A body is not waited for: an upgrade with one is refused, and so is one on a page.
    if (std::holds_alternative<http::HeadComplete>(step)) break;
  }
  const http::RequestHead& head = c.head->head();
  if (!head.chunked && head.content_length.value_or(0) == 0) {
    [[maybe_unused]] const http::Step complete = c.head->next(input);  // Takes no byte.
  }
  bytes = bytes.last(input.size());
  return on_head(slot, bytes);
}

const config::Profile* Edge::find_profile(std::string_view path, std::uint16_t& index) const {
  for (std::size_t i = 0; i < config_->profiles.size(); ++i) {
    if (config_->profiles[i].path == path) {
      index = static_cast<std::uint16_t>(i);
      return &config_->profiles[i];
    }
  }
  return nullptr;
}

Edge::Flow Edge::on_head(Slot slot, std::span<std::byte> rest) {
  Connection& c = connections_[slot];
  const http::RequestHead& head = c.head->head();
  const proxy::Forwarded forwarded = read_forwarded(slot);
  if (forwarded.client) become_client(slot, *forwarded.client);
  if (c.obstacle != Obstacle::kNone) return answer_refusal(slot);
  std::uint16_t profile_index = 0;
  const config::Profile* profile = find_profile(head.path, profile_index);
  if (!ws::is_websocket_upgrade(head)) return answer_page(slot, profile != nullptr);
  if (profile == nullptr) {
    return reject(slot, 404, "unknown_path", "no WebSocket endpoint has this path");
  }
  auto result =
      ws::accept_handshake(head, {.subprotocols = subprotocols_of(*profile),
                                  .origins = profile->origins,
                                  .deflate = deflate_policy(*config_, *profile),
                                  .forwarded_host = forwarded.host,
                                  .secure = c.tls != nullptr || c.secure || forwarded.secure});
  if (const auto* rejected = std::get_if<ws::Rejected>(&result)) {
    return reject(slot, rejected->status, rejected->code, rejected->message);
  }
  auto& accepted = std::get<ws::Accepted>(result);
  auto moving = std::make_unique<Moving>(Moving{.session = ws::Session(profile->message_size_max)});
  if (accepted.deflate) agree_deflate(*accepted.deflate, profile->message_size_max, *moving);
  moving->profile = profile_index;
  moving->bytes.take(now_ms_, rest.size(), byte_rate_of(*profile));
  moving->response = std::move(accepted.response);
  if (accepted.subprotocol == kSubprotocols[0]) {
    moving->encoding = cross::Encoding::kProtocol;
  } else if (!profile->gzip_param.empty() &&
             http::query_parameter(head.query, profile->gzip_param).value_or("") == "1") {
    moving->encoding = cross::Encoding::kGzip;
  }
  if (profile->auth == config::AuthMode::kToken) {
    if (const auto refusal = identify_by_token(*profile, head, *moving)) {
      return reject_token(slot, *refusal);
    }
  } else if (profile->identity == config::IdentitySource::kQuery) {
    if (!identify_by_query(*profile, head, *moving)) {
      return reject(slot, 400, "invalid_uid",
                    "the query parameter that names the user is missing, too long or not UTF-8");
    }
  }
  if (!moving->uid.empty() && services_.home_of(moving->uid) != shard_) {
    moving->input.assign(dunlin::as_string_view(rest));
  }
  settle(slot, std::move(moving));
  return c.phase == Phase::kFree ? Flow::kStop : Flow::kGoOn;
}

// Nothing: what the token says holds, or the first message may bring one.
std::optional<auth::Refusal> Edge::identify_by_token(const config::Profile& profile,
                                                     const http::RequestHead& head,
                                                     Moving& moving) {
  const auto token = presented_token(head, profile.token_param);
  if (!token) return refused(token.error());
  if (!token->empty() || profile.identity != config::IdentitySource::kMessage) {
    return take_token(profile, *token, moving);
  }
  // That message need not be longer than for a token.
  moving.session.set_message_size_max(
      std::min<std::uint64_t>(profile.message_size_max, login_size_max()));
  return std::nullopt;
}

bool Edge::identify_by_query(const config::Profile& profile, const http::RequestHead& head,
                             Moving& moving) const {
  moving.uid = http::query_parameter(head.query, profile.uid_param).value_or("");
  return !moving.uid.empty() && moving.uid.size() <= config_->hub.uid_size_max &&
         ws::is_valid_utf8(dunlin::as_bytes(moving.uid));
}

Edge::Flow Edge::answer_page(Slot slot, bool is_profile) {
  const http::RequestHead& head = connections_[slot].head->head();
  const web::Asset* asset = config_->public_.pages ? web::find_asset(head.path) : nullptr;
  if (asset == nullptr && is_profile) {
    return reject(slot, 426, "upgrade_required", "this path speaks WebSocket only");
  }
  if (asset == nullptr) return reject(slot, 404, "not_found", "there is no page at this path");
  if (head.method != http::Method::kGet && head.method != http::Method::kHead) {
    return reject(slot, 405, "method_not_allowed", "pages are read with GET");
  }
  const bool unchanged = head.header("if-none-match") == asset->etag;
  std::string response = fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nETag: {}\r\nCache-Control: no-cache\r\n"
      "Content-Security-Policy: {}\r\nX-Content-Type-Options: nosniff\r\n"
      "Connection: close\r\n",
      unchanged ? "304 Not Modified" : "200 OK", asset->content_type, asset->etag,
      web::kContentSecurityPolicy);
  if (!unchanged) response += fmt::format("Content-Length: {}\r\n", asset->body.size());
  response += "\r\n";
  if (!unchanged && head.method == http::Method::kGet) response += asset->body;
  return answer_and_linger(slot, response, cross::HandshakeResult::kPage);
}

Edge::Flow Edge::reject(Slot slot, int status, std::string_view code, std::string_view message,
                        std::string_view extra_headers) {
  if (observe::enabled(observe::LogLevel::kDebug)) {
    observe::debug(
        "handshake rejected",
        {{"peer", net::to_string(connections_[slot].peer)}, {"status", status}, {"code", code}});
  }
  return answer_and_linger(slot, ws::rejection_response(status, code, message, extra_headers),
                           cross::HandshakeResult::kRejected);
}

Edge::Flow Edge::answer_and_linger(Slot slot, std::string_view response,
                                   cross::HandshakeResult result) {
  Connection& c = connections_[slot];
  counters_.handshakes[result].add();
  counters_.handshaking.subtract();
  c.head.reset();
  c.answer = std::make_unique<std::string>(response);
  linger(slot);
  return c.phase == Phase::kFree ? Flow::kStop : Flow::kGoOn;
}

}  // namespace edge
