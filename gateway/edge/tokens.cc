// Tokens of connections: where they come from, what they give, fresh ones, and their end.

#include "gateway/auth/token.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "gateway/edge/edge.h"
#include "gateway/edge/presented_token.h"
#include "gateway/observe/log.h"
#include "proto/base/bytes.h"

namespace edge {
namespace {

// What a message with a token has beside it.
constexpr std::size_t kTokenMessageOverhead = 1'024;

std::int64_t wall_time_ms() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

// How long before the end a client is told. A part of the time that is left: who gets a token for
// less than the notice is not told at once, would not fetch another at once, and so on.
std::uint64_t notice_before(std::uint64_t left_ms, std::uint32_t notice_ms) {
  return std::min<std::uint64_t>(notice_ms, left_ms / 4);
}

}  // namespace

auth::Refusal Edge::refused(auth::Refusal refusal) {
  counters_.token_refusals[refusal].add();
  return refusal;
}

std::expected<auth::Identity, auth::Refusal> Edge::verify_token(std::string_view token) {
  if (config_->token_keys == nullptr) return std::unexpected(auth::Refusal::kAlgorithm);
  return auth::verify(token, *config_->token_keys, token_rules_, wall_time_ms());
}

std::expected<std::unique_ptr<Grant>, auth::Refusal> Edge::make_grant(
    const config::Profile& profile, auth::Identity& identity) {
  const std::size_t of_profile = profile.channels.size() + (profile.room.empty() ? 0 : 1);
  if (!identity.subscribe.empty() &&
      of_profile + identity.subscribe.size() > subscriptions_max(profile, identity.permissions)) {
    return std::unexpected(auth::Refusal::kPermissions);
  }
  auto grant = std::make_unique<Grant>(Grant{.permissions = std::move(identity.permissions),
                                             .subscribe = std::move(identity.subscribe),
                                             .refreshed_ms = now_ms_});
  if (identity.expires_ms != 0) {
    const std::int64_t left = identity.expires_ms - wall_time_ms();
    const auto left_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(left, 1));
    grant->expires_ms = now_ms_ + left_ms;
    grant->notice_ms = grant->expires_ms - notice_before(left_ms, config_->auth.notice_ms);
  }
  return grant;
}

// Gives a connection that is about to enter what its token says. Nothing: it did.
std::optional<auth::Refusal> Edge::take_token(const config::Profile& profile,
                                              std::string_view token, Moving& moving) {
  auto identity = verify_token(token);
  if (!identity) return refused(identity.error());
  auto grant = make_grant(profile, *identity);
  if (!grant) return refused(grant.error());
  moving.uid = std::move(identity->uid);
  moving.grant = std::move(*grant);
  moving.session.set_message_size_max(
      narrower(profile.message_size_max, moving.grant->permissions.message_size_max));
  counters_.tokens_accepted.add();
  return std::nullopt;
}

// RFC 6750 section 3.
Edge::Flow Edge::reject_token(Slot slot, auth::Refusal refusal) {
  const auth::RefusalText& text = auth::text_of(refusal);
  if (refusal == auth::Refusal::kRepeated) {
    return reject(slot, 400, text.code, text.message,
                  "WWW-Authenticate: Bearer realm=\"dunlin\", error=\"invalid_request\"\r\n");
  }
  if (refusal == auth::Refusal::kMissing) {  // 3.1: who has shown nothing is told no error.
    return reject(slot, 401, text.code, text.message,
                  "WWW-Authenticate: Bearer realm=\"dunlin\"\r\n");
  }
  return reject(slot, 401, text.code, text.message,
                fmt::format("WWW-Authenticate: Bearer realm=\"dunlin\", error=\"invalid_token\", "
                            "error_description=\"{}\"\r\n",
                            text.message));
}

void Edge::refuse_login(Slot slot, auth::Refusal refusal, std::optional<std::uint64_t> request) {
  const auth::RefusalText& text = auth::text_of(refusal);
  if (observe::enabled(observe::LogLevel::kDebug)) {
    observe::debug("token refused", {{"conn", cross::to_string(hub_.members().id_of(slot))},
                                     {"peer", net::to_string(connections_[slot].peer)},
                                     {"cause", text.name}});
  }
  if (request) send_error(slot, {text.code, text.message, request});
  begin_close(slot, ws::CloseCode{kLoginFailed}, text.code, cross::CloseCause::kLoginFailed);
}

// A fresh token of a connection that has one. Nothing: it holds from now on.
std::optional<auth::Refusal> Edge::refresh(Slot slot, std::string_view token) {
  Connection& c = connections_[slot];
  if (now_ms_ < c.grant->refreshed_ms + config_->auth.refresh_interval_ms) {
    return refused(auth::Refusal::kTooSoon);
  }
  c.grant->refreshed_ms = now_ms_;  // Of a bad one, too: looking at it is what costs.
  auto identity = verify_token(token);
  if (!identity) return refused(identity.error());
  if (identity->uid != hub_.members()[slot].uid.view()) return refused(auth::Refusal::kOtherUid);
  const config::Profile& profile = profile_of(c);
  auto grant = make_grant(profile, *identity);
  if (!grant) return refused(grant.error());
  c.grant = std::move(*grant);
  c.session.set_message_size_max(
      narrower(profile.message_size_max, c.grant->permissions.message_size_max));
  counters_.tokens_refreshed.add();
  end_revoked(slot);
  subscribe_granted(slot);
  reschedule(slot);
  return std::nullopt;
}

