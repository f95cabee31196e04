#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace flotilla {

/// Bump allocator for the scratch memory of one request: values made by operations live until
/// reset().
///
/// The first block is kept for ever, so steady work allocates nothing. One thread at a time.
class Arena {
 public:
  static constexpr std::size_t kFirstBlockSize = 64 << 10;

  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Uninitialised bytes, aligned to 8, valid until reset().
  MutableBytes allocate(std::size_t size);
  Bytes copy(Bytes bytes);
  /// Gives back the unused end of the newest allocation.
  void shrink_last(MutableBytes last, std::size_t used);
  void reset();
  /// Bytes handed out since the last reset(); what a bound on an operation's memory is checked
  /// against.
  std::size_t used() const { return used_; }
  /// Bytes that operations walked through since the last reset(), as they noted them; what a bound
  /// on a request's time is checked against.
  std::size_t walked() const { return walked_; }
  void note_walk(std::size_t bytes) { walked_ += bytes; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::byte* at_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t used_ = 0;
  std::size_t walked_ = 0;
};

}  // namespace flotilla
