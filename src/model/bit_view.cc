#include "bit_view.h"

#include <algorithm>
#include <bit>

namespace flotilla::model {
namespace {

constexpr std::uint64_t low_mask(std::uint64_t size) {
  return size == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << size) - 1;
}

/// The bytes that hold a run of at most kBitStep bits, and where in their big-endian number it
/// ends.
struct Window {
  std::size_t first;
  std::size_t bytes;
  std::uint64_t shift;

  Window(std::uint64_t offset, std::uint64_t size)
      : first(offset / 8),
        bytes((offset % 8 + size + 7) / 8),
        shift(bytes * 8 - offset % 8 - size) {}

  std::uint64_t load(const std::byte* from) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value = value << 8 | static_cast<std::uint64_t>(from[first + i]);
    return value;
  }
  void store(std::byte* to, std::uint64_t value) const {
    for (std::size_t i = bytes; i-- > 0; value >>= 8) to[first + i] = static_cast<std::byte>(value);
  }
};

}  // namespace

std::uint64_t load_bits(Bytes from, std::uint64_t offset, std::uint64_t size) {
  if (size > kBitStep) {
    const std::uint64_t low = size - kBitStep;
    return load_bits(from, offset, kBitStep) << low | load_bits(from, offset + kBitStep, low);
  }
  const Window window(offset, size);
  return window.load(from.data()) >> window.shift & low_mask(size);
}

void store_bits(MutableBytes to, std::uint64_t offset, std::uint64_t size, std::uint64_t value) {
  if (size > kBitStep) {
    const std::uint64_t low = size - kBitStep;
    store_bits(to, offset, kBitStep, value >> low);
    return store_bits(to, offset + kBitStep, low, value);
  }
  const Window window(offset, size);
  const std::uint64_t mask = low_mask(size) << window.shift;
  window.store(to.data(), (window.load(to.data()) & ~mask) | (value << window.shift & mask));
}

void copy_bits(MutableBytes to, std::uint64_t offset, Bytes from, BitRange range) {
  for (std::uint64_t at = 0; at < range.size; at += kBitStep) {
    const std::uint64_t step = std::min(kBitStep, range.size - at);
    store_bits(to, offset + at, step, load_bits(from, range.offset + at, step));
  }
}

void clear_bits(MutableBytes to, BitRange range) {
  for (std::uint64_t at = 0; at < range.size; at += kBitStep)
    store_bits(to, range.offset + at, std::min(kBitStep, range.size - at), 0);
}

std::uint64_t count_bits(Bytes in, BitRange range) {
  std::uint64_t count = 0;
  for (std::uint64_t at = 0; at < range.size; at += kBitStep) {
    const std::uint64_t step = std::min(kBitStep, range.size - at);
    count += static_cast<std::uint64_t>(std::popcount(load_bits(in, range.offset + at, step)));
  }
  return count;
}

std::int64_t find_first_bit(Bytes in, BitRange range, bool value) {
  for (std::uint64_t at = 0; at < range.size; at += kBitStep) {
    const std::uint64_t step = std::min(kBitStep, range.size - at);
    const std::uint64_t bits =
        load_bits(in, range.offset + at, step) ^ (value ? 0 : low_mask(step));
    if (bits != 0)
      return static_cast<std::int64_t>(at + step) - static_cast<std::int64_t>(std::bit_width(bits));
  }
  return -1;
}

std::int64_t find_last_bit(Bytes in, BitRange range, bool value) {
  const std::uint64_t lead = range.offset % 8;
  const std::uint64_t start = range.offset - lead;
  for (std::uint64_t left = range.size + lead; left != 0;) {
    const std::uint64_t step = std::min(kBitStep, left);
    left -= step;
    const std::uint64_t bits = load_bits(in, start + left, step) ^ (value ? 0 : low_mask(step));
    if (bits != 0)
      return static_cast<std::int64_t>(left + step - 1) - std::countr_zero(bits) -
             static_cast<std::int64_t>(lead);
  }
  return -1;
}

}  // namespace flotilla::model
