#include "bench/load/scenario/client_set.h"

#include "bench/load/client/handshake_request.h"
#include "bench/load/clock.h"

namespace load {
namespace {

// Six digits for up to 900,000 clients, as in the examples people know.
constexpr std::size_t kUidBase = 100'000;

}  // namespace

std::string ClientSet::Member::uid() const { return std::to_string(kUidBase + index_); }

void ClientSet::Member::on_open(WsClient& client) {
  set_.counters_.opened.add();
  set_.outcome_.handshake.record(static_cast<std::uint64_t>(now_ns() - connect_ns_));
  ++set_.settled_;
  if (!set_.place_.login.empty()) {
    client.queue(Opcode::kText, set_.place_.login.fill({.uid = uid(), .text = {}, .channel = {}}));
    client.flush();
  }
  if (reader_) {
    ++set_.reader_count_;
  } else {
    client.stop_reading();
  }
}

void ClientSet::Member::on_message(WsClient& /*client*/, std::string_view payload) {
  set_.check(*this, payload);
}

void ClientSet::Member::on_end(WsClient& /*client*/, WsClient::Ending ending) {
  if (ending == WsClient::Ending::kConnectFailed || ending == WsClient::Ending::kRefused) {
    set_.counters_.open_failed.add();
    ++set_.settled_;
    return;
  }
  set_.counters_.ended.add();
  if (reader_ && set_.reader_count_ > 0) --set_.reader_count_;
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
      payload_(make_payload(setup.options.payload_size)),
      key_(fresh_handshake_key()),
      accept_(accept_for(key_)) {
  for (std::size_t i = 0; i < range.count; ++i) members_.emplace_back(loop, *this, range.first + i);
}

bool ClientSet::shall_read(std::size_t index) const {
  // Spread evenly: with 1 % it is every hundredth.
  const double share = setup_.options.non_readers_percent / 100;
  const auto slow_until = [&](std::size_t count) {
    return static_cast<std::size_t>(static_cast<double>(count) * share);
  };
  return slow_until(index + 1) == slow_until(index);
}

void ClientSet::turn(std::int64_t now) {
  while (opened_ < range_.count && opened_ - settled_ < setup_.options.opening_max) {
    Member& member = members_[opened_];
    const auto& sources = setup_.sources;
    member.connect_ns_ = now;
    member.reader_ = shall_read(member.index_);
    ++opened_;
    const bool started = member.client_.open(
        {.target = setup_.public_address,
         .source = sources.empty() ? nullptr : &sources[member.index_ % sources.size()],
         .request = request_for(member),
         .accept = accept_,
         .receive_buffer_size = member.reader_ ? 0 : kNonReaderBufferSize});
    if (!started) {
      counters_.open_failed.add();
      ++settled_;
    }
  }
}

std::string ClientSet::request_for(const Member& member) const {
  const std::string path = place_.path.fill({.uid = member.uid(), .text = {}, .channel = {}});
  return handshake_request({.path = path,
                            .host = setup_.public_address.text(),
                            .key = key_,
                            .subprotocol = setup_.profile.subprotocol});
}

void ClientSet::check(Member& member, std::string_view payload) {
  const auto stamp = read_stamp(payload);
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
  if (!is_filler_intact(payload, payload_)) counters_.corrupted.add();
  counters_.received.add();
  listener_.on_stamped(member, *stamp);
}

}  // namespace load
