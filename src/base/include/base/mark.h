#pragma once

#include <atomic>
#include <cstdint>
#include <span>

namespace flotilla {

/// A branch that is seldom taken, and how often it was. Simulations list the marks that none of
/// their schedules reached. Any thread may count and read.
struct alignas(16) Mark {
  const char* name;
  std::atomic<std::uint64_t> times;
};

/// NOLINTBEGIN(readability-identifier-naming,bugprone-reserved-identifier): named by the linker.
extern "C" {
extern Mark __start_flotilla_marks[] __attribute__((weak));
extern Mark __stop_flotilla_marks[] __attribute__((weak));
}
/// NOLINTEND(readability-identifier-naming,bugprone-reserved-identifier)

/// All that the program contains, reached or not, in no order.
inline std::span<Mark> marks() {
  return __start_flotilla_marks == nullptr
             ? std::span<Mark>{}
             : std::span<Mark>(__start_flotilla_marks, __stop_flotilla_marks);
}

}  // namespace flotilla

/// Counts that this place was reached. Costs an addition, so only where it is rare. Not in inline
/// functions and templates: their objects would need another section.
#define FLOTILLA_MARK(text)                                                                        \
  do {                                                                                             \
    __attribute__((section("flotilla_marks"), used)) static constinit ::flotilla::Mark mark_{text, \
                                                                                             {}};  \
    mark_.times.fetch_add(1, std::memory_order_relaxed);                                           \
  } while (false)
