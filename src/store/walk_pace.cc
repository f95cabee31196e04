#include "store/walk_pace.h"

#include <algorithm>

namespace flotilla::store {
namespace {

constexpr std::size_t kPartLeast = 16;
constexpr std::size_t kPartMost = 16'384;

}  // namespace

void WalkPace::worked(Instant began, Instant ended, bool was_full) {
  ended_ = ended;
  took_ = ended - began;
  if (took_ > kPart)
    part_ = std::max(part_ / 2, kPartLeast);
  else if (took_ < kPart / 2 && was_full)
    part_ = std::min(part_ * 2, kPartMost);
}

Instant WalkPace::rests_until(const Walk& walk) const {
  if (walk.pressed) return ended_ + took_ / 4;
  const bool late = ended_ > due(walk);
  return ended_ + (late ? took_ : 3 * took_);
}

Instant WalkPace::next(const Walk& walk) const {
  const Instant rested = rests_until(walk);
  return walk.pressed ? rested : std::max(rested, due(walk));
}

/// When the walk should be as far as it is.
Instant WalkPace::due(const Walk& walk) const {
  const double period = static_cast<double>(walk.period.count());
  return begun_ + Duration(static_cast<Duration::rep>(period * walk.done));
}

}  // namespace flotilla::store
