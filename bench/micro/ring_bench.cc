// The queue between shards: one value pushed and drained at a time, in batches, and from several
// producers at once.
#include "gateway/cross/ring.h"

#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>
#include <vector>

namespace {

void BM_PushAndDrain(benchmark::State& state) {
  cross::Ring<std::uint64_t> ring(4'096);
  const auto batch = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < batch; ++i) benchmark::DoNotOptimize(ring.push(i));
    ring.drain(batch, [&](std::uint64_t value) { sum += value; });
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// The benchmark's thread consumes; the producers push as fast as there is room.
void BM_Producers(benchmark::State& state) {
  cross::Ring<std::uint64_t> ring(4'096);
  std::atomic<bool> stop{false};
  std::vector<std::thread> producers;
  producers.reserve(static_cast<std::size_t>(state.range(0)));
  for (std::int64_t p = 0; p < state.range(0); ++p) {
    producers.emplace_back([&] {
      for (std::uint64_t value = 0; !stop.load(std::memory_order_relaxed); ++value) {
        if (!ring.push(value)) std::this_thread::yield();
      }
    });
  }
  constexpr std::size_t kBatch = 1'024;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (std::size_t taken = 0; taken < kBatch;) {
      const std::size_t count =
          ring.drain(kBatch - taken, [&](std::uint64_t value) { sum += value; });
      taken += count;
      if (count == 0) std::this_thread::yield();
    }
  }
  stop.store(true);
  for (auto& producer : producers) producer.join();
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

BENCHMARK(BM_PushAndDrain)->Name("ring_push_and_drain")->Arg(1)->Arg(64)->Arg(1024);
BENCHMARK(BM_Producers)->Name("ring_producers")->Arg(1)->Arg(2)->Arg(4)->UseRealTime();

}  // namespace
