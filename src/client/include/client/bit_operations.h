#pragma once

#include <cstdint>
#include <string_view>

#include "client/operation.h"

/// Operations on the bits of a blob bin, for operate() (docs/formats/wire.md). Bits are numbered
/// from the most significant bit of the first byte; offsets may be negative and count from the end
/// then.
namespace flotilla::client::op::bits {

struct Policy {
  bool create_only = false;  // BinExists when there is the bin. Of resize and insert.
  bool update_only = false;  // BinNotFound when there is none.
  bool no_fail = false;      // What is refused is left out, and is no failure.
  bool partial = false;      // A range that reaches beyond the end is cut there.
};

/// How resize() may work.
enum class Resize : std::int64_t { AtEnd = 0, AtFront = 1, GrowOnly = 2, ShrinkOnly = 4 };
/// What add() and subtract() do where the result does not fit.
enum class Overflow : std::int64_t { Fail = 0, Saturate = 2, Wrap = 4 };
struct Arithmetic {
  bool is_signed = false;
  Overflow overflow = Overflow::Fail;
};
/// In bits.
struct Range {
  std::int64_t offset;
  std::int64_t size;
};

// Sizes of these three in bytes.
Operation resize(std::string_view bin, std::int64_t size, Resize how = Resize::AtEnd,
                 const Policy& policy = {});
Operation insert(std::string_view bin, std::int64_t offset, Buffer bytes,
                 const Policy& policy = {});
Operation remove(std::string_view bin, std::int64_t offset, std::int64_t size,
                 const Policy& policy = {});

Operation set(std::string_view bin, Range range, Buffer bytes, const Policy& policy = {});
Operation bit_or(std::string_view bin, Range range, Buffer bytes, const Policy& policy = {});
Operation bit_xor(std::string_view bin, Range range, Buffer bytes, const Policy& policy = {});
Operation bit_and(std::string_view bin, Range range, Buffer bytes, const Policy& policy = {});
Operation bit_not(std::string_view bin, Range range, const Policy& policy = {});
Operation shift_left(std::string_view bin, Range range, std::int64_t by, const Policy& policy = {});
Operation shift_right(std::string_view bin, Range range, std::int64_t by,
                      const Policy& policy = {});
/// Integers of 1 to 64 bits, big-endian.
Operation add(std::string_view bin, Range range, std::int64_t value, Arithmetic how = {},
              const Policy& policy = {});
Operation subtract(std::string_view bin, Range range, std::int64_t value, Arithmetic how = {},
                   const Policy& policy = {});
Operation set_integer(std::string_view bin, Range range, std::int64_t value,
                      const Policy& policy = {});

/// A blob, its first bit the one at `offset`.
Operation get(std::string_view bin, Range range);
/// How many are 1.
Operation count(std::string_view bin, Range range);
/// Where in the range the first or last bit of that value stands; -1: nowhere.
Operation find_first(std::string_view bin, Range range, bool value);
Operation find_last(std::string_view bin, Range range, bool value);
Operation get_integer(std::string_view bin, Range range, bool is_signed = false);

}  // namespace flotilla::client::op::bits
