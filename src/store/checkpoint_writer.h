#pragma once

#include <vector>

#include "checkpoint_filler.h"
#include "store/aligned_buffer.h"

namespace flotilla::store {

/// Writes the owner's index into free segments of a closing file. Stepped by one thread; chunks are
/// made in parallel, as the host can. Does not sync, and touches no segment in use.
///
///   start() -> [round: one chunk of each part] -> written() -> ... -> root -> written() -> Done
class CheckpointWriter {
 public:
  enum class Outcome { Pending, Done, NoRoom };

  /// What it needs to know of the file.
  struct Ground {
    CheckpointId id{};
    unsigned file = 0;
    unsigned files = 1;
    std::uint32_t segments = 0;  // Of the file.
    std::uint32_t segment_size = 0;
    std::uint32_t align = 0;
    std::vector<std::uint32_t> free{};  // Slots that it may write to, in the order to take them.
    std::vector<CheckpointRoot::Segment> used{};  // `live` is found out.
  };

  CheckpointWriter(Ground ground, LogOwner& owner, LogHost& host);

  /// The requests' tokens mean nothing.
  Outcome start(std::vector<IoRequest>& out);
  /// All that was asked for has been written.
  Outcome written(std::vector<IoRequest>& out);
  /// After Done: where the root is.
  std::uint32_t root() const { return root_; }
  std::uint64_t entries() const { return found_.entries; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Part {  // Of the work: every so many partitions.
    AlignedBuffer buffer;
    CheckpointFiller filler;
  };

  Outcome round(std::vector<IoRequest>& out);
  Outcome write_root(std::vector<IoRequest>& out);
  void write(std::uint32_t slot, AlignedBuffer& buffer, std::size_t size,
             std::vector<IoRequest>& out);
  std::size_t room() const { return ground_.segment_size - 2 * std::size_t{ground_.align}; }

  const Ground ground_;
  LogOwner& owner_;
  LogHost& host_;
  std::vector<bool> covered_;  // All segments in use, by slot.
  std::vector<Part> parts_;
  CheckpointRoot found_;
  std::uint32_t root_ = 0;
  std::size_t taken_ = 0;  // Of the free segments.
  std::uint64_t bytes_ = 0;
};

}  // namespace flotilla::store
