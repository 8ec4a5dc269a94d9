#include "gateway/api/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <utility>

namespace api {
namespace {

constexpr std::uint64_t kSweepMs = 250;  // Between two looks at the timeouts.
constexpr std::uint64_t kRetryMs = 2;    // Until a stream that found no room tries again.
constexpr std::uint32_t kGenerationMask = 0xFFFFFF;

// What the kernel does not take at once is lost, and so is the answer if the peer's request arrives
// too late to be read here.
void answer_no_room(int fd, std::string_view date) {
  std::string body;
  append_error(body, {.code = "too_many_connections",
                      .message = "the API has no room for another connection"});
  std::string answer;
  append_response(answer, {.status = 503, .body = body, .fields = kRetryAfter}, Persistence::kClose,
                  date, /*with_body=*/true);
  static_cast<void>(::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL));
  ::shutdown(fd, SHUT_WR);
  std::array<char, 4096> request;
  static_cast<void>(::recv(fd, request.data(), request.size(), 0));
}

}  // namespace

ApiServer::ApiServer(loop::Poller& poller, std::uint8_t poll_kind, net::SendBatch& sends,
                     Dispatcher& dispatcher, cross::Counters& counters,
                     std::shared_ptr<const config::Config> config, Hooks hooks)
    : poller_(poller),
      poll_kind_(poll_kind),
      sends_(sends),
      context_(dispatcher, *this, counters, sends, std::move(config), std::move(hooks)) {
  refresh_date();
}

ApiServer::~ApiServer() = default;

void ApiServer::adopt(int fd) {
  if (connections() == 0) refresh_date();  // Nothing has ticked meanwhile.
  if (!accepting_ || connections() >= context_.config->api.connections_max) {
    return turn_away(fd);
  }
  std::unique_ptr<tls::Stream> stream;
  if (tls_ != nullptr) {
    stream = tls::Stream::make(tls_);
    if (stream == nullptr) return turn_away(fd);
  }
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  const std::uint32_t generation = slots_[slot].generation;
  if (!poller_.add(fd, {.kind = poll_kind_, .generation = generation, .slot = slot})) {
    return turn_away(fd);
  }
  free_slots_.pop_back();
  slots_[slot].connection = std::make_unique<Connection>(
      context_, fd, std::move(stream), ReplyTo{.connection = slot, .generation = generation});
  context_.counters.api_connections.add();
  swept_ms_.reset();
}

void ApiServer::on_ready(loop::PollKey key, loop::Readiness readiness) {
  Connection* connection = find(key.slot, key.generation);
  if (connection == nullptr) return;
  connection->on_ready(readiness);
  mark_dirty(key.slot);
  if (connection->awaits_handshake()) mark_ready(key.slot);  // In the order in which they came.
}

// Of a socket that becomes no connection. Under TLS an answer would cost the handshake.
void ApiServer::turn_away(int fd) const {
  if (tls_ == nullptr) answer_no_room(fd, context_.date_field);
  ::close(fd);
}

void ApiServer::run_ready() {
  running_.swap(ready_);
  for (const std::uint32_t slot : running_) {
    Connection* connection = slots_[slot].connection.get();
    if (connection == nullptr || !connection->in_ready_list) continue;
    connection->in_ready_list = false;
    connection->run();
    mark_dirty(slot);
    if (connection->awaits_handshake()) mark_ready(slot);
  }
  running_.clear();
}

void ApiServer::send_output() {
  outputs_.clear();
  operations_.clear();
  streams_.clear();
  outputs_.reserve(dirty_.size());  // The operations point into it.
  for (const std::uint32_t slot : dirty_) {
    Connection& connection = *slots_[slot].connection;
    const std::string_view output = connection.output();
    if (output.empty()) continue;
    outputs_.push_back({const_cast<char*>(output.data()), output.size()});
    operations_.push_back(
        {.tag = slot, .fd = connection.descriptor(), .parts = &outputs_.back(), .parts_count = 1});
    streams_.push_back(connection.stream());
  }
  if (tls_ == nullptr) {
    sends_.send(operations_);
  } else {
    context_.secure_sends.send(operations_, streams_);
  }
  for (const net::SendOperation& operation : operations_) {
    slots_[operation.tag].connection->on_sent(operation.result);
  }
}

void ApiServer::flush() {
  send_output();
  for (const std::uint32_t slot : dirty_) {
    Connection& connection = *slots_[slot].connection;
    connection.in_dirty_list = false;
    connection.finish_turn();
    if (connection.ended()) {
      destroy(slot);
      continue;
    }
    const std::size_t held = connection.held_bytes();
    context_.counters.api_bytes.add(held - slots_[slot].held);  // Unsigned: may go down.
    slots_[slot].held = held;
    if (connection.can_run()) mark_ready(slot);
    stalled_ |= connection.stalled();
  }
  dirty_.clear();
}

