#include "gateway/hub/compressor.h"

#include <algorithm>

namespace hub {

using cross::Encoding;
using Deflated = cross::Message::Deflated;

namespace {

constexpr ws::DeflateParameters kStored = {.level = 0, .window_bits = 9};

}  // namespace

Compressor::Compressor(cross::Counters& counters) : counters_(counters) { begin_turn(); }

void Compressor::configure(const CompressionRules& rules) {
  if (!(rules.parameters == rules_.parameters)) shared_.reset();
  rules_ = rules;
  slice_left_ = rules.slice_size;
}

Encoding Compressor::shared_form(const Member& member, const cross::Message& message, Encoding form,
                                 std::uint32_t size_min) {
  if (form != Encoding::kPlain && form != Encoding::kProtocol) return form;  // Compressed already.
  const Encoding compressed = cross::deflated(form);
  Deflated there = message.find_deflated(compressed);
  if (there == Deflated::kNone) return form;
  const std::size_t size = message.payload().size();
  if (size < size_min || size > rules_.size_max || !message.is_push()) return form;
  // The shared form may refer further back than a client with a smaller window can look; but never
  // to before its own beginning.
  const std::uint8_t bits = member.compression.window_bits;
  if (bits < rules_.parameters.window_bits && message.frame(form).size() > std::size_t{1} << bits) {
    return form;
  }
  if (there == Deflated::kUnknown) {
    if (!worth_trying(size, size_min)) return form;
    there = message.make_deflated(compressed, shared());
    count(size, there == Deflated::kThere ? message.frame(compressed).size() : 0);
  }
  return there == Deflated::kThere ? compressed : form;
}

void Compressor::make_gzip(const cross::Message& message) {
  if (message.has_gzip()) return;
  const bool compress = worth_trying(message.payload().size(), /*size_min=*/0);
  message.make_gzip(compress ? rules_.parameters : kStored);
}

cross::MessageRef Compressor::own_form(MemberIndex index, const Member& member,
                                       const cross::Message& message, Encoding form,
                                       std::uint32_t size_min) {
  const std::size_t size = message.payload().size();
  if (form == Encoding::kGzip || !message.is_push() || !worth_trying(size, size_min)) return {};
  const bool binary = form == Encoding::kPlain && message.kind() == push::PayloadKind::kBinary;
  std::string made;
  const std::string_view text = message.text(form, made);
  std::string frame;
  ws::append_deflated_frame(frame, binary ? ws::Opcode::kBinary : ws::Opcode::kText,
                            dunlin::as_bytes(text), context_of(index, member));
  count(size, frame.size());
  return frame.empty() ? cross::MessageRef() : message.with_frame(frame);
}

bool Compressor::append_answer(MemberIndex index, const Member& member, ws::Opcode opcode,
                               dunlin::ConstBytes text, std::uint32_t size_min, bool waits,
                               std::string& out) {
  if (!worth_trying(text.size(), size_min)) return false;
  ws::Deflater* deflater = nullptr;
  if (member.compression.context_takeover && !waits && has_context_for(index, member)) {
    deflater = &context_of(index, member);
  } else {
    const std::uint8_t bits = member.compression.window_bits;
    if (bits < rules_.parameters.window_bits && text.size() > std::size_t{1} << bits) return false;
    if (member.compression.context_takeover) forget(index);
    deflater = &shared();
    deflater->forget();
  }
  const std::size_t size_before = out.size();
  const bool smaller = ws::append_deflated_frame(out, opcode, text, *deflater);
  count(text.size(), out.size() - size_before);
  return smaller;
}

bool Compressor::worth_trying(std::size_t size, std::uint32_t size_min) {
  if (size < size_min || size > rules_.size_max) return false;
  if (slice_left_ == 0) {
    counters_.deflates[cross::DeflateResult::kNoTime].add();
    return false;
  }
  slice_left_ -= std::min<std::uint64_t>(slice_left_, size);
  return true;
}

ws::Deflater& Compressor::shared() {
  if (shared_ == nullptr) shared_ = std::make_unique<ws::Deflater>(rules_.parameters);
  return *shared_;
}

ws::Deflater& Compressor::context_of(MemberIndex index, const Member& member) {
  auto& context = contexts_[index];
  if (context == nullptr) {
    context = std::make_unique<ws::Deflater>(ws::DeflateParameters{
        .level = rules_.parameters.level, .window_bits = member.compression.window_bits});
    const std::size_t size = ws::deflater_size(member.compression.window_bits);
    counters_.deflate_context_bytes.add(size);
    context_room_ -= std::min<std::uint64_t>(context_room_, size);
  }
  return *context;
}

void Compressor::forget(MemberIndex index) {
  if (const auto found = contexts_.find(index); found != contexts_.end()) found->second->forget();
}

void Compressor::end(MemberIndex index) {
  const auto found = contexts_.find(index);
  if (found == contexts_.end()) return;
  release(*found->second);
  contexts_.erase(found);
}

void Compressor::release(const ws::Deflater& context) {
  counters_.deflate_context_bytes.subtract(ws::deflater_size(context.parameters().window_bits));
}

void Compressor::let_go_of_contexts(std::uint64_t size) {
  boost::unordered::erase_if(contexts_, [&](const auto& entry) {
    if (size == 0) return false;
    size -=
        std::min<std::uint64_t>(size, ws::deflater_size(entry.second->parameters().window_bits));
    release(*entry.second);
    return true;
  });
}

std::size_t Compressor::context_size(MemberIndex index) const {
  const auto found = contexts_.find(index);
  return found == contexts_.end() ? 0 : ws::deflater_size(found->second->parameters().window_bits);
}

// `size_after` 0: it would not be smaller.
void Compressor::count(std::size_t size_before, std::size_t size_after) {
  if (size_after == 0) {
    counters_.deflates[cross::DeflateResult::kNotSmaller].add();
    return;
  }
  counters_.deflates[cross::DeflateResult::kSmaller].add();
  counters_.deflate_bytes_before.add(size_before);
  counters_.deflate_bytes_after.add(size_after);
}

}  // namespace hub
