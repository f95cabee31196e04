#include "base/out_buffer.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/check.h"

namespace flotilla {
namespace {

constexpr std::size_t kLeast = 512;
constexpr std::size_t kKept = 16 << 10;  // More than this is given back when the buffer runs empty.

}  // namespace

OutBuffer::~OutBuffer() { release(); }

OutBuffer::OutBuffer(OutBuffer&& from) noexcept
    : memory_(std::exchange(from.memory_, nullptr)),
      begin_(std::exchange(from.begin_, 0)),
      end_(std::exchange(from.end_, 0)),
      capacity_(std::exchange(from.capacity_, 0)) {}

OutBuffer& OutBuffer::operator=(OutBuffer&& from) noexcept {
  if (this != &from) {
    release();
    memory_ = std::exchange(from.memory_, nullptr);
    begin_ = std::exchange(from.begin_, 0);
    end_ = std::exchange(from.end_, 0);
    capacity_ = std::exchange(from.capacity_, 0);
  }
  return *this;
}

void OutBuffer::consume(std::size_t size) {
  FLOTILLA_CHECK(size <= this->size());
  begin_ += size;
  if (begin_ != end_) return;
  begin_ = end_ = 0;
  if (capacity_ > kKept) release();
}

void OutBuffer::make_room(std::size_t size) {
  const std::size_t waiting = end_ - begin_;
  if (begin_ >= waiting && capacity_ >= waiting + size) {
    std::memcpy(memory_, memory_ + begin_, waiting);
  } else {
    const std::size_t capacity = std::max({kLeast, capacity_ * 2, waiting + size});
    auto* const memory = static_cast<std::byte*>(std::malloc(capacity));
    FLOTILLA_CHECK(memory != nullptr);
    if (waiting > 0) std::memcpy(memory, memory_ + begin_, waiting);
    std::free(memory_);
    memory_ = memory;
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = waiting;
}

void OutBuffer::release() {
  std::free(memory_);
  memory_ = nullptr;
  begin_ = end_ = capacity_ = 0;
}

}  // namespace flotilla
