// dunlin.v1 requests of an open connection.

#include <utility>

#include "gateway/edge/edge.h"
#include "proto/base/bytes.h"
#include "proto/ws/frame_encoder.h"

namespace edge {
Edge::Flow Edge::on_protocol_message(Slot slot, const ws::Message& message) {
  if (message.opcode != ws::Opcode::kText) {
    begin_close(slot, ws::CloseCode::kUnsupportedData, "dunlin.v1 messages are text",
                cross::CloseCause::kViolation);
    return Flow::kGoOn;
  }
  parse_buffer_.assign(dunlin::as_string_view(message.payload));
  const auto request = protocol_parser_.parse(push::PaddedText::of(parse_buffer_),
                                              {.uid_size_max = config_->hub.uid_size_max,
                                               .channel_size_max = config_->hub.channel_size_max});
  if (!request) {
    send_error(slot, request.error());
  } else if (const auto* ack = std::get_if<push::Ack>(&*request)) {
    if (const auto id = cross::parse_message_id(ack->message)) {
      if (hub_.watches().acknowledge(*id, hub_.members().id_of(slot))) counters_.acked.add();
    }
  } else if (const auto* subscribe = std::get_if<push::Subscribe>(&*request)) {
    on_request(slot, *subscribe);
  } else if (const auto* unsubscribe = std::get_if<push::Unsubscribe>(&*request)) {
    on_request(slot, *unsubscribe);
  } else if (const auto* refresh = std::get_if<push::Refresh>(&*request)) {
    on_request(slot, *refresh);
  } else if (const auto* ping = std::get_if<push::Ping>(&*request)) {
    std::string answer;
    push::append_pong(answer, ping->id);
    send_text(slot, answer);
  } else if (const auto* login = std::get_if<push::Login>(&*request)) {
    send_error(slot, {"already_logged_in", "this connection has its user already", login->id});
  }
  return Flow::kGoOn;
}

void Edge::on_request(Slot slot, const push::Subscribe& request) {
  const config::Profile& profile = profile_of(connections_[slot]);
  const Grant* grant = connections_[slot].grant.get();
  if (!may_subscribe_to(profile, grant, request.channel)) {
    refuse_channel(slot, request.id);
    return;
  }
  const hub::Subscriptions* present = hub_.members()[slot].subscriptions;
  const std::uint32_t count_max =
      grant == nullptr ? profile.subscriptions_max : subscriptions_max(profile, grant->permissions);
  if (present != nullptr && present->list.size() >= count_max) {
    send_error(slot, {"too_many_subscriptions", "this connection has its maximum of subscriptions",
                      request.id});
    return;
  }
  hub::Channel& channel = hub_.channels().open(request.channel);
  if (!hub_.channels().subscribe(slot, channel, /*pending=*/true)) {
    send_error(slot,
               {"already_subscribed", "this connection is subscribed to this channel", request.id});
    return;
  }
  hub::Subscription& subscription = *hub_.channels().subscription(slot, channel);
  subscription.revocable = true;
  std::optional<hub::Position> from;
  if (request.recover) {
    from = hub::Position{std::string(request.recover->epoch), request.recover->offset};
  }
  services_.confirm_subscription(hub_.members().id_of(slot), request.id, request.channel,
                                 subscription.serial, std::move(from));
}

void Edge::refuse_channel(Slot slot, std::uint64_t request) {
  send_error(slot, {"channel_forbidden", "clients may not subscribe to this channel", request});
}

void Edge::on_request(Slot slot, const push::Unsubscribe& request) {
  if (!hub_.unsubscribe(slot, request.channel)) {
    send_error(slot,
               {"not_subscribed", "this connection is not subscribed to this channel", request.id});
    return;
  }
  std::string answer;
  push::append_unsubscribed(answer, request.id, request.channel);
  send_text(slot, answer);
}

// The member, if its subscription is still the one that was to be confirmed.
hub::MemberIndex Edge::find_pending(cross::ConnectionId member, std::string_view channel,
                                    std::uint32_t serial) const {
  const hub::MemberIndex index = hub_.members().find(member);
  const hub::Channel* present = hub_.channels().find(channel);
  if (index == hub::kNoMember || present == nullptr) return hub::kNoMember;
  const hub::Subscription* subscription = hub_.channels().subscription(index, *present);
  if (subscription == nullptr || subscription->serial != serial) return hub::kNoMember;
  return index;
}

void Edge::on_subscribed(cross::ConnectionId member, std::uint64_t request,
                         std::string_view channel, std::uint32_t serial, bool wanted_recovery,
                         hub::Recovery&& recovery) {
  const hub::MemberIndex slot = find_pending(member, channel, serial);
  if (slot == hub::kNoMember) return;
  if (hub_.channels().subscription(slot, *hub_.channels().find(channel))->revoked) {
    hub_.unsubscribe(slot, channel);
    if (request != kNoRequest) refuse_channel(slot, request);
    return;
  }
  hub_.channels().confirm(slot, channel, recovery.position.offset);
  if (request != kNoRequest) {
    std::string answer;
    push::append_subscribed(
        answer, request,
        {.channel = channel,
         .epoch = recovery.position.epoch,
         .offset = recovery.position.offset,
         .recovered = wanted_recovery ? std::optional(recovery.recovered) : std::nullopt});
    send_text(slot, answer);
  }
  push::Receipt receipt;  // Nobody asked for this one; the counters have it.
  for (const cross::MessageRef& message : recovery.missed) {
    hub_.delivery().deliver(slot, message, receipt, nullptr);
  }
  hub_.delivery().flush();  // The messages and the receipt end with this call.
  hub_.delivery().deliver_pending(slot, serial);
}

void Edge::confirm_from_server(cross::ConnectionId member, std::string_view channel,
                               std::uint32_t serial, std::uint64_t offset, bool accepted) {
  const hub::MemberIndex slot = find_pending(member, channel, serial);
  if (slot == hub::kNoMember) return;
  if (!accepted) {
    hub_.unsubscribe(slot, channel);
    return;
  }
  hub_.channels().confirm(slot, channel, offset);
  hub_.delivery().deliver_pending(slot, serial);
}

void Edge::on_subscribe_refused(cross::ConnectionId member, std::uint64_t request,
                                std::string_view channel, std::uint32_t serial) {
  const hub::MemberIndex slot = find_pending(member, channel, serial);
  if (slot == hub::kNoMember) return;
  hub_.unsubscribe(slot, channel);
  if (request == kNoRequest) {  // It would miss, without knowing, what its token promises.
    begin_close(slot, ws::CloseCode::kTryAgainLater, "too_many_channels",
                cross::CloseCause::kRefused);
    return;
  }
  send_error(slot, {"too_many_channels", "the gateway has its maximum of channels", request});
}

void Edge::send_error(Slot slot, const push::ProtocolError& error) {
  std::string text;
  push::append_error(text, error);
  send_text(slot, text);
}

void Edge::send_text(Slot slot, std::string_view text) {
  std::string frame;
  if (!hub_.delivery().deflate_answer(slot, ws::Opcode::kText, dunlin::as_bytes(text), frame)) {
    ws::append_frame(frame, ws::Opcode::kText, dunlin::as_bytes(text));
  }
  if (!hub_.delivery().send_framed(slot, dunlin::as_bytes(frame), {}, 0)) close_slow(slot);
}

void Edge::send_login_answer(Slot slot, std::uint64_t request) {
  std::string answer;
  const std::string connection = cross::to_string(hub_.members().id_of(slot));
  push::append_login(answer, request,
                     {.uid = hub_.members()[slot].uid.view(),
                      .connection = connection,
                      .expires_in_ms = token_time_left(connections_[slot])});
  send_text(slot, answer);
}

}  // namespace edge
