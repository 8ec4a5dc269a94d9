#include "proto/ws/frame_decoder.h"

#include <benchmark/benchmark.h>

#include "bench/micro/client_frame.h"

namespace {

// A batch of frames as one read from a socket brings it. Unmasking in place again and again is
// fine: the decoder does not look at payload.
void BM_Decode(benchmark::State& state) {
  constexpr int kFrameCount = 64;
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  std::string wire;
  for (int i = 0; i < kFrameCount; ++i) wire += bench::client_frame(ws::Opcode::kBinary, payload);
  ws::FrameDecoder decoder(1 << 20);
  for (auto _ : state) {
    dunlin::Bytes input = std::as_writable_bytes(std::span(wire));
    std::size_t steps = 0;
    while (!std::holds_alternative<ws::NeedInput>(decoder.next(input))) ++steps;
    benchmark::DoNotOptimize(steps);
  }
  state.SetItemsProcessed(state.iterations() * kFrameCount);
}

BENCHMARK(BM_Decode)->Name("decode_frame")->Arg(0)->Arg(20)->Arg(125)->Arg(1000)->Arg(16384);

}  // namespace
