#pragma once

#include <deque>
#include <map>

#include "store/aligned_buffer.h"

namespace flotilla::store {

/// The units that a file wrote last, so that what has just been written is read from memory. A
/// queue: the oldest goes first. Guarded by its owner.
class WrittenLately {
 public:
  /// Bytes of units to keep; 0: none.
  void resize(std::uint64_t most);
  /// Takes the unit of `used` bytes that stands at `offset` of the segment. Returns the buffer if
  /// it is not needed, else an empty one.
  AlignedBuffer keep(std::uint32_t slot, std::uint32_t offset, std::uint32_t used,
                     AlignedBuffer buffer);
  /// The segment is about to be written anew.
  void forget_segment(std::uint32_t slot);
  /// False: not all of it is here.
  bool copy(std::uint32_t slot, std::uint32_t offset, MutableBytes into) const;
  std::uint64_t bytes() const { return bytes_; }

 private:
  using Place = std::pair<std::uint32_t, std::uint32_t>;  // Segment and offset.
  struct Kept {
    AlignedBuffer buffer;
    std::uint32_t used = 0;
  };

  void shrink();

  std::map<Place, Kept> units_;
  std::deque<Place> order_;
  std::uint64_t most_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace flotilla::store
