#include "gateway/config/host_port.h"

#include <gtest/gtest.h>

namespace config {
namespace {

struct Good {
  std::string_view text;
  HostPort address;
  bool loopback;
  bool wildcard;
  bool numeric;
};

const Good kGood[] = {
    {"127.0.0.1:8080", {"127.0.0.1", 8080}, true, false, true},
    {"127.255.255.254:0", {"127.255.255.254", 0}, true, false, true},
    {"128.0.0.1:65535", {"128.0.0.1", 65'535}, false, false, true},
    {"126.255.255.255:1", {"126.255.255.255", 1}, false, false, true},
    {"0.0.0.0:80", {"0.0.0.0", 80}, false, true, true},
    {"localhost:80", {"127.0.0.1", 80}, true, false, true},
    {"[::1]:8080", {"::1", 8080}, true, false, true},
    {"[::]:8080", {"::", 8080}, false, true, true},
    {"[::2]:8080", {"::2", 8080}, false, false, true},
    {"[2001:db8::7]:443", {"2001:db8::7", 443}, false, false, true},
    {"[::ffff:127.0.0.1]:80", {"::ffff:127.0.0.1", 80}, true, false, true},
    {"[::ffff:10.0.0.1]:80", {"::ffff:10.0.0.1", 80}, false, false, true},
    {"redis.internal:6379", {"redis.internal", 6379}, false, false, false},
    {"127.example.org:80", {"127.example.org", 80}, false, false, false},
};

TEST(HostPort, ReadsAddresses) {
  for (const Good& row : kGood) {
    const auto address = parse_host_port(row.text);
    ASSERT_TRUE(address) << row.text << ": " << address.error();
    EXPECT_EQ(*address, row.address) << row.text;
    EXPECT_EQ(is_loopback(*address), row.loopback) << row.text;
    EXPECT_EQ(is_wildcard(*address), row.wildcard) << row.text;
    EXPECT_EQ(is_numeric(*address), row.numeric) << row.text;
    EXPECT_EQ(parse_host_port(to_string(*address)), *address) << row.text;
  }
}

constexpr std::string_view kBad[] = {
    "",
    ":",
    "8080",
    ":8080",
    "127.0.0.1",
    "127.0.0.1:",
    "1.2.3:80",
    "256.0.0.1:1",
    "1.2.3.4.5:80",
    "1.2.3.4:-1",
    "1.2.3.4:+1",
    "1.2.3.4:65536",
    "1.2.3.4:1x",
    "1.2.3.4: 1",
    " 1.2.3.4:1",
    "a b:1",
    "::1:8080",
    "[::1]",
    "[::1]8080",
    "[::1]:",
    "[]:80",
    "[1.2.3.4]:1",
    "[::1:8080",
    "::1]:8080",
    "[",
    "[:",
    "[]",
    "]:1",
    "[::g]:1",
    "ho/st:1",
    "host:99999999999999999999",
};

TEST(HostPort, RefusesWhatIsNotAnAddress) {
  for (const auto text : kBad) {
    const auto address = parse_host_port(text);
    ASSERT_FALSE(address) << text;
    EXPECT_TRUE(address.error().starts_with("must ")) << address.error();
  }
}

TEST(HostPort, BoundsTheName) {
  EXPECT_TRUE(parse_host_port(std::string(253, 'a') + ":1"));
  EXPECT_FALSE(parse_host_port(std::string(254, 'a') + ":1"));
}

}  // namespace
}  // namespace config
