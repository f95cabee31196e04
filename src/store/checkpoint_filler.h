#pragma once

#include <optional>
#include <vector>

#include "store/checkpoint_format.h"
#include "store/log.h"

namespace flotilla::store {

/// Fills chunks of an index checkpoint with what the owner's index has of some partitions, a few
/// records at a time. The index may change meanwhile: each record is taken as it is when its turn
/// comes, once, or left out.
///
///   start(room) -> fill() -> More ... -> Full -> finish() -> start(room) -> ... -> Ended ->
///   finish()
class CheckpointFiller {
 public:
  enum class Progress { More, Full, Ended };

  /// Every `stride`-th partition from `first` on. `covered`: by slot, the segments that the
  /// checkpoint speaks of; of a record that is in another one nothing is written. It must outlive
  /// this.
  CheckpointFiller(LogOwner& owner, const std::vector<bool>& covered, std::size_t first,
                   std::size_t stride);

  /// How many chunks of `room` bytes a file's whole index takes, if it stays as it is now.
  static std::size_t chunks(LogOwner& owner, unsigned file, unsigned files, std::size_t room);

  /// The next chunk is made in `room`.
  void start(MutableBytes room);
  /// Looks at about `most` records. Full: finish() it, and start() the next one.
  Progress fill(std::size_t most);
  bool empty() const { return chunk_.empty(); }
  std::uint32_t entries() const { return chunk_.entries(); }
  std::size_t finish(const CheckpointId& id, std::uint32_t index) {
    return chunk_.finish(id, index);
  }
  /// Bytes of the records that were written of so far, by slot.
  const std::vector<std::uint32_t>& live() const { return live_; }

 private:
  void to_next_partition();

  LogOwner& owner_;
  const std::vector<bool>& covered_;
  const std::size_t stride_;
  CheckpointChunkWriter chunk_;
  std::size_t partition_;
  std::optional<IndexHead> head_;    // Of it; the same in every chunk.
  bool begun_ = false;               // It has a run in this chunk.
  std::vector<IndexedRecord> some_;  // Of it, to be written next ...
  std::size_t next_ = 0;             // ... from here on.
  std::optional<wire::Digest> below_;
  std::vector<std::uint32_t> live_;
};

}  // namespace flotilla::store
