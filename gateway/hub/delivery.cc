#include "gateway/hub/delivery.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "proto/base/assert.h"
#include "proto/ws/opcode.h"

namespace hub {
namespace {

iovec as_part(std::span<const std::byte> bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

// Whether a message for it must not go to the kernel now: it waits behind others, or is dropped.
bool takes_no_send(const Member& member) {
  return member.queue != nullptr || member.doomed || member.close_said;
}

}  // namespace

Delivery::Delivery(MemberTable& members, Watches& watches, Transport& transport,
                   cross::Counters& counters)
    : members_(members),
      watches_(watches),
      transport_(transport),
      counters_(counters),
      compressor_(counters) {}

Delivery::~Delivery() {
  // What is gathered points to messages and receipts that may be gone by now.
  for (const Entry& entry : entries_) {
    if (entry.member != kNoMember) members_[entry.member].batch_entry = kNoBatchEntry;
  }
  for (MemberIndex i = 0; i < members_.size(); ++i) {
    if (members_[i].queue != nullptr || pending_.contains(i)) end(i);
  }
}

cross::Encoding Delivery::encoding_for(const Member& member, const cross::Message& message) {
  // gzip is for fan-outs, where one compression serves many.
  cross::Encoding form = member.encoding;
  if (form == cross::Encoding::kGzip) {
    if (message.fanout()) {
      compressor_.make_gzip(message);
      return form;  // Compressed already.
    }
    form = cross::Encoding::kPlain;
  }
  // With context takeover, that is decided when it is sent: see compress_own().
  if (!member.compression.agreed() || member.compression.context_takeover) return form;
  return compressor_.shared_form(member, message, form, rules_[member.profile].deflate_size_min);
}

void Delivery::deliver(MemberIndex index, const cross::MessageRef& message, push::Receipt& receipt,
                       Watch* watch) {
  Member& member = members_[index];
  ++receipt.matched;
  if (message->is_push()) counters_.matched.add();
  const cross::Encoding encoding = encoding_for(member, *message);
  if (watch != nullptr && member.encoding == cross::Encoding::kProtocol) {
    watches_.expect_ack(*watch, members_.id_of(index));
  }
  if (message->expires_ms() != 0 && message->expires_ms() <= now_ms_) {
    // It was under way for too long: in a ring, or behind other fan-outs.
    drop(index, *message, receipt, watch, cross::DropCause::kExpired);
    if (member.queue != nullptr) return;
    tell_missed(member);
    on_writable(index);
    return;
  }
  // What is gathered already goes before, even if something else has filled the socket since.
  if (member.batch_entry == kNoBatchEntry && takes_no_send(member)) {
    enqueue(index, message, encoding, receipt, watch);
    return;
  }
  gather(index, {&message, &receipt, watch, kNoBatchEntry, encoding});
}

void Delivery::gather(MemberIndex index, Gathered gathered) {
  Member& member = members_[index];
  const bool full =
      member.batch_entry != kNoBatchEntry && entries_[member.batch_entry].count == kGatheredMax;
  if (full || gathered_.size() == kGatheredTotalMax) {
    flush();
    if (takes_no_send(member)) {
      enqueue(index, *gathered.message, gathered.encoding, *gathered.receipt, gathered.watch);
      return;
    }
  }
  const auto position = static_cast<std::uint32_t>(gathered_.size());
  gathered_.push_back(gathered);
  if (member.batch_entry == kNoBatchEntry) {
    member.batch_entry = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({index, position, position, 1});
    return;
  }
  Entry& entry = entries_[member.batch_entry];
  gathered_[entry.last].next = position;
  entry.last = position;
  ++entry.count;
}

void Delivery::flush() {
  if (entries_.empty()) return;
  build_operations();
  transport_.send(operations_);
  latency_accepted_ns_ = 0;
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    settle_operation(operations_[i], entries_[operation_entries_[i]]);
  }
  entries_.clear();
  gathered_.clear();
  own_.clear();
}

// One operation for each member; its parts are the frames gathered for it. What several members in
// a row get alike, as by a fan-out of several messages, is joined once: for the kernel one piece is
// cheaper than many.
void Delivery::build_operations() {
  operations_.clear();
  operation_entries_.clear();
  parts_.clear();
  parts_.reserve(gathered_.size());  // Operations point into it: it must not grow below.
  joined_.clear();
  const Entry* joined = nullptr;  // Whose frames were joined last.
  iovec joined_part{};
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.member == kNoMember) continue;  // Ended since; its messages are accounted for.
    Member& member = members_[entry.member];
    member.batch_entry = kNoBatchEntry;
    if (takes_no_send(member)) {
      enqueue_gathered(entry);
      continue;
    }
    if (member.compression.context_takeover) compress_own(entry);
    const std::size_t first_part = parts_.size();
    const bool next_alike = i + 1 < entries_.size() && alike(entry, entries_[i + 1]);
    if (joined != nullptr && alike(*joined, entry)) {
      parts_.push_back(joined_part);
    } else if (next_alike && join(entry, joined_part)) {
      joined = &entry;
      parts_.push_back(joined_part);
    } else {
      for (std::uint32_t g = entry.first; g != kNoBatchEntry; g = gathered_[g].next) {
        parts_.push_back(as_part(frame_of(gathered_[g])));
      }
    }
    operations_.push_back({.tag = entry.member,
                           .fd = member.handle,
                           .parts = parts_.data() + first_part,
                           .parts_count = static_cast<std::uint32_t>(parts_.size() - first_part)});
    operation_entries_.push_back(static_cast<std::uint32_t>(i));
  }
}

