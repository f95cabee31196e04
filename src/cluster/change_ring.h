#pragma once

#include <vector>

#include "cluster/ids.h"
#include "store/record.h"

namespace flotilla::cluster {

/// The last changes of a partition, in the order in which they were made here. For a primary that
/// is the order of their numbers, so it is also the window of what is not acknowledged yet.
class ChangeRing {
 public:
  struct Change {
    store::Lsn lsn;
    wire::Digest digest;
    bool absorb = false;  // Not a record: a note in the history.
  };

  std::size_t size() const { return changes_.size() - first_; }
  /// 0 is the newest.
  const Change& newest(std::size_t back) const { return changes_[changes_.size() - 1 - back]; }
  const Change& oldest() const { return changes_[first_]; }
  void add(const Change& change) { changes_.push_back(change); }
  void drop_oldest() {
    ++first_;
    if (first_ < 64 || first_ * 2 < changes_.size()) return;
    changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  /// Forgets all; everything after `floor` will be here.
  void restart(const Position& floor) {
    changes_ = {};
    first_ = 0;
    floor_ = floor;
  }
  /// Every change of the copy's line after this is in the ring.
  const Position& floor() const { return floor_; }
  void set_floor(const Position& floor) { floor_ = floor; }
  std::size_t memory() const { return changes_.capacity() * sizeof(Change); }

 private:
  std::vector<Change> changes_;
  std::size_t first_ = 0;
  Position floor_;
};

}  // namespace flotilla::cluster
