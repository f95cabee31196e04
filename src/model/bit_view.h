#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace flotilla::model {

/// A run of bits in a blob, numbered from the most significant bit of byte 0. It must lie inside
/// the blob.
struct BitRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// How many bits the loops over a range take at once: with any offset they span at most eight
/// bytes.
inline constexpr std::uint64_t kBitStep = 56;

/// `size` (at most 64) bits from `offset` on, in the low bits of the result.
std::uint64_t load_bits(Bytes from, std::uint64_t offset, std::uint64_t size);
/// Puts the low `size` (at most 64) bits of `value` at `offset`.
void store_bits(MutableBytes to, std::uint64_t offset, std::uint64_t size, std::uint64_t value);

/// Copies bits; the two buffers must not overlap.
void copy_bits(MutableBytes to, std::uint64_t offset, Bytes from, BitRange range);
void clear_bits(MutableBytes to, BitRange range);
std::uint64_t count_bits(Bytes in, BitRange range);
/// Distance from the start of the range to its first (last) bit of this value; -1: none. As the
/// original server does, the search for the last one runs on to the start of the range's first
/// byte: it may find a bit before the range, at a distance below zero.
std::int64_t find_first_bit(Bytes in, BitRange range, bool value);
std::int64_t find_last_bit(Bytes in, BitRange range, bool value);

}  // namespace flotilla::model
