// The table of connections: entering, moving to another shard, ending.

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "gateway/edge/edge.h"
#include "gateway/observe/log.h"
#include "proto/base/assert.h"
#include "proto/base/bytes.h"

namespace edge {

Edge::Slot Edge::open_slot(int fd, const net::Address& peer) {
  const Slot slot = slots_.take();
  connections_.grow_to(slot + 1);
  Connection& c = connections_[slot];
  DUNLIN_ASSERT(c.phase == Phase::kFree);
  c.generation = (c.generation + 1) & 0xFFFFFF;
  c.fd = fd;
  c.peer = peer;
  c.opened_ms = now_ms_;
  c.last_read_ms = now_ms_;
  return slot;
}

// False: the kernel would not watch it, and it is gone.
bool Edge::watch(Slot slot) {
  if (poller_.add(connections_[slot].fd, key_of(slot))) return true;
  counters_.accept_errors.add();
  end(slot, cross::CloseCause::kLost);
  return false;
}

// Admits a connection here if its uid is at home here (or it has none), else sends it home.
void Edge::settle(Slot slot, std::unique_ptr<Moving> moving) {
  const cross::ShardIndex home = moving->uid.empty() ? shard_ : services_.home_of(moving->uid);
  if (home == shard_) {
    enter(slot, std::move(*moving));
  } else {
    depart(slot, home, std::move(moving));
  }
}

void Edge::depart(Slot slot, cross::ShardIndex home, std::unique_ptr<Moving> moving) {
  Connection& c = connections_[slot];
  moving->fd = c.fd;
  moving->peer = c.peer;
  moving->tls = std::move(c.tls);
  moving->opened_ms = c.opened_ms;
  moving->by_address = c.by_address;
  moving->unproven = c.unproven;
  poller_.remove(c.fd);
  if (c.joined) {
    moving->unsent = hub_.delivery().take_unsent(slot);
    hub_.leave(slot);
    counters_.connections[c.profile].subtract();
    --open_count_;
  } else {
    counters_.handshaking.subtract();
  }
  release_slot(slot);
  services_.move(home, std::move(moving));
}

void Edge::admit(Moving&& connection) {
  const Slot slot = open_slot(connection.fd, connection.peer);
  connections_[slot].opened_ms = connection.opened_ms;
  connections_[slot].tls = std::move(connection.tls);
  connections_[slot].phase = Phase::kHandshake;  // Until it has entered.
  connections_[slot].counted = true;
  connections_[slot].by_address = connection.by_address;
  connections_[slot].unproven = connection.unproven;
  counters_.handshaking.add();
  counters_.moved_in.add();
  if (connection.profile >= config_->profiles.size()) {
    end(slot, cross::CloseCause::kLost);  // A reload added it, and has not come here yet.
    return;
  }
  const Ref self = ref_to(slot);
  std::string input = std::move(connection.input);
  enter(slot, std::move(connection));
  if (!input.empty() && !is_gone(self)) process(slot, std::as_writable_bytes(std::span(input)));
  if (is_gone(self)) return;
  account_input(slot);
  if (watch(slot) && tls_ended(connections_[slot])) read_later(slot);
}

void Edge::enter(Slot slot, Moving&& moving) {
  Connection& c = connections_[slot];
  c.head.reset();
  c.profile = moving.profile;
  c.bytes = moving.bytes;
  c.messages = moving.messages;
  c.session = std::move(moving.session);
  c.protocol = moving.encoding == cross::Encoding::kProtocol;
  const config::Profile& profile = profile_of(c);
  const bool room = moving.uid.empty() || make_room_for_uid(moving);
  if (!room && !moving.handshaken) {
    reject(slot, 409, "too_many_connections", "this uid has its maximum of connections");
    return;
  }
  const bool known = profile.identity != config::IdentitySource::kMessage || !moving.uid.empty();
  c.grant = std::move(moving.grant);
  hub_.join(slot, {.handle = c.fd,
                   .generation = c.generation,
                   .profile = moving.profile,
                   .encoding = moving.encoding,
                   .compression = moving.compression});
  c.joined = true;
  counters_.handshaking.subtract();
  counters_.connections[c.profile].add();
  ++open_count_;
  c.phase = known ? Phase::kOpen : Phase::kLogin;
  hub_.delivery().resume_unsent(slot, moving.unsent);
  if (!room) {
    begin_close(slot, ws::CloseCode{kTooManyConnections}, "too many connections of this uid",
                cross::CloseCause::kRefused);
    return;
  }
  // First reachable, then told: whoever sees the answer can be pushed to.
  if (known) {
    prove(slot);
    hub_.activate(slot, moving.uid);
    if (!profile.room.empty()) {
      hub_.channels().subscribe(slot, hub_.channels().open(profile.room));
    }
    for (const std::string& channel : profile.channels) {
      hub_.channels().subscribe(slot, hub_.channels().open(channel));
    }
    if (c.grant != nullptr) subscribe_granted(slot);
  }
  if (!moving.handshaken) {
    counters_.handshakes[cross::HandshakeResult::kAccepted].add();
    hub_.delivery().send_framed(slot, dunlin::as_bytes(moving.response), {}, 0);
  }
  if (moving.login_request) send_login_answer(slot, *moving.login_request);
  if (observe::enabled(observe::LogLevel::kDebug)) {
    observe::debug("connection open", {{"conn", cross::to_string(hub_.members().id_of(slot))},
                                       {"profile", profile.name},
                                       {"peer", net::to_string(c.peer)}});
  }
  start_timers(slot);
}

// Makes older connections give way to a new one, as the profile says. False: the new one must.
bool Edge::make_room_for_uid(const Moving& newcomer) {
  const config::Profile& profile = config_->profiles[newcomer.profile];
  const std::uint32_t connections_max =
      narrower(profile.connections_per_uid_max,
               newcomer.grant == nullptr ? 0 : newcomer.grant->permissions.connections_max);
  if (connections_max == 0) return true;
  std::vector<hub::MemberIndex> present;  // Oldest first.
  for (auto i = hub_.members().find(newcomer.uid); i != hub::kNoMember;
       i = hub_.members()[i].next_of_uid) {
    if (hub_.members()[i].profile == newcomer.profile) present.push_back(i);
  }
  if (present.size() < connections_max) return true;
  if (profile.on_excess == config::OnExcess::kRejectNew) return false;
  const std::size_t excess = present.size() + 1 - connections_max;
  for (std::size_t i = 0; i < excess; ++i) {
    close(present[i], kReplaced, "replaced by a newer connection", cross::CloseCause::kReplaced);
  }
  return true;
}

cross::ConnectionId Edge::adopt_internal(int fd) {
  const Slot slot = open_slot(fd, net::Address{});
  Connection& c = connections_[slot];
  hub_.join(slot, {.handle = fd, .generation = c.generation, .internal = true});
  hub_.activate(slot, {});
  c.joined = true;
  c.phase = Phase::kOpen;
  DUNLIN_ASSERT(poller_.add(fd, key_of(slot)));
  return hub_.members().id_of(slot);
}

void Edge::end(Slot slot, cross::CloseCause cause) {
  Connection& c = connections_[slot];
  if (c.phase == Phase::kFree) return;
  const bool internal = c.joined && hub_.members()[slot].internal;
  if (c.joined && !internal) {
    // What began the end is its cause, not how it then ended.
    const cross::CloseCause first =
        c.phase == Phase::kClosing || c.phase == Phase::kLingering ? c.cause : cause;
    counters_.closes[first].add();
    counters_.connections[c.profile].subtract();
    --open_count_;
    if (observe::enabled(observe::LogLevel::kDebug)) {
      observe::debug("connection closed", {{"conn", cross::to_string(hub_.members().id_of(slot))},
                                           {"cause", cross::name_of(first)}});
    }
  } else if (c.phase == Phase::kHandshake) {
    counters_.handshaking.subtract();
  }
  if (c.joined) hub_.leave(slot);
  if (c.tls != nullptr) static_cast<void>(say_goodbye(slot));
  ::close(c.fd);
  give_back_address(slot);
  if (c.counted) {
    services_.give_back_connection();
  } else if (!internal) {
    --uncounted_;
  }
  release_slot(slot);
}

// The slot is free when the turn is over: until then late events must find it so.
void Edge::release_slot(Slot slot) {
  wheel_.cancel(slot);
  counters_.input_bytes.subtract(connections_[slot].input_bytes);
  counters_.inflate_window_bytes.subtract(connections_[slot].window_bytes);
  if (connections_[slot].awaits_proxy) proxy_headers_.erase(slot);
  Connection fresh;
  fresh.generation = connections_[slot].generation;
  connections_[slot] = std::move(fresh);
  retired_.push_back(slot);
}

}  // namespace edge
