#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace flotilla {

/// Bytes on their way out: appended at the end, taken from the front. Growth leaves new bytes
/// uninitialised, and memory beyond a few KiB is given back once all is taken, so that an idle
/// connection costs little. One thread at a time.
class OutBuffer {
 public:
  OutBuffer() = default;
  ~OutBuffer();
  OutBuffer(OutBuffer&& from) noexcept;
  OutBuffer& operator=(OutBuffer&& from) noexcept;

  /// Room for `size` more bytes; the caller writes all of them. Valid until the next call.
  std::byte* grow(std::size_t size) {
    if (capacity_ - end_ < size) make_room(size);
    std::byte* const at = memory_ + end_;
    end_ += size;
    return at;
  }
  void append(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
  }
  /// Drops all after the first `size` waiting bytes: a reply begun in vain is taken back.
  void truncate(std::size_t size) { end_ = begin_ + size; }
  void consume(std::size_t size);

  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  /// The waiting bytes; `offset` counts from the first of them.
  std::byte* data(std::size_t offset = 0) { return memory_ + begin_ + offset; }
  Bytes view() const { return {memory_ + begin_, end_ - begin_}; }
  std::size_t capacity() const { return capacity_; }

 private:
  void make_room(std::size_t size);
  void release();

  std::byte* memory_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace flotilla
