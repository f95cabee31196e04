#pragma once

#include <cstdlib>
#include <new>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace flotilla::store {

/// Memory that direct I/O accepts. Move-only; contents undefined until written.
class AlignedBuffer {
 public:
  static constexpr std::size_t kAlign = 4096;

  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) : size_((size + kAlign - 1) / kAlign * kAlign) {
    data_ = static_cast<std::byte*>(std::aligned_alloc(kAlign, size_));
    FLOTILLA_CHECK(data_ != nullptr);
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~AlignedBuffer() { std::free(data_); }

  std::byte* data() { return data_; }
  std::size_t size() const { return size_; }
  Bytes part(std::size_t at, std::size_t size) const {
    return Bytes(data_, size_).subspan(at, size);
  }
  MutableBytes first(std::size_t size) { return MutableBytes(data_, size_).first(size); }
  MutableBytes part(std::size_t at, std::size_t size) {
    return MutableBytes(data_, size_).subspan(at, size);
  }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace flotilla::store
