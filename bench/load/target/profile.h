// How to talk to one kind of server: where clients connect, how they log in, how a backend
// publishes. A few are built in; a TOML file of the same form describes any other.
//
//   name = "dunlin"
//   [client]
//   path = "/ws"                         # of clients that get pushes
//   login = '{"uid":"{uid}"}'            # first text message; none when absent
//   channel_path = "/chat"               # subscribes those who connect to it
//   echo_path = "/echo"
//   [push]                               # also [broadcast], [channel] and [batch]
//   method = "POST"
//   path = "/v1/push"
//   content_type = "application/json"
//   body = '{"uid":"{uid}","text":"{text}"}'
//
// Owner: Options.   Thread: any (immutable).   Bound: none.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/target/template.h"

namespace load {

// One kind of request on the push interface.
struct PublishForm {
  std::string method = "POST";
  Template path;
  std::string content_type;
  Template body;  // Of a batch: one line, without its newline.

  [[nodiscard]] bool is_supported() const { return !path.empty(); }
};

struct Profile {
  std::string name;
  Template client_path;     // Clients of hold, fanout, push, mixed.
  Template broadcast_path;  // Clients of fanout, where that is another place than client_path.
  Template channel_path;    // Clients of fanout to a channel: whoever connects here is subscribed.
  std::string echo_path;    // Empty: the server does not echo.
  Template login;           // Empty: none.
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
