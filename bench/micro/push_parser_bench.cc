// A push request's JSON, against the least that any reader of it must do: look at every byte once
// (UTF-8 validation) and find its structure (simdjson's first stage).
#include "proto/push/push_parser.h"

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <string>

namespace {

std::string push_with(std::int64_t text_size) {
  return R"({"uid":"100123","text":")" + std::string(static_cast<std::size_t>(text_size), 'x') +
         R"("})";
}

void BM_Parse(benchmark::State& state, std::string json) {
  push::PushParser parser;
  push::PushRequest request;
  const push::PushLimits limits;
  const push::PaddedText text = push::PaddedText::of(json);
  for (auto _ : state) {
    if (!parser.parse(text, limits, request)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(request.payload.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}

void BM_ParsePush(benchmark::State& state) { BM_Parse(state, push_with(state.range(0))); }

void BM_ParseAllMembers(benchmark::State& state) {
  BM_Parse(state, R"({"uids":["100123","100124","100125"],"data":{"a":[1,2,{"b":null}],"c":"d"},)"
                  R"("ttl_ms":5000,"conflate_key":"k","policy":"conflate","class":"live",)"
                  R"("idempotency_key":"0123456789","wait":"written","timeout_ms":100})");
}

void BM_ValidateUtf8(benchmark::State& state) {
  const std::string json = push_with(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(simdjson::validate_utf8(json.data(), json.size()));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}

void BM_FirstStage(benchmark::State& state) {
  const simdjson::padded_string json(push_with(state.range(0)));
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    simdjson::ondemand::document document;
    benchmark::DoNotOptimize(parser.iterate(json).get(document));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}

BENCHMARK(BM_ParsePush)->Name("parse_push")->Arg(64)->Arg(1024)->Arg(16384);
BENCHMARK(BM_ParseAllMembers)->Name("parse_push_with_all_members");
BENCHMARK(BM_FirstStage)->Name("simdjson_first_stage")->Arg(64)->Arg(1024)->Arg(16384);
BENCHMARK(BM_ValidateUtf8)->Name("validate_utf8")->Arg(64)->Arg(1024)->Arg(16384);

}  // namespace
