#include "proto/ws/handshake.h"

#include <benchmark/benchmark.h>

#include <vector>

#include "proto/http/request_parser.h"
#include "proto/ws/handshake_key.h"

namespace {

// As Chrome sends it.
constexpr std::string_view kRequest =
    "GET /ws?token=abcdefghijklmnop HTTP/1.1\r\n"
    "Host: push.example.com\r\n"
    "Connection: Upgrade\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/119.0.0.0 Safari/537.36\r\n"
    "Upgrade: websocket\r\n"
    "Origin: https://push.example.com\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "Sec-WebSocket-Protocol: dunlin.v1\r\n"
    "\r\n";

const std::vector<std::string> kSubprotocols = {"dunlin.v1"};
const std::vector<std::string> kOrigins = {"same"};

void BM_AcceptValue(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ws::accept_value("dGhlIHNhbXBsZSBub25jZQ=="));
}

void BM_Accept(benchmark::State& state) {
  http::RequestParser parser{http::Limits{}};
  dunlin::ConstBytes input = dunlin::as_bytes(kRequest);
  if (!std::holds_alternative<http::HeadComplete>(parser.next(input))) state.SkipWithError("head");
  for (auto _ : state) {
    benchmark::DoNotOptimize(ws::accept_handshake(parser.head(), {kSubprotocols, kOrigins}));
  }
}

// All of it, as for a new connection: a parser of its own, with its memory.
void BM_ParseAndAccept(benchmark::State& state) {
  for (auto _ : state) {
    http::RequestParser parser{http::Limits{}};
    dunlin::ConstBytes input = dunlin::as_bytes(kRequest);
    benchmark::DoNotOptimize(parser.next(input));
    benchmark::DoNotOptimize(ws::accept_handshake(parser.head(), {kSubprotocols, kOrigins}));
  }
}

BENCHMARK(BM_AcceptValue)->Name("accept_value");
BENCHMARK(BM_Accept)->Name("accept_handshake");
BENCHMARK(BM_ParseAndAccept)->Name("parse_and_accept_handshake");

}  // namespace