void ApiServer::on_tick(std::uint64_t now_ms) {
  now_ms_ = now_ms;
  const bool retry = std::exchange(stalled_, false);
  const bool sweep = !swept_ms_ || now_ms - *swept_ms_ >= kSweepMs;
  if (sweep) {
    swept_ms_ = now_ms;
    refresh_date();
    context_.claims.retry_stores();
  }
  if (!sweep && !retry) return;
  for_each_connection([&](std::uint32_t slot, Connection& connection) {
    if (sweep) connection.on_tick(now_ms);
    if (connection.stalled()) {
      connection.retry_stalled();
      connection.run();
    }
    mark_dirty(slot);
  });
}

std::optional<std::uint64_t> ApiServer::next_deadline() const {
  if (stalled_) return now_ms_ + kRetryMs;
  if (connections() == 0 && context_.claims.size() == 0) return std::nullopt;
  return swept_ms_ ? *swept_ms_ + kSweepMs : now_ms_;
}

void ApiServer::reload(std::shared_ptr<const config::Config> config,
                       std::shared_ptr<const tls::Context> tls) {
  context_.configure(std::move(config));
  tls_ = std::move(tls);
  if (tls_ != nullptr && context_.cipher_buffer == nullptr) {
    context_.cipher_buffer = std::make_unique<std::byte[]>(ReceiveBuffer::kCipherSize);
  }
}

void ApiServer::stop_accepting() {
  accepting_ = false;
  context_.draining = true;
  for_each_connection([&](std::uint32_t slot, Connection& connection) {
    connection.end_streams();
    mark_dirty(slot);
  });
}

std::size_t ApiServer::open_requests() const {
  std::size_t count = 0;
  for (const Slot& slot : slots_) {
    if (slot.connection) count += slot.connection->open_requests();
  }
  return count;
}

std::size_t ApiServer::parser_bytes() const {
  return context_.push_parser.memory_size() + context_.body_parser.memory_size();
}

void ApiServer::rest_parsers() {
  context_.push_parser.rest();
  context_.body_parser.rest();
}

void ApiServer::let_go_of_parsers() {
  context_.push_parser.let_go();
  context_.body_parser.let_go();
}

void ApiServer::close_idle() {
  for_each_connection([&](std::uint32_t slot, Connection& connection) {
    if (connection.open_requests() == 0) connection.close();
    mark_dirty(slot);
  });
}

void ApiServer::on_push_done(ReplyTo reply_to, PushResult&& result) {
  if (Claims::is_own(reply_to)) return context_.claims.on_push_done(reply_to, result);
  Connection* connection = find(reply_to.connection, reply_to.generation);
  if (connection == nullptr) return;
  connection->on_push_done(reply_to.request, result);
  mark_dirty(reply_to.connection);
}

void ApiServer::on_answer(ReplyTo reply_to, Answer&& answer) {
  if (Claims::is_own(reply_to)) return context_.claims.on_answer(reply_to, std::move(answer));
  Connection* connection = find(reply_to.connection, reply_to.generation);
  if (connection == nullptr) return;
  connection->on_answer(reply_to.request, answer);
  mark_dirty(reply_to.connection);
}

bool ApiServer::on_claim_decided(ReplyTo client) {
  Connection* connection = find(client.connection, client.generation);
  if (connection == nullptr) return false;
  connection->on_claim_decided();
  mark_dirty(client.connection);
  return true;
}

void ApiServer::on_claimed_answer(ReplyTo client, ClaimedAnswer answer) {
  Connection* connection = find(client.connection, client.generation);
  if (connection == nullptr) return;
  connection->on_claimed_answer(client.request, answer);
  mark_dirty(client.connection);
}

Connection* ApiServer::find(std::uint32_t slot, std::uint32_t generation) {
  if (slot >= slots_.size() || slots_[slot].generation != generation) return nullptr;
  return slots_[slot].connection.get();
}

void ApiServer::mark_dirty(std::uint32_t slot) {
  Connection& connection = *slots_[slot].connection;
  if (std::exchange(connection.in_dirty_list, true)) return;
  dirty_.push_back(slot);
}

void ApiServer::mark_ready(std::uint32_t slot) {
  Connection& connection = *slots_[slot].connection;
  if (std::exchange(connection.in_ready_list, true)) return;
  ready_.push_back(slot);
}

void ApiServer::destroy(std::uint32_t slot) {
  slots_[slot].connection.reset();
  context_.counters.api_bytes.subtract(std::exchange(slots_[slot].held, 0));
  slots_[slot].generation = (slots_[slot].generation + 1) & kGenerationMask;
  free_slots_.push_back(slot);
  context_.counters.api_connections.subtract();
}

void ApiServer::refresh_date() { context_.date_field = date_field(std::time(nullptr)); }

template <typename Visit>
void ApiServer::for_each_connection(Visit visit) {
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].connection) visit(slot, *slots_[slot].connection);
  }
}

}  // namespace api
