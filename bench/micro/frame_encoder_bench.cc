#include "proto/ws/frame_encoder.h"

#include <benchmark/benchmark.h>

#include <array>
#include <string>

namespace {

void BM_Header(benchmark::State& state) {
  std::array<std::byte, ws::kFrameHeaderSizeMax> out;
  auto size = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(size);
    benchmark::DoNotOptimize(ws::encode_frame_header(ws::Opcode::kText, size, out.data()));
    benchmark::ClobberMemory();
  }
}

void BM_AppendFrame(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  std::string out;
  for (auto _ : state) {
    out.clear();
    ws::append_frame(out, ws::Opcode::kText, dunlin::as_bytes(payload));
    benchmark::DoNotOptimize(out.data());
  }
}

BENCHMARK(BM_Header)->Name("encode_frame_header")->Arg(20)->Arg(1000)->Arg(100000);
BENCHMARK(BM_AppendFrame)->Name("append_frame")->Arg(20)->Arg(1000)->Arg(100000);

}  // namespace
