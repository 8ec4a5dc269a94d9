// Frames from an open connection, and what its profile does with its messages.

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <utility>

#include "gateway/edge/edge.h"
#include "proto/base/bytes.h"
#include "proto/ws/frame_encoder.h"

namespace edge {

Edge::Flow Edge::on_frames(Slot slot, std::span<std::byte> bytes) {
  Connection& c = connections_[slot];
  const Ref self = ref_to(slot);
  Flow flow = Flow::kGoOn;
  while (flow == Flow::kGoOn) {
    if (must_wait(c)) {
      flush_replies(slot);
      pause_reading(slot, bytes);
      return Flow::kStop;
    }
    if (!bytes.empty() && !has_tokens(slot)) {
      flush_replies(slot);
      return overrun(slot, bytes);
    }
    if (!bytes.empty() && inflated_enough(c)) {
      flush_replies(slot);
      keep_input(slot, bytes);
      read_later(slot);
      return Flow::kStop;
    }
    ws::Event event = c.session.next(bytes, &inflater_);
    if (std::holds_alternative<ws::NeedInput>(event)) break;
    c.messages.take(now_ms_, 1, message_rate_of(profile_of(c)));
    flow = on_event(slot, event, bytes);
  }
  if (is_gone(self)) return Flow::kStop;
  flush_replies(slot);
  if (owes_answers(slot)) {
    c.read_paused = true;  // It does not take our answers: no more questions. See after_write().
    return Flow::kStop;
  }
  return flow;
}

// Back-pressure: whether the client's next messages stay unread, because what they ask for has to
// go to a shard that has no room for it.
bool Edge::must_wait(const Connection& c) const {
  if (c.phase != Phase::kOpen) return false;
  const std::string& room = profile_of(c).room;
  return (!room.empty() && !services_.may_publish(room)) ||
         (c.protocol && !services_.may_subscribe());
}

void Edge::renew_budget() {
  inflater_.reset_work();
  tls_steps_ = 0;
  const ws::Inflater::Totals& totals = inflater_.totals();
  counters_.inflated.set(totals.messages);
  counters_.inflate_bytes_before.set(totals.compressed_size);
  counters_.inflate_bytes_after.set(totals.size);
}

void Edge::count_inflate_failure(ws::Violation violation) {
  if (violation == ws::Violation::kInflatedTooBig) {
    counters_.inflate_failures[cross::InflateFailure::kTooBig].add();
  } else if (violation == ws::Violation::kDeflateCorrupt) {
    counters_.inflate_failures[cross::InflateFailure::kCorrupt].add();
  } else if (violation == ws::Violation::kDeflateBlocks) {
    counters_.inflate_failures[cross::InflateFailure::kBlocks].add();
  }
}

// Whether its next messages wait for another turn: what may be spent on inflating in this one is
// used up. One message more than that is the most, and its cost is bounded by its size's limit.
bool Edge::inflated_enough(const Connection& c) const {
  return c.session.inflates() && inflater_.work() >= config_->compression.inflate_slice_size;
}

// Whether too many answers wait for the client. What others push to it does not count: it goes on
// being read, or its pongs and its Close would wait behind what is pushed.
bool Edge::owes_answers(Slot slot) const {
  const Connection& c = connections_[slot];
  const hub::OutboundQueue* queue = c.joined ? hub_.members()[slot].queue : nullptr;
  return queue != nullptr && queue->answers_size() > profile_of(c).queue_size_max / 2;
}

Edge::Flow Edge::on_event(Slot slot, ws::Event& event, std::span<std::byte> rest) {
  Connection& c = connections_[slot];
  if (const auto* message = std::get_if<ws::Message>(&event)) {
    if (c.phase == Phase::kClosing) return Flow::kGoOn;  // We have said all we had to say.
    counters_.messages_in.add();
    if (c.phase == Phase::kLogin) return on_login_message(slot, *message, rest);
    return on_message(slot, *message);
  }
  if (const auto* ping = std::get_if<ws::Ping>(&event)) {
    if (c.phase == Phase::kClosing) return Flow::kGoOn;
    if (hub_.members()[slot].queue == nullptr) {
      // All pings of one piece of input are answered with one call, like messages.
      reply(slot, ws::Opcode::kPong, ping->payload);
      return Flow::kGoOn;
    }
    flush_replies(slot);
    std::string frame;
    ws::append_frame(frame, ws::Opcode::kPong, ping->payload);
    hub_.delivery().send_framed(slot, dunlin::as_bytes(frame), {},
                                static_cast<std::uint8_t>(ws::Opcode::kPong));
    return Flow::kGoOn;
  }
  if (const auto* close = std::get_if<ws::Close>(&event)) {
    flush_replies(slot);
    on_close_frame(slot, *close);
    return Flow::kStop;
  }
  if (const auto* violation = std::get_if<ws::Violation>(&event)) {
    flush_replies(slot);
    count_inflate_failure(*violation);
    fail(slot, ws::close_code_for(*violation), ws::name_of(*violation),
         cross::CloseCause::kViolation);
    return Flow::kStop;
  }
  return Flow::kGoOn;  // A pong: that it came is what counts, and read() has noted it.
}

Edge::Flow Edge::on_message(Slot slot, const ws::Message& message) {
  const config::Profile& profile = profile_of(connections_[slot]);
  const bool text = message.opcode == ws::Opcode::kText;
  if (text && profile.answer_ping && dunlin::as_string_view(message.payload) == "ping") {
    reply(slot, ws::Opcode::kText, dunlin::as_bytes("pong"));
    return Flow::kGoOn;
  }
  switch (text ? profile.on_text : profile.on_binary) {
    case config::MessageAction::kDiscard:
      if (text) on_bare_token(slot, message);
      break;
    case config::MessageAction::kEcho:
      reply(slot, message.opcode, message.payload);
      break;
    case config::MessageAction::kBroadcast:
      broadcast(slot, message);
      break;
    case config::MessageAction::kProtocol:
      // A client without the subprotocol only listens.
      if (connections_[slot].protocol) return on_protocol_message(slot, message);
      on_bare_token(slot, message);
      break;
  }
  return Flow::kGoOn;
}

// Small answers to one piece of input are joined and leave together.
void Edge::reply(Slot slot, ws::Opcode opcode, std::span<const std::byte> payload) {
  if (reply_deflated(slot, opcode, payload)) return;
  if (payload.size() <= kReplyJoinMax) {
    ws::append_frame(replies_, opcode, payload);
    if (replies_.size() >= kReadBufferSize) flush_replies(slot);
    return;
  }
  flush_replies(slot);
  std::byte header[ws::kFrameHeaderSizeMax];
  std::span<const std::byte> head(header, ws::encode_frame_header(opcode, payload.size(), header));
  if (std::byte* place = place_before(payload, head.size())) {
    std::memcpy(place, header, head.size());
    head = {place, head.size() + payload.size()};
    payload = {};
  }
  if (!hub_.delivery().send_framed(slot, head, payload, 0)) close_slow(slot);
}

// False: it goes plain.
bool Edge::reply_deflated(Slot slot, ws::Opcode opcode, std::span<const std::byte> payload) {
  const hub::Compression compression = hub_.members()[slot].compression;
  if (!compression.agreed() || payload.size() < profile_of(connections_[slot]).deflate_size_min) {
    return false;
  }
  // With context takeover, what is compressed next must leave next.
  if (compression.context_takeover) flush_replies(slot);
  if (!hub_.delivery().deflate_answer(slot, opcode, payload, replies_)) return false;
  if (compression.context_takeover || replies_.size() >= kReadBufferSize) flush_replies(slot);
  return true;
}

// Where a frame that answers with the client's own payload can have its header, so that the kernel
// copies one piece: where the client's header was, which is longer by its masking key. Null: the
// payload is not in the read buffer, or its header came with an earlier read.
std::byte* Edge::place_before(std::span<const std::byte> payload, std::size_t size) {
  std::byte* const begin = read_buffer_.get();
  const std::less<const std::byte*> before;
  if (before(payload.data(), begin + size) || !before(payload.data(), begin + kReadBufferSize)) {
    return nullptr;
  }
  return begin + (payload.data() - begin) - size;
}

void Edge::flush_replies(Slot slot) {
  if (replies_.empty()) return;
  if (!hub_.delivery().send_framed(slot, dunlin::as_bytes(replies_), {}, 0)) close_slow(slot);
  replies_.clear();
}

void Edge::broadcast(Slot slot, const ws::Message& message) {
  const config::Profile& profile = profile_of(connections_[slot]);
  const auto kind =
      message.opcode == ws::Opcode::kText ? push::PayloadKind::kText : push::PayloadKind::kBinary;
  std::string_view payload = dunlin::as_string_view(message.payload);
  if (kind != push::PayloadKind::kText || !profile.normalize_space) {
    services_.publish(profile.room, kind, payload);
    return;
  }
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = payload.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return;  // Nothing but white space is nothing.
  std::string line(payload.substr(first, payload.find_last_not_of(kSpace) - first + 1));
  std::replace(line.begin(), line.end(), '\n', ' ');
  services_.publish(profile.room, kind, line);
}

}  // namespace edge
