#include "proto/http/request_parser.h"

#include <benchmark/benchmark.h>

#include <string>

namespace {

constexpr std::string_view kPost =
    "POST /v1/push HTTP/1.1\r\n"
    "Host: 127.0.0.1:8081\r\n"
    "Authorization: Bearer 0123456789abcdef\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 39\r\n"
    "\r\n"
    "{\"uid\":\"123456\",\"text\":\"Hello World!!\"}";

// Parses `wire` over and over on one connection.
void parse(benchmark::State& state, std::string_view wire) {
  http::RequestParser parser{http::Limits{}};
  for (auto _ : state) {
    dunlin::ConstBytes input = dunlin::as_bytes(wire);
    std::size_t steps = 0;
    while (!std::holds_alternative<http::NeedInput>(parser.next(input))) ++steps;
    benchmark::DoNotOptimize(steps);
  }
}

// So many pipelined requests in one read.
void BM_SmallPost(benchmark::State& state) {
  std::string wire;
  for (std::int64_t i = 0; i < state.range(0); ++i) wire += kPost;
  parse(state, wire);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// The same when no head repeats the one before it.
void BM_DistinctHeads(benchmark::State& state) {
  std::string other(kPost);
  other.replace(other.find("abcdef"), 6, "fedcba");
  parse(state, std::string(kPost) + other);
  state.SetItemsProcessed(state.iterations() * 2);
}

void BM_ChunkedBody(benchmark::State& state) {
  std::string wire = "POST /v1/push HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 100; ++i) wire += "64\r\n" + std::string(100, 'x') + "\r\n";
  wire += "0\r\n\r\n";
  parse(state, wire);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(wire.size()));
}

BENCHMARK(BM_SmallPost)->Name("small_post")->Arg(1)->Arg(16);
BENCHMARK(BM_DistinctHeads)->Name("distinct_heads");
BENCHMARK(BM_ChunkedBody)->Name("chunked_body_of_100_chunks");

}  // namespace
