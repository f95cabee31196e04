#pragma once

#include <chrono>
#include <csignal>

namespace flotilla::tools {

/// While it lives, Ctrl-C does not end the program but is remembered; a second one ends it, for
/// when nobody looks. One at a time.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  /// Since the last one was made.
  static bool has_come();
  /// False: Ctrl-C has come meanwhile, or before.
  bool sleep(std::chrono::milliseconds time) const;

 private:
  struct sigaction before_{};
};

}  // namespace flotilla::tools
