// A histogram of durations with a fixed relative error, after HdrHistogram: linear sub-buckets
// within each power of two. Recording is a shift and an increment; merging adds counts, so each
// worker keeps its own and percentiles stay exact to the bucket.
//
// Owner: a scenario's outcome.   Thread: one.   Bound: kBuckets counters, 34 KiB; values above
// kValueMax are counted in the last bucket, while max() stays exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace load {

class Histogram {
 public:
  // 128 sub-buckets for each power of two: a percentile is at most 0.8 % above the true value.
  static constexpr unsigned kSubBucketBits = 7;
  static constexpr unsigned kValueBits = 40;  // In nanoseconds 18 minutes.
  static constexpr std::uint64_t kValueMax = (std::uint64_t{1} << kValueBits) - 1;

  struct Bucket {
    std::uint64_t value_max;  // The largest value that falls into it.
    std::uint64_t count;
  };

  struct Extremes {
    std::uint64_t min;
    std::uint64_t max;
    double mean;
  };

  // From what buckets(), min(), max() and mean() gave; the same histogram again.
  static Histogram from(const std::vector<Bucket>& buckets, const Extremes& extremes);

  void record(std::uint64_t value, std::uint64_t count = 1);
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }
  [[nodiscard]] double mean() const;

  // The smallest recorded value, rounded up to its bucket, that at least `percent` of all values do
  // not exceed. 100 gives max(); 0 when empty.
  [[nodiscard]] std::uint64_t percentile(double percent) const;

  // The buckets that hold anything, in rising order.
  [[nodiscard]] std::vector<Bucket> buckets() const;

  [[nodiscard]] static std::size_t index_of(std::uint64_t value);
  [[nodiscard]] static std::uint64_t value_max_of(std::size_t index);

 private:
  static constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBucketBits;
  // Values below 2 * kSubBuckets have a bucket each; every further power of two has kSubBuckets.
  static constexpr std::size_t kBuckets = (kValueBits - kSubBucketBits + 1) * kSubBuckets;

  std::vector<std::uint64_t> counts_;  // Empty until the first record: most histograms stay unused.
  std::uint64_t count_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace load
