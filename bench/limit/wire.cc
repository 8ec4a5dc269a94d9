#include "bench/limit/wire.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <cstring>

namespace limit {
namespace {

std::uint64_t load_big_endian(const char* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void unmask(std::span<char> payload, const char* masking_key) {
  std::uint32_t key = 0;
  std::memcpy(&key, masking_key, sizeof key);
  const std::uint64_t wide = std::uint64_t{key} << 32 | key;
  std::size_t i = 0;
  for (; i + 8 <= payload.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, payload.data() + i, 8);
    word ^= wide;
    std::memcpy(payload.data() + i, &word, 8);
  }
  for (; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ masking_key[i % 4]);
}

// What stands between `before` and the next quotation mark.
std::optional<std::string_view> quoted(std::string_view json, std::string_view before) {
  const auto at = json.find(before);
  if (at == std::string_view::npos) return std::nullopt;
  json.remove_prefix(at + before.size());
  const auto end = json.find('"');
  if (end == std::string_view::npos) return std::nullopt;
  return json.substr(0, end);
}

}  // namespace

std::optional<ClientFrame> next_frame(std::span<char>& input) {
  if (input.size() < 6) return std::nullopt;
  const auto length_code = static_cast<std::size_t>(input[1] & 0x7F);
  const std::size_t extended = length_code == 126 ? 2 : length_code == 127 ? 8 : 0;
  const std::size_t header = 2 + extended + 4;
  if (input.size() < header) return std::nullopt;
  const std::size_t size = extended == 0 ? length_code : load_big_endian(&input[2], extended);
  if (input.size() - header < size) return std::nullopt;

  const ClientFrame frame{.opcode = static_cast<Opcode>(input[0] & 0x0F),
                          .payload = input.subspan(header, size)};
  unmask(frame.payload, &input[header - 4]);
  input = input.subspan(header + size);
  return frame;
}

std::size_t write_frame_header(char* out, Opcode opcode, std::size_t payload_size) {
  out[0] = static_cast<char>(0x80 | static_cast<int>(opcode));
  if (payload_size < 126) {
    out[1] = static_cast<char>(payload_size);
    return 2;
  }
  const std::size_t extended = payload_size <= 0xFFFF ? 2 : 8;
  out[1] = extended == 2 ? 126 : 127;
  for (std::size_t i = 0; i < extended; ++i) {
    out[2 + i] = static_cast<char>(payload_size >> (8 * (extended - 1 - i)) & 0xFF);
  }
  return 2 + extended;
}

std::string_view field_value(std::string_view head, std::string_view field) {
  const auto at = head.find(field);
  if (at == std::string_view::npos) return {};
  head.remove_prefix(at + field.size());
  return head.substr(0, head.find('\r'));
}

std::optional<Request> next_request(std::span<char>& input) {
  const std::string_view text(input.data(), input.size());
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  Request request{.head = text.substr(0, end + 4), .body = {}};

  std::size_t body_size = 0;
  const auto length = field_value(request.head, "\r\nContent-Length: ");
  std::from_chars(length.data(), length.data() + length.size(), body_size);
  if (text.size() - request.head.size() < body_size) return std::nullopt;
  request.body = text.substr(request.head.size(), body_size);
  input = input.subspan(request.head.size() + body_size);
  return request;
}

std::optional<std::string_view> next_chunk(std::span<char>& input) {
  constexpr std::string_view kEnd = "\r\n";
  const std::string_view text(input.data(), input.size());
  const auto line = text.find(kEnd);
  if (line == std::string_view::npos) return std::nullopt;
  std::size_t size = 0;
  std::from_chars(text.data(), text.data() + line, size, 16);
  const std::size_t begin = line + kEnd.size();
  if (text.size() < begin + size + kEnd.size()) return std::nullopt;
  input = input.subspan(begin + size + kEnd.size());
  return text.substr(begin, size);
}

std::string upgrade_answer(std::string_view head) {
  const auto key = field_value(head, "\r\nSec-WebSocket-Key: ");
  if (key.empty()) return {};
  std::string seed(key);
  seed += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int digest_size = 0;
  EVP_Digest(seed.data(), seed.size(), digest.data(), &digest_size, EVP_sha1(), nullptr);
  std::array<unsigned char, 32> accept{};
  EVP_EncodeBlock(accept.data(), digest.data(), static_cast<int>(digest_size));

  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  for (const unsigned char c : accept) {
    if (c != 0) answer += static_cast<char>(c);
  }
  return answer += "\r\n\r\n";
}

std::optional<std::uint32_t> parse_uid(std::string_view json) {
  const auto digits = quoted(json, "\"uid\":\"");
  if (!digits) return std::nullopt;
  std::uint32_t uid = 0;
  const auto parsed = std::from_chars(digits->data(), digits->data() + digits->size(), uid);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return uid;
}

std::optional<Push> parse_push(std::string_view json) {
  const auto text = quoted(json, "\"text\":\"");
  if (!text) return std::nullopt;
  if (const auto uid = parse_uid(json)) return Push{.everyone = false, .uid = *uid, .text = *text};
  return Push{.everyone = true, .uid = 0, .text = *text};
}

}  // namespace limit
