#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace flotilla::model {

/// Stable sort that stays inside its bounds whatever `is_less` says: values with NaN in them have
/// no strict order, and they come from outside. Takes scratch memory for as many items; n log n
/// comparisons, n - 1 if already sorted.
template <class T, class Less>
void merge_sort(std::span<T> items, Less is_less) {
  if (std::ranges::is_sorted(items, is_less)) return;
  std::vector<T> scratch(items.begin(), items.end());
  std::span<T> from = items;
  std::span<T> to = scratch;
  for (std::size_t width = 1; width < items.size(); width *= 2) {
    for (std::size_t start = 0; start < items.size(); start += 2 * width) {
      std::size_t left = start;
      std::size_t right = std::min(start + width, items.size());
      const std::size_t middle = right;
      const std::size_t end = std::min(start + 2 * width, items.size());
      for (std::size_t out = start; out < end; ++out) {
        const bool takes_right =
            left == middle || (right != end && is_less(from[right], from[left]));
        to[out] = from[takes_right ? right++ : left++];
      }
    }
    std::swap(from, to);
  }
  if (from.data() != items.data()) std::ranges::copy(from, items.begin());
}

}  // namespace flotilla::model