// An answer of the edge has filled the socket in between, or it is closing.
void Delivery::enqueue_gathered(const Entry& entry) {
  for (std::uint32_t g = entry.first; g != kNoBatchEntry; g = gathered_[g].next) {
    const Gathered& gathered = gathered_[g];
    enqueue(entry.member, *gathered.message, gathered.encoding, *gathered.receipt, gathered.watch);
  }
}

std::span<const std::byte> Delivery::frame_of(const Gathered& gathered) const {
  if (gathered.own != kNoOwnFrame) return own_[gathered.own]->frame(cross::Encoding::kPlain);
  return (*gathered.message)->frame(gathered.encoding);
}

void Delivery::compress_own(const Entry& entry) {
  const Member& member = members_[entry.member];
  const std::uint32_t size_min = rules_[member.profile].deflate_size_min;
  for (std::uint32_t g = entry.first; g != kNoBatchEntry; g = gathered_[g].next) {
    Gathered& gathered = gathered_[g];
    if (!compressor_.has_context_for(entry.member, member)) {
      gathered.encoding =
          compressor_.shared_form(member, **gathered.message, gathered.encoding, size_min);
      continue;
    }
    auto own =
        compressor_.own_form(entry.member, member, **gathered.message, gathered.encoding, size_min);
    if (!own) continue;
    gathered.own = static_cast<std::uint16_t>(own_.size());
    own_.push_back(std::move(own));
  }
}

// Whether two members get the same frames, more than one, in the same order.
bool Delivery::alike(const Entry& a, const Entry& b) const {
  if (a.count != b.count || a.count == 1) return false;
  std::uint32_t ga = a.first;
  for (std::uint32_t gb = b.first; gb != kNoBatchEntry; gb = gathered_[gb].next) {
    if (frame_of(gathered_[ga]).data() != frame_of(gathered_[gb]).data()) return false;
    ga = gathered_[ga].next;
  }
  return true;
}

// False: that would be too much to copy.
bool Delivery::join(const Entry& entry, iovec& part) {
  std::size_t size = 0;
  for (std::uint32_t g = entry.first; g != kNoBatchEntry; g = gathered_[g].next) {
    size += frame_of(gathered_[g]).size();
  }
  if (joined_.size() + size > kJoinedMax) return false;
  joined_.reserve(kJoinedMax);  // Operations point into it, too.
  const std::size_t begin = joined_.size();
  for (std::uint32_t g = entry.first; g != kNoBatchEntry; g = gathered_[g].next) {
    const auto frame = frame_of(gathered_[g]);
    joined_.insert(joined_.end(), frame.begin(), frame.end());
  }
  part = as_part(std::span(joined_).subspan(begin));
  return true;
}

void Delivery::settle_operation(const net::SendOperation& operation, const Entry& entry) {
  Member& member = members_[operation.tag];
  std::uint64_t left = operation.result < 0 ? 0 : static_cast<std::uint64_t>(operation.result);
  std::uint64_t started = left + operation.held;  // Of what is not settled yet.
  for (std::uint32_t g = entry.first; g != kNoBatchEntry; g = gathered_[g].next) {
    const Gathered& gathered = gathered_[g];
    const std::size_t size = frame_of(gathered).size();
    if (operation.result < 0) {
      drop(operation.tag, **gathered.message, *gathered.receipt, gathered.watch,
           cross::DropCause::kEnded);
    } else if (left >= size) {
      left -= size;
      started -= size;
      record_written(**gathered.message, *gathered.receipt);
    } else if (started > 0) {
      const bool own = gathered.own != kNoOwnFrame;
      queue_rest(member, own ? own_[gathered.own] : *gathered.message, gathered.encoding,
                 gathered.watch, lane_of(**gathered.message), left);
      ++gathered.receipt->queued;
      counters_.queued.add();
      left = 0;
      started -= std::min<std::uint64_t>(started, size);
    } else {
      enqueue(operation.tag, *gathered.message, gathered.encoding, *gathered.receipt,
              gathered.watch);
    }
  }
  if (operation.result > 0) counters_.bytes_out.add(static_cast<std::uint64_t>(operation.result));
}

