#include "proto/ws/utf8.h"

#include <benchmark/benchmark.h>

#include <string>

namespace {

std::string text_of(std::size_t size, std::string_view character) {
  std::string text;
  while (text.size() + character.size() <= size) text += character;
  return text;
}

void validate(benchmark::State& state, std::string_view character) {
  const std::string text = text_of(static_cast<std::size_t>(state.range(0)), character);
  for (auto _ : state) {
    ws::Utf8Validator validator;
    benchmark::DoNotOptimize(validator.feed(dunlin::as_bytes(text)) && validator.finish());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void BM_Ascii(benchmark::State& state) { validate(state, "a"); }
void BM_ThreeBytes(benchmark::State& state) { validate(state, "\xe6\x97\xa5"); }

BENCHMARK(BM_Ascii)->Name("utf8_ascii")->Arg(16)->Arg(125)->Arg(1024)->Arg(65536);
BENCHMARK(BM_ThreeBytes)->Name("utf8_three_bytes")->Arg(16)->Arg(125)->Arg(1024)->Arg(65536);

}  // namespace
