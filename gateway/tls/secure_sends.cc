#include "gateway/tls/secure_sends.h"

#include <algorithm>
#include <cerrno>

#include "proto/base/assert.h"

namespace tls {
namespace {

std::size_t size_of(const net::SendOperation& operation) {
  std::size_t size = 0;
  for (std::uint32_t i = 0; i < operation.parts_count; ++i) size += operation.parts[i].iov_len;
  return size;
}

iovec as_part(std::span<const std::byte> bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

void SecureSends::send(std::span<net::SendOperation> operations, std::span<Stream* const> streams) {
  cipher_.reserve(kBufferMax + kStepCipherMax);
  unfinished_.clear();
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (streams[i] == nullptr || begin(operations[i], *streams[i])) unfinished_.push_back(i);
  }
  while (!unfinished_.empty()) send_steps(operations, streams);
}

// One step of as many of the unfinished operations as there is room for.
void SecureSends::send_steps(std::span<net::SendOperation> operations,
                             std::span<Stream* const> streams) {
  cipher_.clear();
  steps_.clear();
  sends_.clear();
  parts_.clear();
  parts_.reserve(unfinished_.size());
  std::size_t taken = 0;
  while (taken < unfinished_.size() && cipher_.size() < kBufferMax) {
    const std::size_t index = unfinished_[taken++];
    add_step(operations, index, streams[index]);
  }
  unfinished_.erase(unfinished_.begin(), unfinished_.begin() + static_cast<std::ptrdiff_t>(taken));
  // Only now: cipher_ may have grown until here, because how much TLS adds is the client's choice,
  // too (RFC 6066 section 4: smaller records).
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].size == 0) continue;
    parts_.push_back(as_part(std::span(cipher_).subspan(steps_[i].begin, steps_[i].size)));
    sends_[i].parts = &parts_.back();
    sends_[i].parts_count = 1;
  }
  batch_.send(sends_);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    net::SendOperation& operation = operations[steps_[i].operation];
    Stream* stream = streams[steps_[i].operation];
    if (stream == nullptr) {
      operation.result = sends_[i].result;
    } else {
      settle(operation, *stream, steps_[i], sends_[i].result);
    }
  }
}

// What is pending goes first. False: nothing more can be sent now.
bool SecureSends::begin(net::SendOperation& operation, Stream& stream) {
  operation.result = 0;
  operation.held = 0;
  stream.renew_key_if_worn();
  if (!flush(operation.fd, stream)) {
    operation.result = -EPIPE;
    return false;
  }
  if (!stream.pending().empty()) {
    operation.held = stream.held();
    return false;
  }
  // What was held has left: these bytes are offered again, and are already done.
  const std::size_t released = stream.take_released();
  const std::size_t size = size_of(operation);
  DUNLIN_ASSERT(released <= size);
  operation.result = static_cast<std::int64_t>(released);
  return released < size;
}

void SecureSends::add_step(std::span<net::SendOperation> operations, std::size_t index,
                           Stream* stream) {
  net::SendOperation& operation = operations[index];
  if (stream == nullptr) {
    steps_.push_back({.operation = index});
    sends_.push_back(operation);
    return;
  }
  Step step{.operation = index, .begin = cipher_.size()};
  const std::size_t done = static_cast<std::size_t>(operation.result);
  while (step.plain < kStepMax) {
    const auto record = next_record(operation, done + step.plain);
    if (record.empty()) break;
    if (!stream->encrypt(record, cipher_)) {
      operation.result = -EPROTO;
      cipher_.resize(step.begin);
      return;
    }
    step.plain += record.size();
    if (step.first_record == 0) step.first_record = cipher_.size() - step.begin;
  }
  step.size = cipher_.size() - step.begin;
  sends_.push_back({.tag = operation.tag, .fd = operation.fd});
  steps_.push_back(step);
}

// The next bytes of the operation from `from` on, as many as a record takes: where they stand if
// they stand together, else copied.
std::span<const std::byte> SecureSends::next_record(const net::SendOperation& operation,
                                                    std::size_t from) {
  plain_.clear();
  for (std::uint32_t i = 0; i < operation.parts_count; ++i) {
    const std::span part(static_cast<const std::byte*>(operation.parts[i].iov_base),
                         operation.parts[i].iov_len);
    if (from >= part.size()) {
      from -= part.size();
      continue;
    }
    const auto rest = part.subspan(from);
    const auto piece = rest.first(std::min(rest.size(), kRecordMax - plain_.size()));
    const bool last = i + 1 == operation.parts_count || piece.size() == kRecordMax;
    if (plain_.empty() && last) return piece;
    plain_.insert(plain_.end(), piece.begin(), piece.end());
    if (plain_.size() == kRecordMax) break;
    from = 0;
  }
  return plain_;
}

void SecureSends::settle(net::SendOperation& operation, Stream& stream, const Step& step,
                         std::int64_t sent) {
  if (sent < 0) {
    operation.result = sent;
    return;
  }
  const auto size = static_cast<std::size_t>(sent);
  if (size == step.size) {
    operation.result += static_cast<std::int64_t>(step.plain);
    if (static_cast<std::size_t>(operation.result) < size_of(operation)) {
      unfinished_.push_back(step.operation);
    }
    return;
  }
  const std::size_t whole_records = size / step.first_record * kRecordMax;
  const std::size_t plain_sent = std::min(whole_records, step.plain);
  operation.result += static_cast<std::int64_t>(plain_sent);
  operation.held = static_cast<std::uint32_t>(step.plain - plain_sent);
  stream.keep(std::span(cipher_).subspan(step.begin + size, step.size - size), operation.held);
}

bool SecureSends::flush(int fd, Stream& stream) {
  while (!stream.pending().empty()) {
    const iovec part = as_part(stream.pending());
    net::SendOperation operation{.fd = fd, .parts = &part, .parts_count = 1};
    batch_.send({&operation, 1});
    if (operation.result < 0) return false;
    if (operation.result == 0) return true;
    stream.sent(static_cast<std::size_t>(operation.result));
  }
  return true;
}

}  // namespace tls
