#include "bench/load/client/ws_wire.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "bench/load/client/deflate_offer.h"

namespace load {
namespace {

std::uint64_t load_big_endian(std::span<const char> bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

void append_big_endian(std::string& out, std::uint64_t value, unsigned size) {
  for (unsigned i = size; i > 0; --i) out += static_cast<char>(value >> (8 * (i - 1)) & 0xFF);
}

void append_masked(std::string& out, std::string_view payload, const std::array<char, 4>& key) {
  const std::size_t begin = out.size();
  out.append(payload);
  char* bytes = out.data() + begin;
  std::uint32_t narrow = 0;
  std::memcpy(&narrow, key.data(), sizeof narrow);
  const std::uint64_t wide = std::uint64_t{narrow} << 32 | narrow;
  std::size_t i = 0;
  for (; i + 8 <= payload.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i, 8);
    word ^= wide;
    std::memcpy(bytes + i, &word, 8);
  }
  for (; i < payload.size(); ++i) bytes[i] = static_cast<char>(bytes[i] ^ key[i % 4]);
}

std::string base64(std::span<const unsigned char> bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock ends it with a zero.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                  static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// The value of a header field, without the space around it; empty when absent.
std::string_view field_value(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at)) {
    at += 2;
    const auto line = head.substr(at, head.find("\r\n", at) - at);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !equal_ignoring_case(line.substr(0, colon), name))
      continue;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    return value;
  }
  return {};
}

}  // namespace

FrameStep next_server_frame(std::span<const char>& input, bool deflate) {
  if (input.size() < 2) return {};
  const auto first = static_cast<unsigned char>(input[0]);
  const auto second = static_cast<unsigned char>(input[1]);
  const bool compressed = (first & 0x40) != 0;
  const bool begins_message = (first & 0x0F) == 0x1 || (first & 0x0F) == 0x2;
  if ((first & 0x30) != 0 || (compressed && !(deflate && begins_message)))
    return {.frame = {}, .fault = FrameFault::kReservedBits};
  if ((second & 0x80) != 0) return {.frame = {}, .fault = FrameFault::kMasked};  // 5.1

  const std::size_t extended = second == 126 ? 2 : second == 127 ? 8 : 0;
  if (input.size() < 2 + extended) return {};
  const std::uint64_t size = extended == 0 ? second : load_big_endian(input.subspan(2, extended));
  if (input.size() - 2 - extended < size) return {};

  const ServerFrame frame{.opcode = static_cast<Opcode>(first & 0x0F),
                          .fin = (first & 0x80) != 0,
                          .compressed = compressed,
                          .payload = input.subspan(2 + extended, size)};
  input = input.subspan(2 + extended + size);
  return {.frame = frame, .fault = FrameFault::kNone};
}

void append_client_frame(std::string& out, Opcode opcode, std::string_view payload,
                         std::uint32_t masking_key) {
  out += static_cast<char>(0x80 | static_cast<int>(opcode));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() <= 0xFFFF) {
    out += static_cast<char>(0x80 | 126);
    append_big_endian(out, payload.size(), 2);
  } else {
    out += static_cast<char>(0x80 | 127);
    append_big_endian(out, payload.size(), 8);
  }
  std::array<char, 4> key{};
  std::memcpy(key.data(), &masking_key, key.size());
  out.append(key.data(), key.size());
  append_masked(out, payload, key);
}

std::string handshake_key(std::span<const unsigned char, 16> nonce) { return base64(nonce); }

std::string accept_for(std::string_view key) {
  std::string seed(key);
  seed += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(seed.data(), seed.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return base64(std::span(digest).first(size));
}

HandshakeAnswer read_handshake_answer(std::span<const char>& input,
                                      std::string_view expected_accept, bool deflate) {
  const std::string_view text(input.data(), input.size());
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return HandshakeAnswer::kIncomplete;
  const auto head = text.substr(0, end + 2);
  if (!head.starts_with("HTTP/1.1 101") ||
      field_value(head, "Sec-WebSocket-Accept") != expected_accept) {
    return HandshakeAnswer::kRefused;
  }
  const auto extensions = field_value(head, "Sec-WebSocket-Extensions");
  if (deflate ? !agrees_to_deflate(extensions) : !extensions.empty())
    return HandshakeAnswer::kWrongExtension;
  input = input.subspan(end + 4);
  return HandshakeAnswer::kAccepted;
}

Refusal read_refusal(std::span<const char> input) {
  const std::string_view text(input.data(), input.size());
  const auto end = text.find("\r\n\r\n");
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  if (end == std::string_view::npos || !text.starts_with(kVersion)) return {};
  Refusal refusal{.status = 0, .retry_after_s = {}};
  const auto code = text.substr(kVersion.size(), 3);
  std::from_chars(code.data(), code.data() + code.size(), refusal.status);

  const auto value = field_value(text.substr(0, end + 2), "Retry-After");
  std::uint32_t seconds = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
  const bool whole = !value.empty() && parsed.ptr == value.data() + value.size();
  if (whole && parsed.ec == std::errc{}) refusal.retry_after_s = seconds;
  return refusal;
}

}  // namespace load
