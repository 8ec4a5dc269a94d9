// The first message of a connection that has to say who it is. The uid decides the home shard, so
// this is where most connections move.

#include <utility>

#include "gateway/edge/edge.h"
#include "proto/base/bytes.h"
#include "proto/ws/frame_encoder.h"

namespace edge {

Edge::Flow Edge::on_login_message(Slot slot, const ws::Message& message,
                                  std::span<std::byte> rest) {
  if (message.opcode != ws::Opcode::kText) {
    begin_close(slot, ws::CloseCode{kLoginFailed}, "the login is a text message",
                cross::CloseCause::kLoginFailed);
    return Flow::kGoOn;
  }
  parse_buffer_.assign(dunlin::as_string_view(message.payload));
  const auto text = push::PaddedText::of(parse_buffer_);
  const push::ClientLimits limits{.uid_size_max = config_->hub.uid_size_max,
                                  .channel_size_max = config_->hub.channel_size_max};
  if (!connections_[slot].protocol) {
    const auto credentials = protocol_parser_.parse_bare_login(text, limits);
    if (credentials) return on_login(slot, *credentials, std::nullopt, rest);
    begin_close(slot, ws::CloseCode{kLoginFailed}, credentials.error().message,
                cross::CloseCause::kLoginFailed);
    return Flow::kGoOn;
  }
  const auto request = protocol_parser_.parse(text, limits);
  if (!request) {
    send_error(slot, request.error());
  } else if (const auto* login = std::get_if<push::Login>(&*request)) {
    return on_login(slot, login->credentials, login->id, rest);
  } else if (const auto* ping = std::get_if<push::Ping>(&*request)) {
    std::string answer;
    push::append_pong(answer, ping->id);
    send_text(slot, answer);
  } else if (const auto* subscribe = std::get_if<push::Subscribe>(&*request)) {
    send_error(slot, {"login_required", "log in first", subscribe->id});
  } else if (const auto* unsubscribe = std::get_if<push::Unsubscribe>(&*request)) {
    send_error(slot, {"login_required", "log in first", unsubscribe->id});
  } else if (const auto* refresh = std::get_if<push::Refresh>(&*request)) {
    send_error(slot, {"login_required", "log in first", refresh->id});
  }
  return Flow::kGoOn;
}

// Who the client says it is counts where nothing better is asked for; else the token does.
Edge::Flow Edge::on_login(Slot slot, const push::Credentials& credentials,
                          std::optional<std::uint64_t> request, std::span<std::byte> rest) {
  Connection& c = connections_[slot];
  const config::Profile& profile = profile_of(c);
  auto moving = std::make_unique<Moving>(Moving{.session = std::move(c.session)});
  std::optional<auth::Refusal> refusal;
  if (profile.auth == config::AuthMode::kToken) {
    refusal = take_token(profile, credentials.token, *moving);
  } else {
    moving->uid = credentials.uid;
  }
  if (refusal || moving->uid.empty()) {
    c.session = std::move(moving->session);
    if (refusal) {
      refuse_login(slot, *refusal, request);
    } else if (request) {
      send_error(slot, {"invalid_uid", "the login here is a uid, not a token", request});
    } else {
      begin_close(slot, ws::CloseCode{kLoginFailed}, "the login here is a uid, not a token",
                  cross::CloseCause::kLoginFailed);
    }
    return Flow::kGoOn;
  }
  moving->login_request = request;
  return log_in(slot, std::move(moving), rest);
}

// The connection has its uid now. It may stand on another shard afterwards: then `rest`, which was
// received with the login, goes with it.
Edge::Flow Edge::log_in(Slot slot, std::unique_ptr<Moving> moving, std::span<std::byte> rest) {
  flush_replies(slot);
  Connection& c = connections_[slot];
  moving->profile = c.profile;
  moving->messages = c.messages;
  moving->bytes = c.bytes;
  moving->encoding = hub_.members()[slot].encoding;
  moving->compression = hub_.members()[slot].compression;
  moving->handshaken = true;
  if (services_.home_of(moving->uid) != shard_) {
    moving->input.assign(dunlin::as_string_view(rest));
    settle(slot, std::move(moving));
    return Flow::kStop;
  }
  // It stays: out of the hub and in again as somebody. What is unsent stays unsent.
  moving->unsent = hub_.delivery().take_unsent(slot);
  hub_.leave(slot);
  c.joined = false;
  counters_.handshaking.add();  // enter() takes all of these back.
  counters_.connections[c.profile].subtract();
  --open_count_;
  settle(slot, std::move(moving));
  return c.phase == Phase::kFree ? Flow::kStop : Flow::kGoOn;
}

}  // namespace edge
