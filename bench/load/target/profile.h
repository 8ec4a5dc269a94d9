// How to talk to one kind of server: where clients connect, how they log in, how a backend
// publishes. A few are built in; a TOML file of the same form describes any other.
//
//   name = "dunlin"
//   base = ""                            # another profile; what is not said here is as it is there
//   protocol = "http"                    # or "nats"
//   api_tls = false                      # pushes go over https
//   [client]
//   tls = false                          # clients connect by wss
//   permessage_deflate = false           # is offered, and the server must agree
//   path = "/ws"                         # of clients that get pushes
//   broadcast_path = "/ws"               # … that get broadcasts; path when absent
//   mixed_path = "/ws"                   # … that get both; path when absent
//   login = '{"uid":"{uid}"}'            # first text message; none when absent
//   channel_path = "/chat"               # subscribes those who connect to it
//   channel_login = ""                   # … or say this
//   echo_path = "/echo"
//   subprotocol = ""                     # offered in the handshake; none when absent
//   [push]                               # also [broadcast], [channel] and [batch]
//   method = "POST"
//   path = "/v1/push"
//   content_type = "application/json"
//   body = '{"uid":"{uid}","text":"{text}"}'
//
// With protocol = "http" pushes are HTTP requests, and each WebSocket message is a publication.
// With "nats" `path` of a push is its subject, pushes go over NATS's own protocol, and the clients
// speak it inside of WebSocket; login says CONNECT and SUB. The built-in ones stand in profiles/.
//
// Owner: Options.   Thread: any (immutable).   Bound: none.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/target/template.h"

namespace load {

enum class Protocol : std::uint8_t { kHttp, kNats };

// One kind of request on the push interface.
struct PublishForm {
  std::string method = "POST";
  Template path;
  std::string content_type;
  Template body;          // Of a batch: one line, without its newline.
  bool is_batch = false;  // A line for each of many publications.

  [[nodiscard]] bool is_supported() const { return !path.empty(); }
};

struct Profile {
  std::string name;
  Protocol protocol = Protocol::kHttp;
  bool tls = false;      // Of clients.
  bool api_tls = false;  // Of publishers.
  bool deflate = false;
  Template client_path;     // Clients of most scenarios.
  Template broadcast_path;  // Clients of fanout.
  Template mixed_path;      // Clients of mixed.
  Template channel_path;    // Clients of fanout to a channel.
  std::string echo_path;    // Empty: the server does not echo.
  Template login;           // Empty: none.
  Template channel_login;   // Empty: none; to a channel's clients a login may be a message.
  std::string subprotocol;  // Empty: none is offered.

  PublishForm push;       // To one uid.
  PublishForm broadcast;  // To everybody.
  PublishForm channel;    // To one channel.
  PublishForm batch;      // Many pushes in one body, a line each, answered by a line each.
};

// A built-in profile by name, or a TOML file by path. The error says what is wrong and where.
std::expected<Profile, std::string> load_profile(const std::string& name_or_path);

std::vector<std::string_view> built_in_profiles();

}  // namespace load
