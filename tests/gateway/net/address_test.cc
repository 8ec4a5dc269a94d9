#include "gateway/net/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

namespace {

sockaddr_storage storage_of(int family, const char* text, std::uint16_t port) {
  sockaddr_storage storage{};
  if (family == AF_INET) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    EXPECT_EQ(inet_pton(AF_INET, text, &v4.sin_addr), 1);
    std::memcpy(&storage, &v4, sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    EXPECT_EQ(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    std::memcpy(&storage, &v6, sizeof v6);
  }
  return storage;
}

TEST(Address, IsWrittenAsPeopleWriteIt) {
  struct Row {
    int family;
    const char* host;
    std::uint16_t port;
    const char* text;
  };
  constexpr Row kRows[] = {
      {AF_INET, "192.0.2.1", 80, "192.0.2.1:80"},
      {AF_INET, "255.255.255.255", 65'535, "255.255.255.255:65535"},
      {AF_INET6, "2001:db8::1", 443, "[2001:db8::1]:443"},
      {AF_INET6, "::", 0, "::"},
      {AF_INET6, "::ffff:192.0.2.1", 1, "[::ffff:192.0.2.1]:1"},
  };
  for (const Row& row : kRows) {
    const auto address = net::Address::from(storage_of(row.family, row.host, row.port));
    EXPECT_EQ(net::to_string(address), row.text);
    EXPECT_EQ(address.port, row.port);
  }
}

TEST(Address, ASocketWithoutOneIsLocal) {
  EXPECT_EQ(net::to_string(net::Address{}), "local");
  sockaddr_storage unix_socket{};
  unix_socket.ss_family = AF_UNIX;
  EXPECT_EQ(net::to_string(net::Address::from(unix_socket)), "local");
}

}  // namespace
