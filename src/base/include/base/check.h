#pragma once

namespace flotilla {

/// Prints the broken assumption with its place and aborts.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace flotilla

/// Assertion that stays on in release. For what cannot happen; what may happen travels as Result.
#define FLOTILLA_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::flotilla::check_failed(#expression, __FILE__, __LINE__))
