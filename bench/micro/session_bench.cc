#include "proto/ws/session.h"

#include <benchmark/benchmark.h>

#include <cstring>

#include "bench/micro/client_frame.h"

namespace {

// A batch of text messages as one read brings it. It is copied anew each time, as the kernel would,
// because it is unmasked in place; `pieces` is how many reads it comes in.
void read_messages(benchmark::State& state, std::size_t pieces) {
  constexpr int kMessageCount = 64;
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  std::string wire;
  for (int i = 0; i < kMessageCount; ++i) wire += bench::client_frame(ws::Opcode::kText, payload);
  std::string buffer(wire.size(), '\0');
  ws::Session session(1 << 20);
  const std::size_t piece_size = wire.size() / pieces + 1;
  for (auto _ : state) {
    std::memcpy(buffer.data(), wire.data(), wire.size());
    dunlin::Bytes rest = std::as_writable_bytes(std::span(buffer));
    std::size_t bytes = 0;
    while (!rest.empty()) {
      dunlin::Bytes input = dunlin::take_front(rest, std::min(piece_size, rest.size()));
      for (;;) {
        const ws::Event event = session.next(input);
        const auto* message = std::get_if<ws::Message>(&event);
        if (message == nullptr) break;
        bytes += message->payload.size();
      }
    }
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(state.iterations() * kMessageCount);
}

void BM_Whole(benchmark::State& state) { read_messages(state, 1); }
void BM_Pieces(benchmark::State& state) { read_messages(state, 128); }

BENCHMARK(BM_Whole)->Name("session_text_whole")->Arg(20)->Arg(125)->Arg(1000)->Arg(16384);
BENCHMARK(BM_Pieces)->Name("session_text_in_pieces")->Arg(20)->Arg(125)->Arg(1000)->Arg(16384);

}  // namespace
