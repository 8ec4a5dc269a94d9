// What connections hold, and how they let go of it when the gateway holds too much.

#include <algorithm>
#include <functional>
#include <utility>

#include "gateway/edge/edge.h"

namespace edge {
namespace {

// Connections closed in one call: some milliseconds of work.
constexpr std::size_t kShedMax = 256;
// Who holds less gives nothing that is worth a connection.
constexpr std::uint64_t kShedSizeMin = 4'096;
// Of a client's request in JSON: few are longer.
constexpr std::size_t kParseBufferKept = 64 << 10;

}  // namespace

// Input that was received and is not used up; an HTTP answer that is not sent; and what is
// encrypted and waits for the socket (the queue has it in plaintext besides). And what the client's
// compressed messages may refer back to.
void Edge::account_input(Slot slot) {
  Connection& c = connections_[slot];
  const std::size_t size = c.session.buffered_size() + (c.input != nullptr ? c.input->size() : 0) +
                           (c.answer != nullptr ? c.answer->size() : 0) +
                           (c.head != nullptr ? c.head->buffered_size() : 0) +
                           (c.tls != nullptr ? c.tls->buffer_memory() : 0);
  counters_.input_bytes.add(size - c.input_bytes);  // Unsigned: may go down.
  c.input_bytes = static_cast<std::uint32_t>(size);
  const std::size_t window = c.session.window_size();
  counters_.inflate_window_bytes.add(window - c.window_bytes);
  c.window_bytes = static_cast<std::uint16_t>(window);
}

// What ends with the connection.
std::uint64_t Edge::held_by(Slot slot) const {
  const Connection& c = connections_[slot];
  const std::uint64_t received = std::uint64_t{c.input_bytes} + c.window_bytes;
  return c.joined ? received + hub_.delivery().held_for(slot) : received;
}

std::size_t Edge::parser_bytes() const {
  const bool on_heap = parse_buffer_.capacity() >= sizeof parse_buffer_;
  return protocol_parser_.memory_size() + (on_heap ? parse_buffer_.capacity() : 0) +
         inflater_.buffer_size();
}

void Edge::rest_parsers() {
  protocol_parser_.rest();
  if (parse_buffer_.capacity() > kParseBufferKept) std::string().swap(parse_buffer_);
  if (inflater_.buffer_size() > ws::Inflater::kBufferSizeKept) inflater_.let_go_of_buffer();
}

void Edge::let_go_of_parsers() {
  protocol_parser_.let_go();
  std::string().swap(parse_buffer_);
  inflater_.let_go_of_buffer();
}

std::uint64_t Edge::shed(std::uint64_t size, std::uint64_t holder_size_min) {
  std::vector<std::pair<std::uint64_t, Slot>> holders;
  for (Slot slot = 0; slot < connections_.size(); ++slot) {
    const Connection& c = connections_[slot];
    if (c.phase == Phase::kFree) continue;
    if (c.joined && hub_.members()[slot].internal) continue;
    if (const std::uint64_t held = held_by(slot); held >= kShedSizeMin) {
      holders.emplace_back(held, slot);
    }
  }
  const std::size_t count = std::min(holders.size(), kShedMax + 1);
  std::partial_sort(holders.begin(), holders.begin() + static_cast<std::ptrdiff_t>(count),
                    holders.end(), std::greater<>());
  for (std::size_t i = 0; i < count; ++i) {
    const auto [held, slot] = holders[i];
    if (size == 0 || i == kShedMax || held < holder_size_min) return held;
    close_for_memory(slot);
    size -= std::min(size, held);
  }
  return 0;
}

void Edge::close_for_memory(Slot slot) {
  const Connection& c = connections_[slot];
  if (!c.joined) {
    end(slot, cross::CloseCause::kMemory);
    return;
  }
  const bool said = c.phase == Phase::kClosing || c.phase == Phase::kLingering;
  hub_.deactivate(slot);
  hub_.delivery().discard_waiting(slot, cross::DropCause::kMemory);
  if (!said) fail(slot, ws::CloseCode{kSlowConsumer}, "memory", cross::CloseCause::kMemory);
  if (c.phase == Phase::kFree) return;
  // A frame that is partly on the wire keeps its memory, and no Close frame can pass it.
  const hub::OutboundQueue* queue = hub_.members()[slot].queue;
  if (said || (queue != nullptr && queue->started())) end(slot, cross::CloseCause::kMemory);
}

}  // namespace edge
