#include "bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace load {

// A value of b significant bits (b > kSubBucketBits + 1) keeps its upper kSubBucketBits + 1 bits:
//   index = shift * kSubBuckets + (value >> shift),  shift = b - (kSubBucketBits + 1)
// The upper part lies in [kSubBuckets, 2 * kSubBuckets), so the ranges of two shifts join without
// a gap, and shift 0 gives index = value.
std::size_t Histogram::index_of(std::uint64_t value) {
  value = std::min(value, kValueMax);
  const auto bits = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = bits > kSubBucketBits + 1 ? bits - (kSubBucketBits + 1) : 0;
  return shift * kSubBuckets + static_cast<std::size_t>(value >> shift);
}

std::uint64_t Histogram::value_max_of(std::size_t index) {
  if (index < 2 * kSubBuckets) return index;
  const std::size_t shift = index / kSubBuckets - 1;
  const std::uint64_t upper = index - shift * kSubBuckets;
  return ((upper + 1) << shift) - 1;
}

void Histogram::record(std::uint64_t value, std::uint64_t count) {
  if (counts_.empty()) counts_.resize(kBuckets);
  counts_[index_of(value)] += count;
  count_ += count;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value) * static_cast<double>(count);
}

Histogram Histogram::from(const std::vector<Bucket>& buckets, const Extremes& extremes) {
  Histogram histogram;
  for (const Bucket& bucket : buckets) histogram.record(bucket.value_max, bucket.count);
  if (histogram.empty()) return histogram;
  histogram.min_ = extremes.min;
  histogram.max_ = extremes.max;
  histogram.sum_ = extremes.mean * static_cast<double>(histogram.count_);
  return histogram;
}

void Histogram::merge(const Histogram& other) {
  if (other.counts_.empty()) return;
  if (counts_.empty()) counts_.resize(kBuckets);
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

std::uint64_t Histogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(static_cast<double>(count_) * percent / 100);
  const std::uint64_t rank =
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    // The last bucket also holds what was out of range; only max_ knows how large that was.
    if (seen >= rank) return i + 1 == kBuckets ? max_ : std::min(value_max_of(i), max_);
  }
  return max_;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> result;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] != 0) result.push_back({.value_max = value_max_of(i), .count = counts_[i]});
  }
  return result;
}

}  // namespace load
