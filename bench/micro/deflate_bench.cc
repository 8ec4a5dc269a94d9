// Compressing and decompressing a message (RFC 7692), beside a copy of it: what one costs the turn
// of a shard in which it falls.
#include <benchmark/benchmark.h>
#include <zlib.h>

#include <cstring>
#include <random>
#include <string>

#include "proto/base/assert.h"
#include "proto/base/bytes.h"
#include "proto/ws/deflater.h"
#include "proto/ws/inflater.h"

namespace {

constexpr std::size_t kMessageMax = 1 << 20;  // The shipped message_size_max.

// Records with the same keys and other values, as feeds have them.
std::string json_text(std::size_t size) {
  static constexpr const char* kNames[] = {"alice", "bob", "carol", "dave", "erin", "frank"};
  std::mt19937 random(1);
  std::string text = "[";
  while (text.size() < size) {
    text += R"({"id":)" + std::to_string(random()) + R"(,"user":")" + kNames[random() % 6] +
            R"(","price":)" + std::to_string(random() % 100'000) + R"(,"state":"shipped"},)";
  }
  text.resize(size);
  return text;
}

// A message as a client makes it that flushes after every `flush_size` bytes (0: never).
std::string deflated(const std::string& text, std::size_t flush_size) {
  z_stream stream{};
  DUNLIN_ASSERT(deflateInit2(&stream, 4, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(2 * text.size() + 1'024, '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const std::size_t step = flush_size == 0 ? text.size() : flush_size;
  for (std::size_t at = 0; at < text.size(); at += step) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data() + at));
    stream.avail_in = static_cast<uInt>(std::min(step, text.size() - at));
    const bool last = at + step >= text.size();
    DUNLIN_ASSERT(deflate(&stream, last ? Z_SYNC_FLUSH : Z_BLOCK) == Z_OK);
  }
  out.resize(stream.total_out - 4);  // RFC 7692 7.2.1: without its tail.
  deflateEnd(&stream);
  return out;
}

void inflate(benchmark::State& state, const std::string& text, const std::string& compressed) {
  ws::Inflater inflater;
  for (auto _ : state) {
    const auto result = inflater.inflate(dunlin::as_bytes(compressed), kMessageMax, nullptr);
    DUNLIN_ASSERT(std::holds_alternative<dunlin::Bytes>(result));
    benchmark::DoNotOptimize(result);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void BM_Inflate(benchmark::State& state) {
  const std::string text = json_text(static_cast<std::size_t>(state.range(0)));
  inflate(state, text, deflated(text, 0));
}

// A million bytes of one letter: the most output for the least input.
void BM_InflateBomb(benchmark::State& state) {
  const std::string text(kMessageMax, 'a');
  inflate(state, text, deflated(text, 0));
}

// Text in about as many blocks as are let through.
void BM_InflateManyBlocks(benchmark::State& state) {
  const std::string text = json_text(kMessageMax);
  inflate(state, text, deflated(text, static_cast<std::size_t>(state.range(0))));
}

void BM_Deflate(benchmark::State& state) {
  const std::string text = json_text(static_cast<std::size_t>(state.range(0)));
  ws::Deflater deflater({.window_bits = static_cast<std::uint8_t>(state.range(1))});
  std::string out;
  for (auto _ : state) {
    out.clear();
    deflater.forget();
    benchmark::DoNotOptimize(deflater.compress(dunlin::as_bytes(text), out));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.counters["size_%"] =
      100.0 * static_cast<double>(out.size()) / static_cast<double>(text.size());
}

void BM_Copy(benchmark::State& state) {
  const std::string text = json_text(static_cast<std::size_t>(state.range(0)));
  std::string to(text.size(), '\0');
  for (auto _ : state) {
    std::memcpy(to.data(), text.data(), text.size());
    benchmark::DoNotOptimize(to.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

BENCHMARK(BM_Inflate)->Name("inflate")->Arg(1 << 10)->Arg(kMessageMax);
BENCHMARK(BM_InflateBomb)->Name("inflate_bomb");
BENCHMARK(BM_InflateManyBlocks)->Name("inflate_many_blocks")->Arg(200)->Arg(400);
BENCHMARK(BM_Deflate)
    ->Name("deflate")
    ->ArgNames({"size", "window_bits"})
    ->ArgsProduct({{1 << 10, 64 << 10}, {9, 12, 15}});
BENCHMARK(BM_Copy)->Name("copy")->Arg(1 << 10)->Arg(64 << 10)->Arg(kMessageMax);

}  // namespace
