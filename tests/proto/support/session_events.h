// What a session reports, as lines of text that a table can hold.
#pragma once

#include <string>
#include <vector>

#include "proto/ws/session.h"
#include "tests/proto/support/splits.h"

namespace testing_support {

using Lines = std::vector<std::string>;

inline std::string line_of(const ws::Event& event) {
  const auto text = [](dunlin::ConstBytes bytes) {
    return std::string(dunlin::as_string_view(bytes));
  };
  if (const auto* message = std::get_if<ws::Message>(&event)) {
    const bool is_text = message->opcode == ws::Opcode::kText;
    return (is_text ? "text " : "binary ") + text(message->payload);
  }
  if (const auto* ping = std::get_if<ws::Ping>(&event)) return "ping " + text(ping->payload);
  if (const auto* pong = std::get_if<ws::Pong>(&event)) return "pong " + text(pong->payload);
  if (const auto* close = std::get_if<ws::Close>(&event)) {
    return "close " + std::to_string(static_cast<int>(close->code)) + " " +
           std::string(close->reason);
  }
  if (const auto* violation = std::get_if<ws::Violation>(&event)) {
    return "violation " + std::string(ws::name_of(*violation));
  }
  return "need input";
}

inline void feed(ws::Session& session, std::string_view chunk, Lines& lines) {
  static ws::Inflater inflater;  // One for all sessions, as a shard has it.
  Block block(chunk);
  dunlin::Bytes input = block.bytes();
  for (;;) {
    const ws::Event event = session.next(input, &inflater);
    if (std::holds_alternative<ws::NeedInput>(event)) break;
    lines.push_back(line_of(event));
  }
}

inline Lines events_of(ws::Session session, const Chunks& chunks) {
  Lines lines;
  for (const std::string_view chunk : chunks) feed(session, chunk, lines);
  return lines;
}

}  // namespace testing_support
