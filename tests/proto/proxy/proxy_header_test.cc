#include "proto/proxy/proxy_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "tests/proto/support/hex.h"
#include "tests/proto/support/splits.h"

namespace proxy {
namespace {

using testing_support::Block;
using testing_support::Chunks;
using testing_support::for_each_split;
using testing_support::from_hex;

const std::string kSignature = from_hex("0D0A0D0A000D0A515549540A");

struct Outcome {
  std::string text;          // "ip:…", "local", "secure ip:…", an error's name, or "unfinished".
  std::size_t consumed = 0;  // Bytes of the input that are not left to whoever comes next.

  bool operator==(const Outcome&) const = default;
};

std::string hex_of(const IpAddress& ip) {
  std::string text;
  for (const std::uint8_t byte : ip.bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string describe(const Header& header) {
  std::string text = header.secure ? "secure " : "";
  if (!header.source) return text + "local";
  return text + hex_of(header.source->ip) + ':' + std::to_string(header.source->port);
}

// What the stream comes to, and how much of it was taken.
Outcome parse(const Chunks& chunks) {
  HeaderParser parser;
  Outcome outcome{.text = "unfinished"};
  for (const std::string_view chunk : chunks) {
    Block block(chunk);
    dunlin::ConstBytes input = block.bytes();
    const auto step = parser.next(input);
    outcome.consumed += chunk.size() - input.size();
    if (const auto* header = std::get_if<Header>(&step)) {
      outcome.text = describe(*header);
      return outcome;
    }
    if (const auto* error = std::get_if<ProxyError>(&step)) {
      outcome.text = name_of(*error);
      outcome.consumed = 0;  // Nobody reads on.
      return outcome;
    }
    EXPECT_TRUE(input.empty());
    EXPECT_GT(parser.needed(), 0U);
  }
  return outcome;
}

struct Row {
  const char* rule;
  const char* wire;  // After the signature, in hexadecimal.
  const char* expected;
};

const std::string kV4 = "00000000000000000000ffffc0000201:40000";

constexpr Row kRows[] = {
    {"TCP over IPv4", "21 11 000C C0000201 C6336401 9C40 01BB",
     "00000000000000000000ffffc0000201:40000"},
    {"TCP over IPv6",
     "21 21 0024 20010DB8000000000000000000000001 20010DB8000000000000000000000002 9C40 01BB",
     "20010db8000000000000000000000001:40000"},
    {"LOCAL without anything", "20 00 0000", "local"},
    {"LOCAL: family and block are ignored", "20 FF 0003 FFFFFF", "local"},
    {"unspecified family", "21 00 0000", "local"},
    {"unspecified family with TLVs", "21 00 0004 04 0001 00", "local"},
    {"version 1", "11 11 000C C0000201 C6336401 9C40 01BB", "bad_version"},
    {"version 3", "31 11 000C C0000201 C6336401 9C40 01BB", "bad_version"},
    {"command 2", "22 11 000C C0000201 C6336401 9C40 01BB", "bad_command"},
    {"command 15", "2F 11 000C C0000201 C6336401 9C40 01BB", "bad_command"},
    {"datagrams over IPv4", "21 12 000C C0000201 C6336401 9C40 01BB", "bad_family"},
    {"datagrams over IPv6", "21 22 0024", "bad_family"},
    {"IPv4, no transport", "21 10 000C C0000201 C6336401 9C40 01BB", "bad_family"},
    {"unknown family", "21 41 000C C0000201 C6336401 9C40 01BB", "bad_family"},
    {"IPv4 addresses cut", "21 11 000B C0000201 C6336401 9C40 01", "short_addresses"},
    {"IPv6 addresses cut", "21 21 0023", "short_addresses"},
    {"UNIX addresses cut", "21 31 00D7", "short_addresses"},
    {"longest length", "21 11 FFFF", "too_long"},
    {"one over the bound", "21 11 07F1", "too_long"},
    {"LOCAL is bounded, too", "20 00 FFFF", "too_long"},
    {"NOOP", "21 11 0011 C0000201 C6336401 9C40 01BB 04 0002 0000",
     "00000000000000000000ffffc0000201:40000"},
    {"unknown TLV, empty", "21 11 000F C0000201 C6336401 9C40 01BB E0 0000",
     "00000000000000000000ffffc0000201:40000"},
    {"TLV head cut", "21 11 000E C0000201 C6336401 9C40 01BB 04 00", "bad_tlv"},
    {"TLV goes beyond", "21 11 0010 C0000201 C6336401 9C40 01BB 04 0002 00", "bad_tlv"},
    {"checksum of the wrong size", "21 11 0012 C0000201 C6336401 9C40 01BB 03 0003 000000",
     "bad_tlv"},
    {"checksum that does not fit", "21 11 0013 C0000201 C6336401 9C40 01BB 03 0004 00000000",
     "bad_checksum"},
    {"TLS at the load balancer", "21 11 0014 C0000201 C6336401 9C40 01BB 20 0005 01 00000000",
     "secure 00000000000000000000ffffc0000201:40000"},
    {"no TLS at the load balancer", "21 11 0014 C0000201 C6336401 9C40 01BB 20 0005 00 00000000",
     "00000000000000000000ffffc0000201:40000"},
    {"SSL TLV too short", "21 11 0013 C0000201 C6336401 9C40 01BB 20 0004 01000000", "bad_tlv"},
};

// However the stream is cut, the result is the same, and not a byte behind the header is taken.
TEST(ProxyHeaderTest, EveryRowAtEverySplit) {
  for (const Row& row : kRows) {
    const std::string header = kSignature + from_hex(row.wire);
    const std::string behind = from_hex("160301") + "GET /";
    const bool passes = !std::string_view(row.expected).contains('_');
    for_each_split(header + behind, [&](const Chunks& chunks) {
      EXPECT_EQ(parse(chunks),
                (Outcome{.text = row.expected, .consumed = passes ? header.size() : 0}))
          << row.rule << ", " << testing_support::describe(chunks);
    });
  }
}

TEST(ProxyHeaderTest, UnixSocketsHaveNoAddressOfUse) {
  const std::string header = kSignature + from_hex("21 31 00D8") + std::string(216, 'x');
  EXPECT_EQ(parse({header}), (Outcome{.text = "local", .consumed = header.size()}));
}

TEST(ProxyHeaderTest, TheLongestHeader) {
  const std::size_t tlv = kHeaderSizeMax - 16 - 12 - 3;
  std::string header = kSignature + from_hex("21 11 07F0 C0000201 C6336401 9C40 01BB E0");
  header += static_cast<char>(tlv >> 8);
  header += static_cast<char>(tlv & 0xFF);
  header.append(tlv, 'x');
  ASSERT_EQ(header.size(), kHeaderSizeMax);
  EXPECT_EQ(parse({header}), (Outcome{.text = kV4, .consumed = header.size()}));
}

// Every prefix of a right header is unfinished; needed() never asks for a byte behind it.
TEST(ProxyHeaderTest, NeededNeverReachesBehindTheHeader) {
  const std::string header = kSignature + from_hex("21 11 000C C0000201 C6336401 9C40 01BB");
  HeaderParser parser;
  std::size_t at = 0;
  while (at < header.size()) {
    ASSERT_LE(at + parser.needed(), header.size());
    const std::size_t size = std::min<std::size_t>(parser.needed(), 5);
    dunlin::ConstBytes input = dunlin::as_bytes(std::string_view(header).substr(at, size));
    const auto step = parser.next(input);
    at += size;
    EXPECT_EQ(std::holds_alternative<Header>(step), at == header.size());
  }
}

TEST(ProxyHeaderTest, WhateverElseIsRefusedAtItsFirstWrongByte) {
  EXPECT_EQ(parse({"G"}).text, "no_proxy_header");
  EXPECT_EQ(parse({std::string_view("\x16\x03\x01", 3)}).text, "no_proxy_header");
  EXPECT_EQ(parse({"\r\n\r\nG"}).text, "no_proxy_header");
  EXPECT_EQ(parse({"\r\n\r\n"}).text, "unfinished");
  EXPECT_EQ(parse({"P"}).text, "unfinished");
  EXPECT_EQ(parse({"PROXY"}).text, "unfinished");
  EXPECT_EQ(parse({"PUT / HTTP/1.1"}).text, "no_proxy_header");
  EXPECT_EQ(parse({"PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n"}).text, "version_1");
  EXPECT_EQ(parse({"PROXY "}).text, "version_1");
}

// CRC32c, bit by bit (RFC 3720 appendix B.4), to hold the parser's against.
std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

std::string with_checksum(std::string header, std::size_t at) {
  const std::uint32_t crc = crc32c(header);
  for (std::size_t i = 0; i < 4; ++i) header[at + i] = static_cast<char>(crc >> (24 - 8 * i));
  return header;
}

TEST(ProxyHeaderTest, ChecksumIsVerified) {
  ASSERT_EQ(crc32c("123456789"), 0xE3069283U);  // The usual check value.
  const std::string header = with_checksum(
      kSignature + from_hex("21 11 0017 C0000201 C6336401 9C40 01BB 03 0004 00000000 04 0001 00"),
      31);
  EXPECT_EQ(parse({header}), (Outcome{.text = kV4, .consumed = header.size()}));
  // Any bit that differs is noticed, or makes the header invalid in another way.
  for (std::size_t bit = 0; bit < header.size() * 8; ++bit) {
    std::string damaged = header;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const std::string got = parse({damaged}).text;
    // LOCAL and a type that is no longer the checksum's are not covered by it.
    const bool uncovered = bit / 8 == 12 || bit / 8 == 28;
    if (!uncovered) {
      EXPECT_NE(got, kV4) << bit;
    }
  }
}

TEST(ProxyHeaderTest, OneChecksumOnly) {
  std::string header = kSignature +
                       from_hex("21 11 001A C0000201 C6336401 9C40 01BB 03 0004 00000000 03 0004") +
                       from_hex("00000000");
  EXPECT_EQ(parse({with_checksum(header, 31)}).text, "bad_tlv");
}

// Any header that is made is read back, whatever TLVs it carries and however it is cut.
TEST(ProxyHeaderTest, RandomHeadersAtRandomCuts) {
  std::minstd_rand random(20);
  for (int round = 0; round < 2'000; ++round) {
    const bool v4 = random() % 2 == 0;
    std::string body;
    for (int i = 0; i < (v4 ? 12 : 36); ++i) body += static_cast<char>(random());
    for (std::uint32_t tlvs = random() % 4; tlvs > 0; --tlvs) {
      body += static_cast<char>(0xE0 + random() % 16);
      const std::size_t size = random() % 300;
      body += static_cast<char>(size >> 8);
      body += static_cast<char>(size & 0xFF);
      body.append(size, static_cast<char>(random()));
    }
    std::string header = kSignature + '\x21' + (v4 ? '\x11' : '\x21');
    header += static_cast<char>(body.size() >> 8);
    header += static_cast<char>(body.size() & 0xFF);
    header += body;
    const std::string stream = header + "rest";
    Chunks chunks;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 64, stream.size() - at);
      chunks.push_back(std::string_view(stream).substr(at, size));
      at += size;
    }
    const Outcome outcome = parse(chunks);
    EXPECT_EQ(outcome, parse({stream}));
    EXPECT_EQ(outcome.consumed, header.size());
    std::array<std::uint8_t, 16> octets{};
    std::copy_n(body.begin(), v4 ? 4 : 16, octets.begin());
    const IpAddress ip = v4 ? IpAddress::v4(std::span(octets).first<4>()) : IpAddress::v6(octets);
    EXPECT_TRUE(outcome.text.starts_with(hex_of(ip) + ':'));
  }
}

}  // namespace
}  // namespace proxy
