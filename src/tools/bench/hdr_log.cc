#include "tools/bench/hdr_log.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/parse.h"
#include "text.h"
#include "tools/bench/latency.h"

namespace flotilla::tools::bench {
namespace {

constexpr std::uint32_t kPlainCookie = 0x1C849313;
constexpr std::uint32_t kCompressedCookie = 0x1C849314;
constexpr std::uint32_t kSignificantDigits = 2;
constexpr std::uint64_t kMostValue = (std::uint64_t{1} << 32) - 1;  // What Latency::kCells hold.
static_assert(Latency::kCells == Latency::kExact + Latency::kSteps * (32 - 8));

/// Seven bits a byte, lowest first, and all eight of the ninth.
void append_zigzag(Buffer& out, std::int64_t number) {
  auto rest = (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
  for (int i = 0; i < 8 && rest > 0x7F; ++i, rest >>= 7)
    out.push_back(static_cast<std::byte>((rest & 0x7F) | 0x80));
  out.push_back(static_cast<std::byte>(rest));
}

Buffer encoded_counts(std::span<const std::uint64_t> cells) {
  const auto used = std::ranges::find_if(cells.rbegin(), cells.rend(),
                                         [](std::uint64_t count) { return count != 0; });
  const std::size_t size = cells.size() - static_cast<std::size_t>(used - cells.rbegin());
  Buffer out;
  std::int64_t without = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (cells[i] == 0) {
      ++without;
      continue;
    }
    if (without > 0) append_zigzag(out, -std::exchange(without, 0));
    append_zigzag(out, static_cast<std::int64_t>(cells[i]));
  }
  return out;
}

std::uint64_t total_of(std::span<const std::uint64_t> cells) {
  return std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
}

/// The largest value there is, as its cell tells it; 0: none.
std::uint64_t most_of(std::span<const std::uint64_t> cells) {
  for (std::size_t i = cells.size(); i > 0; --i)
    if (cells[i - 1] > 0) return Latency::upper_end(i - 1);
  return 0;
}

struct Moments {
  double mean = 0;
  double deviation = 0;
};

/// A cell counts as its middle.
Moments moments_of(std::span<const std::uint64_t> cells) {
  const auto total = static_cast<double>(total_of(cells));
  if (total == 0) return {};
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const double low = i == 0 ? 0 : static_cast<double>(Latency::upper_end(i - 1) + 1);
    const double middle = (low + static_cast<double>(Latency::upper_end(i))) / 2;
    sum += static_cast<double>(cells[i]) * middle;
    squares += static_cast<double>(cells[i]) * middle * middle;
  }
  const double mean = sum / total;
  return {mean, std::sqrt(std::max(squares / total - mean * mean, 0.0))};
}

}  // namespace

Buffer hdr_histogram(std::span<const std::uint64_t> cells) {
  FLOTILLA_CHECK(cells.size() == Latency::kCells);
  const Buffer counts = encoded_counts(cells);
  Buffer plain;
  append_be<std::uint32_t>(plain, kPlainCookie);
  append_be<std::uint32_t>(plain, static_cast<std::uint32_t>(counts.size()));
  append_be<std::uint32_t>(plain, 0);
  append_be<std::uint32_t>(plain, kSignificantDigits);
  append_be<std::uint64_t>(plain, 1);
  append_be<std::uint64_t>(plain, kMostValue);
  append_be<std::uint64_t>(plain, std::bit_cast<std::uint64_t>(1.0));
  append(plain, counts);

  uLongf size = ::compressBound(plain.size());
  Buffer packed(size);
  const int done = ::compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                              reinterpret_cast<const Bytef*>(plain.data()), plain.size());
  FLOTILLA_CHECK(done == Z_OK);
  packed.resize(size);
  Buffer out;
  append_be<std::uint32_t>(out, kCompressedCookie);
  append_be<std::uint32_t>(out, static_cast<std::uint32_t>(size));
  append(out, packed);
  return out;
}

std::string hdr_log_header(std::chrono::system_clock::time_point start) {
  const double seconds = std::chrono::duration<double>(start.time_since_epoch()).count();
  return fmt::format(
      "#[Histogram log format version 1.3]\n"
      "#[Latencies in microseconds]\n"
      "#[StartTime: {:.3f} (seconds since epoch), {}]\n"
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
      seconds, utc_text(start));
}

std::string hdr_log_line(const HdrInterval& interval, std::span<const std::uint64_t> cells) {
  return fmt::format("{:.3f},{:.3f},{:.3f},{}\n", interval.begin_s, interval.length_s,
                     static_cast<double>(most_of(cells)), to_base64(hdr_histogram(cells)));
}

std::string hdr_percentiles(std::span<const std::uint64_t> cells) {
  constexpr double kTicksPerHalving = 5;
  const std::uint64_t total = total_of(cells);
  std::string text = fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile",
                                 "TotalCount", "1/(1-Percentile)");
  std::uint64_t seen = 0;
  double wanted = 0;  // Share of all, below 1.
  for (std::size_t i = 0; i < cells.size() && seen < total; ++i) {
    if (cells[i] == 0) continue;
    seen += cells[i];
    const double share = static_cast<double>(seen) / static_cast<double>(total);
    while (wanted <= share && wanted < 1) {
      // The ticks get as dense as what is left gets small; past the last value there is none.
      if (seen == total && 1 - wanted < 0.5 / static_cast<double>(total)) break;
      text +=
          fmt::format("{:12.3f} {:14.12f} {:10} {:14.2f}\n",
                      static_cast<double>(Latency::upper_end(i)), wanted, seen, 1 / (1 - wanted));
      const double halvings = std::floor(std::log2(1 / (1 - wanted))) + 1;
      wanted += 1 / (kTicksPerHalving * std::exp2(halvings));
    }
  }
  if (total > 0)
    text +=
        fmt::format("{:12.3f} {:14.12f} {:10}\n", static_cast<double>(most_of(cells)), 1.0, total);
  const Moments moments = moments_of(cells);
  return text + fmt::format(
                    "#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n"
                    "#[Max     = {:12.3f}, Total count    = {:12}]\n"
                    "#[Buckets = {:12}, SubBuckets     = {:12}]\n",
                    moments.mean, moments.deviation, static_cast<double>(most_of(cells)), total,
                    (Latency::kCells - Latency::kExact) / Latency::kSteps + 1, Latency::kExact);
}

}  // namespace flotilla::tools::bench
