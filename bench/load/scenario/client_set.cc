#include "bench/load/scenario/client_set.h"

#include <algorithm>

#include "bench/load/client/handshake_request.h"
#include "bench/load/clock.h"

namespace load {
namespace {

// Six digits for up to 900,000 clients, as in the examples people know.
constexpr std::size_t kUidBase = 100'000;

// Whether it makes sense to ask again: 404 stays 404.
bool is_temporary(const Refusal& refusal) {
  constexpr unsigned kTooManyRequests = 429;
  return refusal.status == 0 || refusal.status == kTooManyRequests || refusal.status >= 500;
}

// Picks a share of all, spread evenly: of 1 % it is every hundredth, from the hundredth on.
bool is_of_share(std::size_t index, double share) {
  const auto picked_until = [&](std::size_t count) {
    return static_cast<std::size_t>(static_cast<double>(count) * share);
  };
  return picked_until(index + 1) != picked_until(index);
}

bool shall_read(const Options& options, std::size_t index) {
  return !is_of_share(index, options.non_readers_percent / 100);
}

}  // namespace

std::string ClientSet::Member::uid() const { return std::to_string(kUidBase + index_); }

void ClientSet::Member::on_open(WsClient& client) {
  const std::int64_t now = now_ns();
  set_.counters_.opened.add();
  set_.counters_.note_tls(client.tls());
  set_.outcome_.handshake.record(static_cast<std::uint64_t>(now - connect_ns_));
  --set_.opening_;
  set_.settle(*this);
  decoder_ = make_message_decoder(set_.setup_.profile.protocol);
  if (dropped_ns_ > 0) {
    set_.outcome_.reconnection.record(static_cast<std::uint64_t>(now - dropped_ns_));
  }
  if (reader_) {
    ++set_.reader_count_;
  } else {
    client.stop_reading();
  }
  if (set_.place_.login.empty()) return;
  client.queue(Opcode::kText, fill(set_.place_.login));
  client.flush();  // Last, because it may find the connection broken.
}

void ClientSet::Member::on_message(WsClient& client, std::string_view payload) {
  if (decoder_->decode(payload, *this)) return;
  client.close();
  on_end(client, WsClient::Ending::kFault);
}

void ClientSet::Member::on_publication(std::string_view payload) { set_.check(*this, payload); }

void ClientSet::Member::on_reply(std::string_view message) {
  client_.queue(Opcode::kText, message);
}

std::string ClientSet::Member::fill(const Template& source) const {
  return source.fill({.uid = uid(), .text = {}, .channel = set_.setup_.options.channel});
}

void ClientSet::Member::on_end(WsClient& /*client*/, WsClient::Ending ending) {
  if (ending == WsClient::Ending::kConnectFailed || ending == WsClient::Ending::kRefused) {
    return set_.turn_away(*this);
  }
  set_.counters_.ended.add();
  if (reader_ && set_.reader_count_ > 0) --set_.reader_count_;
}

void ClientSet::Member::on_ping(WsClient& /*client*/) { set_.counters_.pings.add(); }

void ClientSet::Member::on_compressed(std::size_t wire_size, std::size_t size) {
  set_.counters_.compressed.add();
  set_.counters_.compressed_bytes.add(wire_size);
  set_.counters_.inflated_bytes.add(size);
}

ClientSet::ClientSet(EventLoop& loop, const Setup& setup, Place place, Range range,
                     Counters& counters, Outcome& outcome, Listener& listener)
    : loop_(loop),
      setup_(setup),
      place_(place),
      range_(range),
      counters_(counters),
      outcome_(outcome),
      listener_(listener),
      payload_(setup.options.payload, setup.options.payload_size),
      key_(fresh_handshake_key()),
      accept_(accept_for(key_)),
      random_(static_cast<std::minstd_rand::result_type>(range.first + 1)) {
  for (std::size_t i = 0; i < range.count; ++i) {
    to_open_.push_back(&members_.emplace_back(loop, *this, range.first + i));
  }
}

bool ClientSet::is_pushed_to(const Options& options, std::size_t index) {
  if (!shall_read(options, index)) return false;
  const double share =
      static_cast<double>(options.probes) / static_cast<double>(options.connections);
  // Beside those who do not read: two equal shares must not pick the same clients.
  return options.probes == 0 || is_of_share(index + 1, std::min(share, 1.0));
}

std::int64_t ClientSet::turn(std::int64_t now) {
  for (; !returning_.empty() && returning_.top().due_ns <= now; returning_.pop()) {
    to_open_.push_back(returning_.top().member);
  }
  // No more tries than there are clients now: one that fails at once joins the others behind.
  for (std::size_t tries = to_open_.size(); tries > 0 && opening_ < setup_.options.opening_max;
       --tries) {
    Member& member = *to_open_.front();
    to_open_.pop_front();
    open(member, now);
  }
  return returning_.empty() ? kNever : returning_.top().due_ns;
}

void ClientSet::open(Member& member, std::int64_t now) {
  const auto& sources = setup_.sources;
  member.connect_ns_ = now;
  const bool is_probe = setup_.options.probes > 0 && member.is_pushed_to();
  member.reader_ = shall_read(setup_.options, member.index_);
  ++opening_;
  const bool started = member.client_.open(
      {.target = setup_.public_address,
       .source = sources.empty() ? nullptr : &sources[member.index_ % sources.size()],
       .request = request_for(member),
       .accept = accept_,
       .receive_buffer_size = member.reader_ ? 0 : kNonReaderBufferSize,
       .lane = is_probe ? Lane::kUrgent : Lane::kNormal,
       .tls = setup_.public_tls,
       .resume = setup_.options.tls_resume,
       .inflater = setup_.profile.deflate ? &inflater_ : nullptr});
  if (!started) turn_away(member);
}

void ClientSet::turn_away(Member& member) {
  --opening_;
  const Refusal& refusal = member.client_.refusal();
  if (!place_.retries || !is_temporary(refusal)) {
    counters_.open_failed.add();
    counters_.open_failure.note(member.client_.failure());
    return settle(member);
  }
  counters_.turned_away.add();
  const std::int64_t now = now_ns();
  if (const auto late = member.retry_.past_hint_ns(member.connect_ns_, now); late > 0) {
    counters_.past_hint.add();
    outcome_.past_hint.record(static_cast<std::uint64_t>(late));
  }
  const double jitter = std::uniform_real_distribution<double>()(random_);
  returning_.push({.due_ns = member.retry_.after_refusal(now, refusal.retry_after_s, jitter),
                   .member = &member});
}

void ClientSet::settle(Member& member) {
  member.settled_ = true;
  ++settled_;
}

void ClientSet::drop(Member& member, Drop how, std::int64_t due_ns) {
  if (member.client_.is_open() && member.reader_) --reader_count_;
  if (how == Drop::kReset) {
    member.client_.reset();
  } else {
    member.client_.close();
  }
  member.settled_ = false;
  --settled_;
  member.dropped_ns_ = due_ns;
  member.retry_ = {};
  to_open_.push_back(&member);
}

void ClientSet::drop_all(Drop how) {
  for (Member& member : members_) drop(member, how, now_ns());
}

std::string ClientSet::request_for(const Member& member) const {
  const std::string path = member.fill(place_.path);
  return handshake_request({.path = path,
                            .host = setup_.public_address.text(),
                            .key = key_,
                            .subprotocol = setup_.profile.subprotocol,
                            .deflate = setup_.profile.deflate});
}

void ClientSet::check(Member& member, std::string_view payload) {
  const auto stamp = payload_.stamp_of(payload);
  if (!stamp || stamp->stream >= member.checks_.size()) return counters_.foreign.add();
  switch (member.checks_[stamp->stream].observe(stamp->sequence)) {
    case SequenceCheck::Verdict::kInOrder:
      break;
    case SequenceCheck::Verdict::kReordered:
      counters_.reordered.add();
      break;
    case SequenceCheck::Verdict::kDuplicated:
      return counters_.duplicated.add();
  }
  if (!payload_.is_intact(payload)) counters_.corrupted.add();
  if (place_.counts_received) counters_.received.add();
  listener_.on_stamped(member, *stamp);
}

}  // namespace load
