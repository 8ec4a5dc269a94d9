#include "bench/load/report/json.h"

#include <fmt/format.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <simdjson.h>

#include <array>
#include <string_view>

#include "bench/load/text_file.h"

namespace load {
namespace {

using Writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;
using Element = simdjson::dom::element;

constexpr std::array<std::pair<Better, std::string_view>, 3> kBetterNames{
    {{Better::kLower, "lower"}, {Better::kHigher, "higher"}, {Better::kNeither, "neither"}}};

void put(Writer& writer, std::string_view name, std::string_view value) {
  writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void put(Writer& writer, std::string_view name, double value) {
  writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  writer.Double(value);
}

void put(Writer& writer, std::string_view name, std::uint64_t value) {
  writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  writer.Uint64(value);
}

void put_pairs(Writer& writer, const char* name,
               const std::vector<std::pair<std::string, std::string>>& pairs) {
  writer.Key(name);
  writer.StartObject();
  for (const auto& [key, value] : pairs) put(writer, key, value);
  writer.EndObject();
}

std::string_view name_of(Better better) {
  for (const auto& [value, name] : kBetterNames) {
    if (value == better) return name;
  }
  return "neither";
}

void put_texts(Writer& writer, const char* name, const std::vector<std::string>& texts) {
  writer.Key(name);
  writer.StartArray();
  for (const std::string& text : texts) writer.String(text.c_str());
  writer.EndArray();
}

void put_metric(Writer& writer, const Metric& metric) {
  writer.StartObject();
  put(writer, "name", metric.name);
  put(writer, "unit", metric.unit);
  put(writer, "value", metric.value);
  put(writer, "better", name_of(metric.better));
  writer.Key("samples");
  writer.StartArray();
  for (const double sample : metric.samples) writer.Double(sample);
  writer.EndArray();
  writer.EndObject();
}

void put_latency(Writer& writer, const Latency& latency) {
  constexpr std::array<std::pair<const char*, double>, 5> kPercentiles{
      {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}};
  const Histogram& histogram = latency.histogram;
  writer.StartObject();
  put(writer, "name", latency.name);
  put(writer, "meaning", latency.meaning);
  put(writer, "unit", std::string_view("ns"));
  put(writer, "count", histogram.count());
  put(writer, "min", histogram.min());
  put(writer, "mean", histogram.mean());
  put(writer, "max", histogram.max());
  for (const auto& [name, percent] : kPercentiles) put(writer, name, histogram.percentile(percent));
  writer.Key("buckets");  // [largest value, count]
  writer.StartArray();
  writer.SetFormatOptions(rapidjson::kFormatSingleLineArray);
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    writer.StartArray();
    writer.Uint64(bucket.value_max);
    writer.Uint64(bucket.count);
    writer.EndArray();
  }
  writer.SetFormatOptions(rapidjson::kFormatDefault);
  writer.EndArray();
  writer.EndObject();
}

// A member of another type, like one that is absent, reads as empty or 0: what a newer version
// writes must not keep an older one from reading the rest.
std::string text_of(Element object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

double number_of(Element object, std::string_view name) {
  double number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

std::uint64_t count_of(Element object, std::string_view name) {
  std::uint64_t count = 0;
  return object[name].get(count) == simdjson::SUCCESS ? count : 0;
}

// Calls `read` for each item of the array `name`.
template <typename Read>
void for_each(Element object, std::string_view name, Read read) {
  simdjson::dom::array array;
  if (object[name].get(array) != simdjson::SUCCESS) return;
  for (const Element item : array) read(item);
}

Metric read_metric(Element object) {
  Metric metric{.name = text_of(object, "name"),
                .unit = text_of(object, "unit"),
                .value = number_of(object, "value"),
                .better = Better::kNeither,
                .samples = {}};
  for (const auto& [value, name] : kBetterNames) {
    if (text_of(object, "better") == name) metric.better = value;
  }
  for_each(object, "samples", [&](Element sample) {
    double value = 0;
    if (sample.get(value) == simdjson::SUCCESS) metric.samples.push_back(value);
  });
  return metric;
}

Latency read_latency(Element object) {
  std::vector<Histogram::Bucket> buckets;
  for_each(object, "buckets", [&](Element bucket) {
    Histogram::Bucket read{};
    const bool whole = bucket.at_pointer("/0").get(read.value_max) == simdjson::SUCCESS &&
                       bucket.at_pointer("/1").get(read.count) == simdjson::SUCCESS;
    if (whole) buckets.push_back(read);
  });
  const Histogram::Extremes extremes{.min = count_of(object, "min"),
                                     .max = count_of(object, "max"),
                                     .mean = number_of(object, "mean")};
  return {.name = text_of(object, "name"),
          .meaning = text_of(object, "meaning"),
          .histogram = Histogram::from(buckets, extremes)};
}

std::vector<std::pair<std::string, std::string>> read_pairs(Element object, std::string_view name) {
  std::vector<std::pair<std::string, std::string>> pairs;
  simdjson::dom::object members;
  if (object[name].get(members) != simdjson::SUCCESS) return pairs;
  for (const auto& member : members) {
    std::string_view value;
    if (member.value.get(value) == simdjson::SUCCESS) pairs.emplace_back(member.key, value);
  }
  return pairs;
}

std::vector<std::string> read_texts(Element object, std::string_view name) {
  std::vector<std::string> texts;
  for_each(object, name, [&](Element item) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  });
  return texts;
}

}  // namespace

std::string to_json(const Result& result) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.SetIndent(' ', 1);
  writer.StartObject();
  put(writer, "scenario", result.scenario);
  put(writer, "target", result.target);
  put(writer, "label", result.label);
  put(writer, "started_at", result.started_at);
  put_pairs(writer, "parameters", result.parameters);
  put_pairs(writer, "machine", result.machine);
  writer.Key("metrics");
  writer.StartArray();
  for (const Metric& metric : result.metrics) put_metric(writer, metric);
  writer.EndArray();
  writer.Key("latencies");
  writer.StartArray();
  for (const Latency& latency : result.latencies) put_latency(writer, latency);
  writer.EndArray();
  writer.Key("checks");
  writer.StartArray();
  for (const Check& check : result.checks) {
    writer.StartObject();
    put(writer, "name", check.name);
    put(writer, "count", check.count);
    writer.Key("must_be_zero");
    writer.Bool(check.must_be_zero);
    writer.EndObject();
  }
  writer.EndArray();
  put_texts(writer, "exceeded", result.exceeded);
  put_texts(writer, "warnings", result.warnings);
  writer.EndObject();
  return buffer.GetString() + std::string("\n");
}

std::expected<void, std::string> write_json(const Result& result, const std::string& path) {
  return write_text_file(path, to_json(result));
}

std::expected<Result, std::string> read_json(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return std::unexpected(text.error());
  simdjson::dom::parser parser;
  Element document;
  const auto error = parser.parse(*text).get(document);
  if (error != simdjson::SUCCESS || !document.is_object()) {
    return std::unexpected(
        fmt::format("{} is not a result of dunlin-bench: {}", path,
                    error == simdjson::SUCCESS ? "no object" : error_message(error)));
  }
  Result result;
  result.scenario = text_of(document, "scenario");
  result.target = text_of(document, "target");
  result.label = text_of(document, "label");
  result.started_at = text_of(document, "started_at");
  result.parameters = read_pairs(document, "parameters");
  result.machine = read_pairs(document, "machine");
  for_each(document, "metrics", [&](Element item) { result.metrics.push_back(read_metric(item)); });
  for_each(document, "latencies",
           [&](Element item) { result.latencies.push_back(read_latency(item)); });
  for_each(document, "checks", [&](Element item) {
    bool must_be_zero = false;
    if (item["must_be_zero"].get(must_be_zero) != simdjson::SUCCESS) must_be_zero = false;
    result.checks.push_back({.name = text_of(item, "name"),
                             .count = count_of(item, "count"),
                             .must_be_zero = must_be_zero});
  });
  result.exceeded = read_texts(document, "exceeded");
  result.warnings = read_texts(document, "warnings");
  return result;
}

}  // namespace load
