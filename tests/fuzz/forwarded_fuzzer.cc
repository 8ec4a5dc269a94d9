// Addresses, networks and what proxies tell: any bytes, no crash; the client that is found was told
// by somebody; a longer list on the left never changes who it is, once an untrusted hop is found.
#include "proto/proxy/forwarded.h"

#include <string>

#include "tests/fuzz/pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Piece copy(std::as_bytes(std::span(data, size)).begin(),
                         std::as_bytes(std::span(data, size)).end());
  const std::string_view text = dunlin::as_string_view(copy);
  (void)proxy::parse_network(text);
  const auto endpoint = proxy::parse_endpoint(text);
  fuzz::require(!proxy::parse_ip(text) || endpoint.has_value());

  const std::vector<proxy::Network> trusted = {*proxy::parse_network("10.0.0.0/8")};
  const std::string longer = "192.0.2.1, for=192.0.2.1, " + std::string(text);
  for (const bool standard : {false, true}) {
    const std::string_view name = standard ? "forwarded" : "x-forwarded-for";
    const auto read = [&](std::string_view value) {
      const http::Header headers[] = {
          {name, value}, {"x-forwarded-host", value}, {"x-forwarded-proto", value}};
      http::RequestHead head;
      head.headers = headers;
      return standard ? proxy::read_forwarded(head, trusted)
                      : proxy::read_x_forwarded(head, trusted);
    };
    const auto client = read(text).client;
    if (client && !proxy::contains(trusted, client->ip)) {
      fuzz::require(read(longer).client == client);
    }
  }
  return 0;
}
