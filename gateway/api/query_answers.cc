#include "gateway/api/query_answers.h"

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/api/json_writer.h"
#include "proto/push/json_text.h"

namespace api {
namespace {

using Counts = std::vector<std::pair<std::string, std::uint32_t>>;

void write_counts(JsonWriter& writer, const Counts& counts) {
  writer.begin_object();
  for (const auto& [name, count] : counts) writer.key(name).number(count);
  writer.end_object();
}

void write_connection(JsonWriter& writer, const ConnectionInfo& connection) {
  writer.begin_object();
  writer.key("id").string(connection.id);
  writer.key("uid");
  connection.uid.empty() ? writer.null() : writer.string(connection.uid);
  writer.key("profile").string(connection.profile);
  writer.key("subprotocol");
  connection.subprotocol.empty() ? writer.null() : writer.string(connection.subprotocol);
  writer.key("peer").string(connection.peer);
  writer.key("age_ms").number(connection.age_ms);
  writer.key("queued_messages").number(connection.queued_messages);
  writer.key("queued_bytes").number(connection.queued_bytes);
  writer.key("missed").number(connection.missed);
  writer.key("channels").begin_array();
  for (const std::string& channel : connection.channels) writer.string(channel);
  writer.end_array();
  writer.end_object();
}

void write_position(JsonWriter& writer, const std::string& epoch, std::uint64_t offset) {
  writer.key("epoch");
  epoch.empty() ? writer.null() : writer.string(epoch);
  writer.key("offset").number(offset);
}

void write_payload(JsonWriter& writer, const HistoryEntry& entry) {
  switch (entry.kind) {
    case push::PayloadKind::kJson:
      writer.key("data").raw(entry.payload);
      return;
    case push::PayloadKind::kText:
      writer.key("text").string(entry.payload);
      return;
    case push::PayloadKind::kBinary: {
      std::string base64;
      push::append_base64_string(base64, entry.payload);
      writer.key("binary").raw(base64);
      return;
    }
  }
}

int refuse(std::string& body, const ApiError& error) {
  append_error(body, error);
  return error.status;
}

// One overload for each answer: appends the body, returns the status.
struct Append {
  std::string& body;
  bool single_connection;

  int operator()(const UserAnswer& answer) const {
    JsonWriter writer(body);
    writer.begin_object();
    writer.key("uid").string(answer.uid);
    writer.key("online").boolean(!answer.connections.empty());
    writer.key("connections").begin_array();
    for (const ConnectionInfo& connection : answer.connections) {
      write_connection(writer, connection);
    }
    writer.end_array().end_object();
    return 200;
  }

  int operator()(const OnlineAnswer& answer) const {
    JsonWriter writer(body);
    writer.begin_object().key("online");
    write_counts(writer, answer.online);
    writer.key("offline").begin_array();
    for (const std::string& uid : answer.offline) writer.string(uid);
    writer.end_array().end_object();
    return 200;
  }

  int operator()(const ConnectionAnswer& answer) const {
    if (!answer.connection) return refuse(body, no_such_connection());
    JsonWriter writer(body);
    write_connection(writer, *answer.connection);
    return 200;
  }

  int operator()(const KickAnswer& answer) const {
    if (single_connection && answer.closed == 0) return refuse(body, no_such_connection());
    JsonWriter writer(body);
    writer.begin_object().key("closed").number(answer.closed).end_object();
    return 200;
  }

  int operator()(const ChannelAnswer& answer) const {
    JsonWriter writer(body);
    writer.begin_object();
    writer.key("channel").string(answer.channel);
    writer.key("subscribers").number(answer.subscribers);
    write_position(writer, answer.epoch, answer.offset);
    writer.key("history").number(answer.history);
    writer.end_object();
    return 200;
  }

  int operator()(const PresenceAnswer& answer) const {
    JsonWriter writer(body);
    writer.begin_object();
    writer.key("channel").string(answer.channel);
    writer.key("users");
    write_counts(writer, answer.users);
    writer.key("anonymous").number(answer.anonymous);
    writer.end_object();
    return 200;
  }

  int operator()(const HistoryAnswer& answer) const {
    JsonWriter writer(body);
    writer.begin_object();
    writer.key("channel").string(answer.channel);
    write_position(writer, answer.epoch, answer.offset);
    writer.key("messages").begin_array();
    for (const HistoryEntry& entry : answer.entries) {
      writer.begin_object();
      writer.key("offset").number(entry.offset);
      writer.key("id").string(entry.id);
      write_payload(writer, entry);
      writer.end_object();
    }
    writer.end_array().end_object();
    return 200;
  }

  int operator()(const SubscribeAnswer& answer) const {
    if (answer.refused) {
      return refuse(body, {.status = 429,
                           .code = "limit_reached",
                           .message = "no more subscriptions or channels are allowed"});
    }
    if (answer.connections == 0) {
      return refuse(body,
                    {.status = 404, .code = "offline", .message = "nobody is connected there"});
    }
    JsonWriter writer(body);
    writer.begin_object();
    writer.key("connections").number(answer.connections);
    writer.key("changed").number(answer.changed);
    writer.end_object();
    return 200;
  }

  // These are Claims' own.
  int operator()(const ClaimAnswer&) const { return 500; }
  int operator()(const StoreAnswer&) const { return 500; }
};

}  // namespace

int append_query_answer(std::string& body, const Answer& answer, bool single_connection) {
  return std::visit(Append{body, single_connection}, answer);
}

ApiError no_such_connection() {
  return {.status = 404,
          .code = "no_such_connection",
          .message = "there is no connection with this id, or no longer"};
}

}  // namespace api
