#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"

/// Latencies in the forms of HdrHistogram (hdrhistogram.org), which its plotters and libraries
/// read. `cells`: of a Latency, in microseconds.
namespace flotilla::tools::bench {

/// One histogram, encoded and compressed (version 2), all numbers big-endian:
///
///   | cookie u32 = 0x1C849314 | size of the rest u32 | zlib stream of what follows |
///   | cookie u32 = 0x1C849313 | size of the counts u32 | index offset u32 = 0
///   | significant digits u32 = 2 | least value u64 = 1 | most value u64 | ratio f64 = 1 | counts |
///
/// The counts are those of the cells up to the last that has any, each as a ZigZag LEB128 number; a
/// negative one stands for so many cells without any.
Buffer hdr_histogram(std::span<const std::uint64_t> cells);

/// What a log begins with; the times of its lines count from `start`.
std::string hdr_log_header(std::chrono::system_clock::time_point start);
/// One line: what was measured in an interval.
struct HdrInterval {
  double begin_s;
  double length_s;
};
std::string hdr_log_line(const HdrInterval& interval, std::span<const std::uint64_t> cells);

/// A table of percentiles, denser the less is left behind them, as plotters read it.
std::string hdr_percentiles(std::span<const std::uint64_t> cells);

}  // namespace flotilla::tools::bench