void Delivery::record_written(const cross::Message& message, push::Receipt& receipt) {
  ++receipt.written;
  if (!message.is_push()) return;
  counters_.written.add();
  if (message.accepted_ns() == 0) return;
  // One reading of the clock serves a run of deliveries of the same message.
  if (message.accepted_ns() != latency_accepted_ns_) {
    latency_accepted_ns_ = message.accepted_ns();
    latency_ns_ = transport_.now_ns() - latency_accepted_ns_;
  }
  counters_.push_latency.record(latency_ns_);
}

bool Delivery::send_framed(MemberIndex index, std::span<const std::byte> head,
                           std::span<const std::byte> rest, std::uint8_t control_kind) {
  Member& member = members_[index];
  const bool is_data = control_kind == 0;
  const bool is_close = control_kind == static_cast<std::uint8_t>(ws::Opcode::kClose);
  // 5.5.1: no data frame after a Close frame, and there is one only.
  if (is_data && (member.doomed || member.close_said)) return true;
  if (is_close && member.close_said &&
      (member.queue == nullptr || member.queue->find_control(control_kind) == nullptr)) {
    return true;
  }
  if (is_close) member.close_said = true;
  const Lane lane = is_data ? Lane::kTargeted : is_close ? Lane::kClose : Lane::kControl;
  std::size_t taken = 0;
  bool started = false;
  if (member.queue == nullptr) {
    const std::array<iovec, 2> parts{as_part(head), as_part(rest)};
    net::SendOperation operation{.tag = index,
                                 .fd = member.handle,
                                 .parts = parts.data(),
                                 .parts_count = rest.empty() ? 1U : 2U};
    transport_.send({&operation, 1});
    if (operation.result < 0) return true;  // The edge ends it; see Transport.
    taken = static_cast<std::size_t>(operation.result);
    counters_.bytes_out.add(taken);
    if (taken == head.size() + rest.size()) return true;
    started = taken > 0 || operation.held > 0;
  }
  auto message = cross::Message::make_framed(head, rest);
  const auto encoding = cross::Encoding::kPlain;
  if (started) {
    queue_rest(member, message, encoding, nullptr, lane, taken);
    return true;
  }
  OutboundQueue& queue = queue_of(member);
  const std::uint64_t size_before = queue.size();
  const std::uint32_t messages_before = queue.messages();
  bool queued = true;
  if (QueuedMessage* earlier = is_data ? nullptr : queue.find_control(control_kind)) {
    queue.replace(*earlier, std::move(message), encoding, nullptr);  // 5.5.3: the latest ping only.
  } else if (is_data && !queue.fits(head.size() + rest.size(), rules_[member.profile].limits)) {
    queued = false;
  } else {
    QueuedMessage* entry = pool_.take();
    entry->message = std::move(message);
    entry->lane = lane;
    entry->control_kind = control_kind;
    queue.append(entry);
  }
  account(member, size_before, messages_before);
  release_if_empty(member);
  return queued;
}

bool Delivery::deflate_answer(MemberIndex index, ws::Opcode opcode, dunlin::ConstBytes text,
                              std::string& out) {
  const Member& member = members_[index];
  if (!member.compression.agreed()) return false;
  return compressor_.append_answer(index, member, opcode, text,
                                   rules_[member.profile].deflate_size_min,
                                   /*waits=*/member.queue != nullptr, out);
}

bool Delivery::on_writable(MemberIndex index, std::uint64_t size_max) {
  Member& member = members_[index];
  while (member.queue != nullptr) {
    expire(index);
    if (member.queue == nullptr) return false;
    if (size_max == 0) return true;
    tell_missed(member);
    OutboundQueue& queue = *member.queue;
    const std::uint64_t size_before = queue.size();
    const std::uint32_t messages_before = queue.messages();

    std::array<QueuedMessage*, kGatheredMax> waiting;
    std::array<iovec, kGatheredMax> parts;
    const std::size_t count = queue.gather(waiting);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t skip = i == 0 ? queue.offset() : 0;
      parts[i] = as_part(waiting[i]->frame().subspan(skip));
      total += parts[i].iov_len;
    }
    net::SendOperation operation{.tag = index,
                                 .fd = member.handle,
                                 .parts = parts.data(),
                                 .parts_count = static_cast<std::uint32_t>(count)};
    transport_.send({&operation, 1});
    if (operation.result < 0) return false;
    auto left = static_cast<std::uint64_t>(operation.result);
    counters_.bytes_out.add(left);
    for (std::size_t i = 0; i < count && left >= parts[i].iov_len; ++i) {
      left -= parts[i].iov_len;
      finish_queued(queue.take_first());
    }
    if (left > 0 || operation.held > 0) queue.start(left + queue.offset(), operation.held);
    account(member, size_before, messages_before);
    const bool blocked = static_cast<std::uint64_t>(operation.result) < total;
    if (queue.empty()) tell_missed(member);  // What was missed while an earlier notice waited.
    release_if_empty(member);
    if (blocked) return false;
    size_max -= std::min(size_max, total);
  }
  return false;
}

}  // namespace hub
