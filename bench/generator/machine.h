#pragma once

#include <cstdint>
#include <utility>

#include "base/result.h"

namespace flotilla::bench {

/// Owns one descriptor and closes it exactly once. Moved from, it holds none.
class Fd {
 public:
  explicit Fd(int raw = -1) : raw_(raw) {}
  Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Fd();
  int raw() const { return raw_; }

 private:
  int raw_;
};

/// Monotonic nanoseconds.
std::uint64_t now_ns();
/// CPU time of all threads of a process, ended ones included, in nanoseconds as the scheduler
/// counts them.
Result<std::uint64_t> cpu_ns_of(int pid);
/// Binds the calling thread to one core.
Result<void> pin_to_core(int core);
/// A non-blocking connection without Nagle's delay to a port of this machine.
Result<Fd> connect_to(std::uint16_t port);

}  // namespace flotilla::bench
