#pragma once

#include <compare>
#include <concepts>

namespace flotilla {

/// An integer that means one thing: no way in but explicit, no way out but raw().
template <class Tag, std::unsigned_integral Rep>
class Strong {
  Rep raw_ = 0;

 public:
  using rep = Rep;

  constexpr Strong() = default;
  constexpr explicit Strong(Rep raw) : raw_(raw) {}
  constexpr Rep raw() const { return raw_; }
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
};

}  // namespace flotilla
