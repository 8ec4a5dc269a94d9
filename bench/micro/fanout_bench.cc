// A publication to all subscribers of a channel, and to all members, in slices.
#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/micro/hub_world.h"

namespace {

constexpr std::uint32_t kSlice = 128;  // About what fits hub.fanout_slice_us as shipped.

void run(benchmark::State& state, bench::HubWorld& world, std::int64_t messages,
         const std::function<void(hub::FanoutMessage)>& start,
         std::string_view payload = "Hello World") {
  const auto message =
      cross::Message::make({.id = {1}, .payload = payload, .fanout = true, .accepted_ns = 1});
  std::vector<void*> done;
  push::Receipt receipt;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < messages; ++i) {
      start({.message = message, .receipt = &receipt, .watch = nullptr, .exclude = {}});
    }
    while (world.hub.fanouts().any()) world.hub.fanouts().run(kSlice, done);
    done.clear();
  }
  state.SetItemsProcessed(state.iterations() * messages * state.range(0));
}

void BM_Channel(benchmark::State& state) {
  const auto members = static_cast<std::uint32_t>(state.range(0));
  bench::HubWorld world(members);
  hub::Channel& channel = world.hub.channels().open("news");
  for (std::uint32_t i = 0; i < members; ++i) world.hub.channels().subscribe(i, channel);
  run(state, world, state.range(1), [&](hub::FanoutMessage message) {
    world.hub.fanouts().to_channel(channel, std::move(message));
  });
}

// To receivers that agreed to permessage-deflate: the message is compressed before, once.
void BM_AllDeflate(benchmark::State& state) {
  bench::HubWorld world(static_cast<std::uint32_t>(state.range(0)), {.window_bits = 12});
  run(
      state, world, state.range(1),
      [&](hub::FanoutMessage message) {
        world.hub.fanouts().to_all(hub::Fanouts::kEveryProfile, std::move(message));
      },
      std::string(1'000, 'x'));
}

void BM_All(benchmark::State& state) {
  bench::HubWorld world(static_cast<std::uint32_t>(state.range(0)));
  run(state, world, state.range(1), [&](hub::FanoutMessage message) {
    world.hub.fanouts().to_all(hub::Fanouts::kEveryProfile, std::move(message));
  });
}

BENCHMARK(BM_Channel)
    ->Name("fanout_channel")
    ->ArgNames({"members", "messages"})
    ->Args({1'000, 1})
    ->Args({1'000, 16})
    ->Args({100'000, 1});
BENCHMARK(BM_All)
    ->Name("fanout_all")
    ->ArgNames({"members", "messages"})
    ->Args({1'000, 1})
    ->Args({100'000, 1});
BENCHMARK(BM_AllDeflate)
    ->Name("fanout_all_deflate")
    ->ArgNames({"members", "messages"})
    ->Args({1'000, 1})
    ->Args({100'000, 1});

}  // namespace
