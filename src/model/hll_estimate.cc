#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "base/check.h"
#include "hll.h"

/// Estimates from registers: how many elements, how much of them two or more sketches share.
namespace flotilla::model {
namespace {

// Cached counts are the clients' and may be anything; several are added.
constexpr std::uint64_t kCountMax = std::uint64_t{1} << 59;
// Zero divided by zero as x86 computes it, sign bit set: what the original answers.
const double kUndefined = -std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kRanks = std::size_t{1} << Sketch::kRankBits;

std::uint64_t rounded(double count) {
  constexpr double kLimit = 0x1p63;
  return count >= kLimit ? std::uint64_t{1} << 63U
                         : static_cast<std::uint64_t>(std::llround(count));
}

/// The share that empty registers contribute to the harmonic sum of Ertl's estimator (2017, "New
/// cardinality estimation algorithms for HyperLogLog sketches"): x + sum of x^(2^k) * 2^(k-1).
double sigma(double x) {
  if (x == 1.0) return INFINITY;
  double weight = 1.0;
  double sum = x;
  for (double before = -1.0; sum != before;) {
    before = sum;
    x *= x;
    sum += x * weight;
    weight += weight;
  }
  return sum;
}

double alpha(int index_bits, double registers) {
  switch (index_bits) {
    case 4:
      return 0.673;
    case 5:
      return 0.697;
    case 6:
      return 0.709;
    default:
      return 0.7213 / (1.0 + 1.079 / registers);
  }
}

/// Registers of two independent sets of `n` and `m` elements that hold equal values by chance, as
/// the HyperMinHash paper (Yu and Weber 2017, algorithms 5 and 6) computes it: exactly for ranks,
/// then by the chance of equal min-hashes.
double expected_collisions(const Sketch::Shape& shape, double n, double m) {
  constexpr int kRankMax = 64;
  constexpr double kLargeFactor = 0.169919487159739093975315012348;
  if (n < m) std::swap(n, m);
  if (n > std::ldexp(1.0, shape.index_bits + 5)) {
    const double ratio = n / m;
    const double spread = 4.0 * ratio / ((1.0 + ratio) * (1.0 + ratio));
    return kLargeFactor * std::ldexp(spread, shape.index_bits - shape.minhash_bits);
  }
  double sum = 0.0;
  for (int rank = 1; rank <= kRankMax; ++rank) {
    const double least = rank == kRankMax ? 0.0 : std::ldexp(1.0, -shape.index_bits - rank);
    const double most = std::ldexp(1.0, 1 - shape.index_bits - rank);
    sum += (std::pow(1.0 - most, n) - std::pow(1.0 - least, n)) *
           (std::pow(1.0 - most, m) - std::pow(1.0 - least, m));
  }
  return std::ldexp(sum, shape.index_bits - shape.minhash_bits);
}

bool have_minhashes(std::span<const Sketch> sketches) {
  return union_shape(sketches).minhash_bits != 0;
}

double minhash_similarity(Arena& arena, std::span<const Sketch> sketches) {
  const Sketch::Shape shape = union_shape(sketches);
  std::vector<Sketch> folded;
  for (const Sketch& sketch : sketches)
    folded.push_back(sketch.shape() == shape ? sketch : merged(arena, shape, std::array{sketch}));
  std::uint64_t used = 0;
  std::uint64_t equal = 0;
  for (std::uint64_t i = 0; i < shape.registers(); ++i) {
    const std::uint64_t first = folded.front().at(i);
    bool all_equal = first != 0;
    bool any_used = first != 0;
    for (const Sketch& sketch : std::span(folded).subspan(1)) {
      const std::uint64_t value = sketch.at(i);
      all_equal = all_equal && value == first;
      any_used = any_used || value != 0;
    }
    used += any_used ? 1 : 0;
    equal += all_equal ? 1 : 0;
  }
  if (used == 0) return kUndefined;
  if (equal == 0) return 0.0;
  const double by_chance =
      sketches.size() == 2 ? expected_collisions(shape, static_cast<double>(sketches[0].count()),
                                                 static_cast<double>(sketches[1].count()))
                           : 0.0;
  return std::max(0.0, static_cast<double>(equal) - by_chance) / static_cast<double>(used);
}

std::int64_t count_of(const Sketch& sketch) {
  return static_cast<std::int64_t>(std::min(sketch.count(), kCountMax));
}
std::int64_t shared_by(Arena& arena, const Sketch& a, const Sketch& b) {
  const std::int64_t all = count_of(union_of(arena, std::array{a, b}));
  return std::max<std::int64_t>(0, count_of(a) + count_of(b) - all);
}

/// Inclusion and exclusion over two or three sketches. What two share never counts as less than
/// nothing, nor does the result.
std::uint64_t excluded_count(Arena& arena, std::span<const Sketch> s) {
  FLOTILLA_CHECK(s.size() == 2 || s.size() == 3);
  if (s.size() == 2) return static_cast<std::uint64_t>(shared_by(arena, s[0], s[1]));
  const std::int64_t pairs =
      shared_by(arena, s[0], s[1]) + shared_by(arena, s[0], s[2]) + shared_by(arena, s[1], s[2]);
  const std::int64_t singles = count_of(s[0]) + count_of(s[1]) + count_of(s[2]);
  const std::int64_t all = count_of(union_of(arena, s));
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, all + pairs - singles));
}

}  // namespace

std::uint64_t Sketch::count() const {
  if (const auto cached = load_le<std::uint64_t>(bytes_.data() + 3); cached != 0) return cached;
  std::array<std::uint64_t, kRanks> of_rank{};
  for (std::uint64_t i = 0; i < shape_.registers(); ++i) ++of_rank[rank(i)];
  const auto registers = static_cast<double>(shape_.registers());
  double sum = 0.0;
  for (std::size_t rank = kRanks - 1; rank > 0; --rank)
    sum = 0.5 * (sum + static_cast<double>(of_rank[rank]));
  sum += registers * sigma(static_cast<double>(of_rank[0]) / registers);
  return rounded(alpha(shape_.index_bits, registers) * registers * registers / sum);
}

double similarity(Arena& arena, std::span<const Sketch> sketches) {
  if (have_minhashes(sketches)) return minhash_similarity(arena, sketches);
  const std::uint64_t all = union_of(arena, sketches).count();
  if (all == 0) return kUndefined;
  return static_cast<double>(excluded_count(arena, sketches)) / static_cast<double>(all);
}

std::uint64_t intersection_count(Arena& arena, std::span<const Sketch> sketches) {
  if (!have_minhashes(sketches)) return excluded_count(arena, sketches);
  const double share = minhash_similarity(arena, sketches);
  if (std::isnan(share)) return 0;
  return rounded(share * static_cast<double>(union_of(arena, sketches).count()));
}

}  // namespace flotilla::model
