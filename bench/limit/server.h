// The featureless push server that every figure of Dunlin is held against: it upgrades, remembers
// which socket has which uid, and sends. No validation, no timers, no limits on requests, no
// receipts worth the name. What it costs is what the kernel costs.
//
// Speaks as much of Dunlin's interface as dunlin-bench uses: /ws with {"uid":"123456"} as first
// message (uids are numbers and index an array), /echo, and POST /v1/push with "uid" or "all", one
// push a request or one a line, the lines in one body or in a chunked stream.
//
// Owner: main.   Thread: one.   Bound: kBacklogSizeMax of unsent bytes for each connection.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/limit/sender.h"
#include "bench/limit/tls.h"
#include "bench/limit/wire.h"

namespace limit {

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string api = "127.0.0.1:0";
  std::string ready_file;
  bool io_uring = false;
  bool join = false;              // Broadcasts of one turn leave as one send per connection.
  std::optional<TlsOptions> tls;  // Of the clients' port; goes without io_uring.
};

class Server final : public Sender::Unsent {
 public:
  explicit Server(Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until SIGTERM or SIGINT. False, with a line on stderr, when it cannot start.
  bool run();

 private:
  enum class Kind : std::uint8_t {
    kNone,
    kListener,
    kApiListener,
    kSignal,
    kNew,
    kPush,
    kEcho,
    kApi,
    kStream  // An API connection within a chunked request.
  };

  // Indexed by descriptor: client descriptors are neighbours, so a broadcast walks memory in order.
  struct Connection {
    Kind kind = Kind::kNone;
    bool blocked = false;     // Has a backlog; later bytes must queue behind it.
    bool stashed = false;     // Has an incomplete message in stash_.
    std::uint32_t uid = 0;    // 0: none.
    std::uint32_t batch = 0;  // The flush that its last send belongs to.
  };

  bool start();
  bool make_sender();
  bool listen_on(const std::string& address, Kind kind, std::string& bound);
  bool write_ready_file(const std::string& listen, const std::string& api) const;
  void turn();

  void on_event(const epoll_event& event);
  void accept_all(int listener, Kind kind);
  void read(int fd);
  ssize_t receive(int fd, std::span<char> bytes);
  void read_behind_stash(int fd);
  void consume(int fd, std::span<char>& input);
  void upgrade(int fd, std::span<char>& input);
  void read_messages(int fd, std::span<char>& input);
  void echo(int fd, std::span<char>& input);
  void serve_api(int fd, std::span<char>& input);
  void serve_stream(int fd, std::span<char>& input);
  void push_lines(std::string_view lines, std::string& answers);
  unsigned push(std::string_view json);
  void broadcast(std::string_view text);
  void flush_broadcasts();

  [[nodiscard]] std::span<const char> frame(std::string_view text);
  [[nodiscard]] std::span<const char> keep(std::span<const char> bytes);
  void send(int fd, std::span<const char> bytes);
  void flush();
  void write_backlog(int fd);
  void on_unsent(int fd, std::span<const char> rest) override;
  void on_send_error(int fd, int error) override;
  void close_later(int fd);
  void close_retired();
  void watch(int fd, std::uint32_t events, int operation) const;

  static constexpr std::size_t kReadSize = 256 << 10;
  static constexpr std::size_t kTurnBlockSize = 4 << 20;  // Only what a turn uses is ever touched.
  static constexpr std::size_t kEventsMax = 512;
  static constexpr std::size_t kBacklogSizeMax = 4 << 20;  // A client that never reads is cut here.
  static constexpr std::uint32_t kUidMax = 1 << 22;        // Larger ones are not remembered.

  const Options options_;
  int epoll_ = -1;
  bool stop_ = false;
  std::unique_ptr<Tls> tls_;  // Null: none.
  std::unique_ptr<Sender> sender_;
  std::uint32_t batch_ = 1;

  std::vector<Connection> connections_;  // By descriptor.
  std::vector<int> by_uid_;              // Descriptor of each uid; -1: offline.
  std::unordered_map<int, std::string> stash_;
  std::unordered_map<int, std::string> backlog_;
  std::vector<int> retired_;  // Closed at the end of the turn: a queued send may name them.

  // Bytes that live until flush(). Its first block is ours, so that a turn costs no malloc.
  std::unique_ptr<char[]> turn_block_ = std::make_unique_for_overwrite<char[]>(kTurnBlockSize);
  std::pmr::monotonic_buffer_resource turn_memory_{turn_block_.get(), kTurnBlockSize};
  std::string broadcasts_;  // With `join`: the frames of this turn.
  std::string answers_;     // Of one read of one API connection.
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kReadSize);
  std::array<epoll_event, kEventsMax> events_{};
};

}  // namespace limit
