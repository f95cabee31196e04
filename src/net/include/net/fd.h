#pragma once

#include <unistd.h>

#include <utility>

namespace flotilla::net {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int raw) : raw_(raw) {}
  Fd(Fd&& from) noexcept : raw_(std::exchange(from.raw_, -1)) {}
  Fd& operator=(Fd&& from) noexcept {
    std::swap(raw_, from.raw_);
    return *this;
  }
  ~Fd() {
    if (raw_ != -1) ::close(raw_);
  }

  int raw() const { return raw_; }
  bool valid() const { return raw_ != -1; }

 private:
  int raw_ = -1;
};

}  // namespace flotilla::net
