// A targeted push: from the uid to the connection's send, or to its queue.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "bench/micro/hub_world.h"

namespace {

// Far apart in memory, as users come: a prime's multiples.
std::uint32_t scattered(std::uint64_t i, std::uint32_t members) {
  return static_cast<std::uint32_t>(i * 7'919 % members);
}

void BM_PushToUid(benchmark::State& state) {
  const auto members = static_cast<std::uint32_t>(state.range(0));
  const std::uint64_t batch = static_cast<std::uint64_t>(state.range(1));
  bench::HubWorld world(members);
  std::vector<std::string> uids;
  uids.reserve(members);
  for (std::uint32_t i = 0; i < members; ++i) uids.push_back(bench::HubWorld::uid_of(i));
  const auto message =
      cross::Message::make({.id = {1}, .payload = "Hello World", .accepted_ns = 1});
  push::Receipt receipt;
  std::uint64_t next = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < batch; ++i) {
      const std::string& uid = uids[scattered(next++, members)];
      world.hub.push_to_uid(uid, cross::hash_of(uid), message, receipt, nullptr);
    }
    world.hub.delivery().flush();
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

// A slow connection with a full queue: each push drops the oldest.
void BM_PushToFullQueue(benchmark::State& state) {
  bench::HubWorld world(1);
  world.transport.blocked = true;
  const auto message =
      cross::Message::make({.id = {1}, .payload = "Hello World", .accepted_ns = 1});
  push::Receipt receipt;
  for (auto _ : state) {
    world.hub.push_to_uid("user-0", cross::hash_of("user-0"), message, receipt, nullptr);
    world.hub.delivery().flush();
  }
  state.SetItemsProcessed(state.iterations());
}

// The same with conflation, and so many keys waiting before the one that is replaced.
void BM_Conflate(benchmark::State& state) {
  bench::HubWorld world(1);
  world.transport.blocked = true;
  push::Receipt receipt;
  std::vector<cross::MessageRef> messages;
  for (std::int64_t i = 0; i <= state.range(0); ++i) {
    messages.push_back(cross::Message::make({.id = {1},
                                             .payload = "Hello World",
                                             .conflate_key = "key-" + std::to_string(i),
                                             .policy = push::Policy::kConflate}));
  }
  const auto push = [&](const cross::MessageRef& message) {
    world.hub.push_to_uid("user-0", cross::hash_of("user-0"), message, receipt, nullptr);
    world.hub.delivery().flush();
  };
  for (const auto& message : messages) push(message);
  for (auto _ : state) push(messages.back());
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(BM_PushToUid)
    ->Name("hub_push_to_uid")
    ->ArgNames({"members", "batch"})
    ->Args({1'000, 1})
    ->Args({1'000, 64})
    ->Args({1'000'000, 1})
    ->Args({1'000'000, 64});
BENCHMARK(BM_PushToFullQueue)->Name("hub_push_to_full_queue");
BENCHMARK(BM_Conflate)->Name("hub_conflate")->Arg(1)->Arg(100)->Arg(1'000);

}  // namespace
