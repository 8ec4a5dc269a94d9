// Unmasking against the plain loop and against memcpy, the least that reading and writing costs.
#include "proto/ws/masking.h"

#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

namespace {

constexpr std::array<std::byte, 4> kKey = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

// One byte past an aligned address: payload starts wherever a header happened to end.
template <auto kUnmask>
void BM_Unmask(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::byte> bytes(size + 1);
  for (auto _ : state) {
    kUnmask(dunlin::Bytes(bytes).subspan(1), ws::MaskingKey(kKey));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void BM_Memcpy(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::byte> from(size + 1);
  std::vector<std::byte> to(size + 1);
  for (auto _ : state) {
    std::memcpy(to.data() + 1, from.data() + 1, size);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK(BM_Unmask<ws::unmask>)
    ->Name("unmask")
    ->Arg(16)
    ->Arg(125)
    ->Arg(1024)
    ->Arg(16384)
    ->Arg(1 << 20);
BENCHMARK(BM_Unmask<ws::unmask_plain>)
    ->Name("unmask_plain")
    ->Arg(16)
    ->Arg(125)
    ->Arg(1024)
    ->Arg(16384)
    ->Arg(1 << 20);
BENCHMARK(BM_Memcpy)->Name("memcpy")->Arg(16)->Arg(125)->Arg(1024)->Arg(16384)->Arg(1 << 20);

}  // namespace
