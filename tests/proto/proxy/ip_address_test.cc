#include "proto/proxy/ip_address.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace proxy {
namespace {

TEST(IpAddressTest, TheMappedFormIsTheIPv4Address) {
  EXPECT_EQ(parse_ip("192.0.2.1"), parse_ip("::ffff:192.0.2.1"));
  EXPECT_TRUE(parse_ip("::ffff:192.0.2.1")->is_v4());
  EXPECT_FALSE(parse_ip("::192.0.2.1")->is_v4());
  EXPECT_NE(parse_ip("192.0.2.1"), parse_ip("::192.0.2.1"));
}

TEST(IpAddressTest, WhatIsNoAddress) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text :
       {""sv, "1.2.3"sv, "1.2.3.4.5"sv, "1.2.3.256"sv, "01.2.3.4"sv, " 1.2.3.4"sv, "1.2.3.4 "sv,
        "1.2.3.4\0"sv, "::1%lo"sv, "[::1]"sv, ":::"sv, "1:2:3:4:5:6:7:8:9"sv, "localhost"sv,
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"sv, "unknown"sv, "0x7f.1"sv}) {
    EXPECT_FALSE(parse_ip(text)) << text;
  }
}

TEST(IpAddressTest, LoopbackAndUnspecified) {
  for (const char* text : {"127.0.0.1", "127.255.255.255", "::ffff:127.0.0.1", "::1"}) {
    EXPECT_TRUE(parse_ip(text)->is_loopback()) << text;
  }
  for (const char* text : {"126.255.255.255", "128.0.0.0", "::127.0.0.1", "::", "::2", "7f00::1"}) {
    EXPECT_FALSE(parse_ip(text)->is_loopback()) << text;
  }
  for (const char* text : {"0.0.0.0", "::ffff:0.0.0.0", "::"}) {
    EXPECT_TRUE(parse_ip(text)->is_unspecified()) << text;
  }
  for (const char* text : {"0.0.0.1", "1.0.0.0", "::1", "1::"}) {
    EXPECT_FALSE(parse_ip(text)->is_unspecified()) << text;
  }
}

struct EndpointRow {
  const char* text;
  const char* ip;  // Null: no endpoint.
  std::uint16_t port;
};

constexpr EndpointRow kEndpoints[] = {
    {"192.0.2.1", "192.0.2.1", 0},
    {"192.0.2.1:80", "192.0.2.1", 80},
    {"192.0.2.1:0", "192.0.2.1", 0},
    {"192.0.2.1:65535", "192.0.2.1", 65535},
    {"192.0.2.1:65536", nullptr, 0},
    {"192.0.2.1:", nullptr, 0},
    {"192.0.2.1:+1", nullptr, 0},
    {"192.0.2.1:080", nullptr, 0},
    {"192.0.2.1:80x", nullptr, 0},
    {"2001:db8::1", "2001:db8::1", 0},
    {"[2001:db8::1]", "2001:db8::1", 0},
    {"[2001:db8::1]:443", "2001:db8::1", 443},
    {"[2001:db8::1]443", nullptr, 0},
    {"[2001:db8::1", nullptr, 0},
    {"[192.0.2.1]:80", nullptr, 0},
    {"[]", nullptr, 0},
    {"", nullptr, 0},
    {"unknown", nullptr, 0},
    {"_hidden", nullptr, 0},
    {"example.com:80", nullptr, 0},
};

TEST(IpAddressTest, Endpoints) {
  for (const EndpointRow& row : kEndpoints) {
    const auto endpoint = parse_endpoint(row.text);
    ASSERT_EQ(endpoint.has_value(), row.ip != nullptr) << row.text;
    if (row.ip == nullptr) continue;
    EXPECT_EQ(endpoint->ip, *parse_ip(row.ip)) << row.text;
    EXPECT_EQ(endpoint->port, row.port) << row.text;
  }
}

struct NetworkRow {
  const char* network;
  const char* ip;
  bool inside;
};

constexpr NetworkRow kNetworks[] = {
    {"10.0.0.0/8", "10.255.255.255", true},
    {"10.0.0.0/8", "11.0.0.0", false},
    {"10.0.0.0/8", "::ffff:10.1.2.3", true},
    {"0.0.0.0/0", "255.255.255.255", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"::/0", "192.0.2.1", true},
    {"192.0.2.7", "192.0.2.7", true},
    {"192.0.2.7", "192.0.2.6", false},
    {"192.0.2.7/32", "192.0.2.7", true},
    {"192.0.2.6/31", "192.0.2.7", true},
    {"2001:db8::/32", "2001:db8:1::1", true},
    {"2001:db8::/32", "2001:db9::", false},
    {"2001:db8::/33", "2001:db8:8000::", false},
    {"::1", "::1", true},
    {"::1", "127.0.0.1", false},
    {"::ffff:10.0.0.0/104", "10.1.1.1", true},
};

TEST(NetworkTest, Contains) {
  for (const NetworkRow& row : kNetworks) {
    const auto network = parse_network(row.network);
    ASSERT_TRUE(network) << row.network;
    EXPECT_EQ(network->contains(*parse_ip(row.ip)), row.inside) << row.network << ' ' << row.ip;
  }
}

TEST(NetworkTest, WhatIsNoNetwork) {
  for (const char* text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08",
                           "10.0.0.1/8", "10.0.0.0/8/8", "::1/129", "::1/0", "localhost", "10/8",
                           "2001:db8::1/64", "10.0.0.0/256"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
}

// Every prefix length against a bit-by-bit comparison.
TEST(NetworkTest, PrefixKeepsExactlyItsBits) {
  std::array<std::uint8_t, 16> ones{};
  ones.fill(0xFF);
  const IpAddress all = IpAddress::v6(ones);
  for (int bits = 0; bits <= 128; ++bits) {
    const IpAddress masked = all.prefix(static_cast<std::uint8_t>(bits));
    for (int bit = 0; bit < 128; ++bit) {
      const bool set = (masked.bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0;
      ASSERT_EQ(set, bit < bits) << bits << ' ' << bit;
    }
  }
}

}  // namespace
}  // namespace proxy
