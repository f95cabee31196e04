#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "base/time.h"

namespace flotilla {

/// Latencies of one thread's work, in powers of two of microseconds and, apart from them, of
/// milliseconds: both are asked for, and neither's bounds are bounds of the other. One writer, any
/// number of readers, no locked instruction.
class Histogram {
 public:
  /// Bucket 0 counts what took less than one unit, bucket i what took at least 2^(i-1) and less
  /// than 2^i.
  static constexpr std::size_t kBuckets = 26;
  using Buckets = std::array<std::uint64_t, kBuckets>;

  struct Snapshot {
    Buckets microseconds{};
    Buckets milliseconds{};

    std::uint64_t count() const {
      std::uint64_t sum = 0;
      for (const auto bucket : microseconds) sum += bucket;
      return sum;
    }
    Snapshot& operator+=(const Snapshot& other) {
      for (std::size_t i = 0; i < kBuckets; ++i) {
        microseconds[i] += other.microseconds[i];
        milliseconds[i] += other.milliseconds[i];
      }
      return *this;
    }
  };

  void record(Duration took) {
    const auto us = static_cast<std::uint64_t>(took.count() < 0 ? 0 : took.count()) / 1000;
    add(microseconds_[bucket_of(us)]);
    add(milliseconds_[us < 1000 ? 0 : bucket_of(us / 1000)]);
  }
  Snapshot snapshot() const {
    Snapshot out;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      out.microseconds[i] = microseconds_[i].load(std::memory_order_relaxed);
      out.milliseconds[i] = milliseconds_[i].load(std::memory_order_relaxed);
    }
    return out;
  }

 private:
  static std::size_t bucket_of(std::uint64_t units) {
    const auto bucket = static_cast<std::size_t>(std::bit_width(units));
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }
  static void add(std::atomic<std::uint64_t>& bucket) {
    bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, kBuckets> microseconds_{};
  std::array<std::atomic<std::uint64_t>, kBuckets> milliseconds_{};
};

}  // namespace flotilla
