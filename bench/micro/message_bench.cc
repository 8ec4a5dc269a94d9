// Framing a publication once, in each of its forms, and sharing it.
#include "gateway/cross/message.h"

#include <benchmark/benchmark.h>

#include <string>

#include "proto/ws/deflater.h"

namespace {

std::string text_of(std::int64_t size) {
  std::string text;
  for (std::int64_t i = 0; i < size; ++i) text += static_cast<char>('a' + i * 7 % 26);
  return text;
}

void BM_Make(benchmark::State& state) {
  const std::string payload = text_of(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(cross::Message::make({.id = {1}, .payload = payload}));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void BM_MakeForm(benchmark::State& state, cross::Encoding encoding) {
  const std::string payload = text_of(state.range(0));
  for (auto _ : state) {
    const auto message = cross::Message::make({.id = {1}, .payload = payload});
    benchmark::DoNotOptimize(message->frame(encoding).size());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

// As a receiver with permessage-deflate gets it: made once for all of them.
void BM_Deflate(benchmark::State& state) {
  const std::string payload = text_of(state.range(0));
  ws::Deflater deflater({});
  for (auto _ : state) {
    const auto message = cross::Message::make({.id = {1}, .payload = payload});
    benchmark::DoNotOptimize(message->make_deflated(cross::Encoding::kDeflate, deflater));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

// As a receiver with support_gzip=1 gets it: at level 0 what is too large to be compressed.
void BM_Gzip(benchmark::State& state, int level) {
  const std::string payload = text_of(state.range(0));
  for (auto _ : state) {
    const auto message = cross::Message::make({.id = {1}, .payload = payload});
    message->make_gzip({.level = level});
    benchmark::DoNotOptimize(message->frame(cross::Encoding::kGzip).size());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void BM_Protocol(benchmark::State& state) { BM_MakeForm(state, cross::Encoding::kProtocol); }

void BM_Share(benchmark::State& state) {
  const auto message = cross::Message::make({.id = {1}, .payload = "payload"});
  for (auto _ : state) {
    cross::MessageRef reference;
    reference = message;
    benchmark::DoNotOptimize(reference->frame(cross::Encoding::kPlain).data());
  }
}

BENCHMARK(BM_Make)->Name("message_make")->Arg(16)->Arg(125)->Arg(1024)->Arg(65536);
BENCHMARK(BM_Protocol)->Name("message_protocol_form")->Arg(16)->Arg(1024)->Arg(65536);
BENCHMARK_CAPTURE(BM_Gzip, deflated, 4)->Name("message_gzip_form")->Arg(16)->Arg(1024)->Arg(65536);
BENCHMARK_CAPTURE(BM_Gzip, stored, 0)->Name("message_gzip_wrapped")->Arg(65536)->Arg(4 << 20);
BENCHMARK(BM_Deflate)->Name("message_deflate_form")->Arg(1024)->Arg(65536);
BENCHMARK(BM_Share)->Name("message_share");

}  // namespace
