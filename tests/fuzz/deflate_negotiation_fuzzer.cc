// Offers of permessage-deflate: whatever they say, what is agreed is within our policy, and our
// answer is an offer that we would agree to alike.
#include "proto/ws/deflate_negotiation.h"
#include "proto/ws/extension_list.h"
#include "tests/fuzz/pieces.h"

namespace {

std::optional<ws::DeflateAgreement> negotiate(std::string_view offers,
                                              const ws::DeflatePolicy& policy) {
  const http::Header header{"sec-websocket-extensions", offers};
  http::RequestHead head;
  head.headers = {&header, 1};
  return ws::negotiate_deflate(head, policy);
}

void check(std::string_view offers, const ws::DeflatePolicy& policy) {
  const auto agreed = negotiate(offers, policy);
  if (!agreed) return;
  fuzz::require(agreed->server_window_bits >= ws::kWindowBitsMin);
  fuzz::require(agreed->server_window_bits <= policy.server_window_bits);
  fuzz::require(agreed->client_window_bits >= 8 && agreed->client_window_bits <= 15);
  fuzz::require(policy.server_context_takeover || !agreed->server_context_takeover);
  fuzz::require(policy.client_context_takeover || !agreed->client_context_takeover);
  fuzz::require(agreed->response.size() < 160);
  fuzz::require(ws::is_valid_extension_list(agreed->response));
  const auto again = negotiate(agreed->response, policy);
  fuzz::require(again && again->response == agreed->response);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Piece copy(std::as_bytes(std::span(data, size)).begin(),
                         std::as_bytes(std::span(data, size)).end());
  const std::string_view offers = dunlin::as_string_view(copy);
  check(offers, {});
  check(offers, {.server_context_takeover = true,
                 .client_context_takeover = true,
                 .server_window_bits = 12,
                 .client_window_bits = 10});
  return 0;
}
