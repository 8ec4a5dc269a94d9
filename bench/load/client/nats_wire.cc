#include "bench/load/client/nats_wire.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <optional>

namespace load {
namespace {

constexpr std::string_view kEndOfLine = "\r\n";

using Kind = NatsStep::Kind;

// The last word of "MSG <subject> <sid> [reply-to] <size>".
std::optional<std::size_t> payload_size_of(std::string_view line) {
  const auto word = line.substr(line.rfind(' ') + 1);
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), size);
  if (error != std::errc{} || end != word.data() + word.size() || size > kNatsPayloadMax)
    return std::nullopt;
  return size;
}

NatsStep take_publication(std::string_view& input, std::string_view line) {
  const auto size = payload_size_of(line);
  if (!size) return {.kind = Kind::kFault};
  const auto rest = input.substr(line.size() + kEndOfLine.size());
  if (rest.size() < *size + kEndOfLine.size()) return {};
  if (rest.substr(*size, kEndOfLine.size()) != kEndOfLine) return {.kind = Kind::kFault};
  input = rest.substr(*size + kEndOfLine.size());
  return {.kind = Kind::kPublication, .text = rest.substr(0, *size)};
}

}  // namespace

NatsStep next_nats_step(std::string_view& input) {
  const auto end = input.find(kEndOfLine);
  if (end == std::string_view::npos)
    return {.kind = input.size() > kNatsLineSizeMax ? Kind::kFault : Kind::kNeedInput};
  const auto line = input.substr(0, end);
  if (line.starts_with("MSG ")) return take_publication(input, line);

  input.remove_prefix(end + kEndOfLine.size());
  if (line == "PING") return {.kind = Kind::kPing};
  if (line == "PONG") return {.kind = Kind::kPong};
  if (line == "+OK" || line.starts_with("INFO ")) return {.kind = Kind::kRemark};
  if (line.starts_with("-ERR")) return {.kind = Kind::kError, .text = line};
  return {.kind = Kind::kFault};
}

void append_nats_publication(std::string& out, const NatsPublication& publication) {
  fmt::format_to(std::back_inserter(out), "PUB {} {}\r\n", publication.subject,
                 publication.payload.size());
  out += publication.payload;
  out += kEndOfLine;
}

}  // namespace load