void Edge::on_request(Slot slot, const push::Refresh& request) {
  if (connections_[slot].grant == nullptr) {
    send_error(slot, {"no_token", "this connection has no token", request.id});
    return;
  }
  if (const auto refusal = refresh(slot, request.token)) {
    const auth::RefusalText& text = auth::text_of(*refusal);
    send_error(slot, {text.code, text.message, request.id});
    return;
  }
  std::string answer;
  push::append_refreshed(answer, request.id, token_time_left(connections_[slot]));
  send_text(slot, answer);
}

// A client without dunlin.v1 may send {"token":"…"} where its messages are for nobody else. It can
// be told nothing: if the token is refused, the connection ends.
void Edge::on_bare_token(Slot slot, const ws::Message& message) {
  const std::string_view payload = dunlin::as_string_view(message.payload);
  if (connections_[slot].grant == nullptr || !payload.starts_with('{') ||
      payload.size() > config_->auth.token_size_max + kTokenMessageOverhead) {
    return;
  }
  parse_buffer_.assign(payload);
  const auto credentials = protocol_parser_.parse_bare_login(
      push::PaddedText::of(parse_buffer_), {.uid_size_max = config_->hub.uid_size_max,
                                            .channel_size_max = config_->hub.channel_size_max});
  if (!credentials || credentials->token.empty()) return;
  if (const auto refusal = refresh(slot, credentials->token)) {
    refuse_login(slot, *refusal, std::nullopt);
  }
}

// Of somebody who has not shown who he is. Twice a token: one that is too long is told so.
std::uint64_t Edge::login_size_max() const {
  return std::uint64_t{config_->auth.token_size_max} * 2 + kTokenMessageOverhead;
}

std::optional<std::uint64_t> Edge::token_time_left(const Connection& c) const {
  if (c.grant == nullptr || c.grant->expires_ms == 0) return std::nullopt;
  return c.grant->expires_ms > now_ms_ ? c.grant->expires_ms - now_ms_ : 0;
}

// True: the token has expired, and the connection is being closed.
bool Edge::on_token_timer(Slot slot) {
  Connection& c = connections_[slot];
  if (c.phase != Phase::kOpen || c.grant == nullptr) return false;
  if (c.grant->expires_ms != 0 && c.grant->expires_ms <= now_ms_) {
    begin_close(slot, ws::CloseCode{kTokenExpired}, "token_expired",
                cross::CloseCause::kTokenExpired);
    return true;
  }
  if (c.grant->notice_ms != 0 && c.grant->notice_ms <= now_ms_) {
    c.grant->notice_ms = 0;
    if (c.protocol) {
      std::string notice;
      push::append_token_expiring(notice, token_time_left(c).value_or(0));
      send_text(slot, notice);
    }
  }
  return false;
}

// The channels a token names. They need their homes' confirmation as a client's own subscriptions
// do, and wait for room as those do.
void Edge::subscribe_granted(Slot slot) {
  Connection& c = connections_[slot];
  std::vector<std::string>& names = c.grant->subscribe;
  while (!names.empty() && services_.may_subscribe()) {
    const std::string name = std::move(names.back());
    names.pop_back();
    hub::Channel& channel = hub_.channels().open(name);
    if (!hub_.channels().subscribe(slot, channel, /*pending=*/true)) continue;
    hub::Subscription& subscription = *hub_.channels().subscription(slot, channel);
    subscription.revocable = true;
    services_.confirm_subscription(hub_.members().id_of(slot), kNoRequest, name,
                                   subscription.serial, std::nullopt);
  }
  if (names.empty()) {
    names.shrink_to_fit();
  } else {
    waiting_.push_back(ref_to(slot));
  }
}

// The subscriptions that a fresh token does not allow any more. Those of the profile and of the API
// need no token's leave. One that is pending has its answer still to come, and ends with that.
void Edge::end_revoked(Slot slot) {
  const Connection& c = connections_[slot];
  hub::Subscriptions* present = hub_.members()[slot].subscriptions;
  if (present == nullptr) return;
  const std::vector<std::string>& granted = c.grant->subscribe;
  std::vector<std::string> revoked;
  for (hub::Subscription& subscription : present->list) {
    const std::string& name = subscription.channel->name;
    const bool holds = !subscription.revocable ||
                       may_subscribe_to(profile_of(c), c.grant.get(), name) ||
                       std::ranges::find(granted, name) != granted.end();
    subscription.revoked = !holds && subscription.pending;
    if (!holds && !subscription.pending) revoked.push_back(name);
  }
  for (const std::string& name : revoked) {
    hub_.unsubscribe(slot, name);
    if (!c.protocol) continue;
    std::string notice;
    push::append_unsubscribed(notice, std::nullopt, name);
    send_text(slot, notice);
  }
}

void Edge::subscribe_waiting() {
  for (const Ref& ref : std::exchange(waiting_, {})) {
    if (!is_gone(ref) && connections_[ref.slot].phase == Phase::kOpen) subscribe_granted(ref.slot);
  }
}

}  // namespace edge
