#pragma once

#include <vector>

#include "model/msgpack.h"

/// Where some of the elements of a large list or map begin, so that finding one does not walk all
/// before it. They stand in the flags element of a bin's value, and only of a bin's: inside other
/// collections, in arguments and on the wire there are none.
namespace flotilla::model {

/// Smaller collections are walked.
inline constexpr std::uint32_t kSignpostsFrom = 256;  // Elements or pairs.
/// Elements from one signpost to the next, as they are put and as they stand after changes.
inline constexpr std::uint32_t kSignpostStep = 32;
inline constexpr std::uint32_t kSignpostStepLeast = kSignpostStep / 2;
inline constexpr std::uint32_t kSignpostStepMost = kSignpostStep + kSignpostStepLeast;

/// Element or pair `i` begins so many bytes behind the start of the first.
struct Signpost {
  std::uint32_t i = 0;
  std::uint32_t offset = 0;
};

/// Signposts in the order of their places. | i u32 | offset u32 |, big-endian, for each.
class Signposts {
 public:
  static constexpr std::size_t kSize = 8;  // Bytes of one.

  explicit Signposts(Bytes bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size() / kSize; }
  Signpost operator[](std::size_t n) const {
    const std::byte* const at = bytes_.data() + n * kSize;
    return {load_be<std::uint32_t>(at), load_be<std::uint32_t>(at + 4)};
  }
  /// The last one that is not behind element `i`; the start of all when none is.
  Signpost before(std::uint32_t i) const;

 private:
  Bytes bytes_;
};

/// A bin's list or map, which has no signposts, with them if it is large. Those of `old` are used
/// where the bytes are the same: the bin's value before (empty: there was none). Time for the bytes
/// to be compared and copied, and for walking what is new.
Bytes with_signposts(Arena& arena, Bytes value, Bytes old);

}  // namespace flotilla::model
