#pragma once

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "store/file.h"

namespace flotilla::sim {

/// A disk with one file, in memory, that does what real ones may: requests complete in any order,
/// and when the power fails, what was not synced is kept, lost, or kept in part, sector by sector
/// and in no order. Seeded.
class Disk {
 public:
  static constexpr std::size_t kSector = 512;

  Disk(std::size_t size, Random& random) : random_(random), seen_(size), durable_(size) {}

  std::size_t size() const { return seen_.size(); }
  void submit(const store::IoRequest& request) {
    in_flight_.push_back({.request = request, .writes_before = completed_writes_});
  }
  bool idle() const { return in_flight_.empty(); }
  std::size_t in_flight() const { return in_flight_.size(); }

  /// Carries out one of the requests under way; there must be one.
  store::IoCompletion complete_any() { return complete(random_.below(in_flight_.size())); }
  store::IoCompletion complete_first() { return complete(0); }

  /// The process dies: what it asked for may still happen, in part, and what was written is seen by
  /// the next one, but is no more durable than before.
  void kill() {
    for (Asked& asked : in_flight_)
      if (asked.request.kind == store::IoKind::Write && random_.chance(0.5))
        keep_some(asked.request, seen_);
    in_flight_.clear();
  }
  /// The power fails: of everything that was not synced any part may be there.
  void cut_power() {
    // One mood a crash, so that the extremes (all, nothing) are as frequent as the mixtures.
    keep_share_ = random_.chance(0.25)   ? 0.0
                  : random_.chance(0.33) ? 1.0
                  : random_.chance(0.5)  ? 0.5
                                         : 0.9;
    for (Write& write : unsynced_) {
      if (random_.chance(0.5)) {
        if (random_.chance(keep_share_))
          std::ranges::copy(write.bytes, durable_.begin() + write.at);
      } else {
        keep_sectors(write.at, write.bytes, durable_);
      }
    }
    for (Asked& asked : in_flight_)
      if (asked.request.kind == store::IoKind::Write)
        keep_sectors(static_cast<std::ptrdiff_t>(asked.request.offset), asked.request.from,
                     durable_);
    in_flight_.clear();
    unsynced_.clear();
    seen_ = durable_;
  }

  /// A disk, or a program, that forgets to sync: what a test must notice.
  void ignore_syncs(bool ignore) { ignore_syncs_ = ignore; }
  void fail_writes(bool fail) { fail_writes_ = fail; }
  void fail_syncs(bool fail) { fail_syncs_ = fail; }
  void fail_reads(bool fail) { fail_reads_ = fail; }

  /// The bytes as a reader sees them; to damage them, or to look.
  MutableBytes bytes() { return seen_; }
  /// Damage is on the disk itself.
  void damage(std::size_t at, std::byte to) {
    seen_[at] = to;
    durable_[at] = to;
  }

 private:
  struct Asked {
    store::IoRequest request;
    std::uint64_t writes_before = 0;
  };
  struct Write {
    std::uint64_t number = 0;
    std::ptrdiff_t at = 0;
    Buffer bytes;
  };

  store::IoCompletion complete(std::size_t which) {
    const Asked asked = in_flight_[which];
    in_flight_.erase(in_flight_.begin() + static_cast<std::ptrdiff_t>(which));
    const store::IoRequest& request = asked.request;
    using enum store::IoKind;
    switch (request.kind) {
      case Read:
        if (fail_reads_) return failed(request);
        return read(request);
      case Write:
        if (fail_writes_) return failed(request);
        FLOTILLA_CHECK(request.offset + request.from.size() <= seen_.size());
        std::ranges::copy(request.from,
                          seen_.begin() + static_cast<std::ptrdiff_t>(request.offset));
        unsynced_.push_back({.number = completed_writes_++,
                             .at = static_cast<std::ptrdiff_t>(request.offset),
                             .bytes = {request.from.begin(), request.from.end()}});
        return {.token = request.token, .result = request.from.size()};
      case Sync:
        break;
    }
    if (fail_syncs_) return failed(request);
    if (!ignore_syncs_) sync_up_to(asked.writes_before);
    return {.token = request.token, .result = 0};
  }

  store::IoCompletion read(const store::IoRequest& request) {
    FLOTILLA_CHECK(request.offset <= seen_.size());
    const std::size_t size = std::min(request.into.size(), seen_.size() - request.offset);
    std::copy_n(seen_.begin() + static_cast<std::ptrdiff_t>(request.offset), size,
                request.into.begin());
    return {.token = request.token, .result = size};
  }
  static store::IoCompletion failed(const store::IoRequest& request) {
    return {.token = request.token, .result = fail(Code::Unknown, "disk: planned failure")};
  }

  /// Writes may have been overtaken: an earlier one synced after a later one to the same place must
  /// not win, so they are applied in their order up to the number.
  void sync_up_to(std::uint64_t number) {
    std::size_t done = 0;
    for (; done < unsynced_.size() && unsynced_[done].number < number; ++done)
      std::ranges::copy(unsynced_[done].bytes, durable_.begin() + unsynced_[done].at);
    unsynced_.erase(unsynced_.begin(), unsynced_.begin() + static_cast<std::ptrdiff_t>(done));
  }

  void keep_sectors(std::ptrdiff_t at, Bytes bytes, Buffer& in) {
    for (std::size_t i = 0; i < bytes.size(); i += kSector)
      if (random_.chance(keep_share_))
        std::ranges::copy(bytes.subspan(i, std::min(kSector, bytes.size() - i)),
                          in.begin() + at + static_cast<std::ptrdiff_t>(i));
  }
  /// A prefix, as a process killed in the middle of a write leaves it.
  void keep_some(const store::IoRequest& request, Buffer& in) {
    const std::size_t size = random_.below(request.from.size() / kSector + 1) * kSector;
    const Bytes part = request.from.first(size);
    std::ranges::copy(part, in.begin() + static_cast<std::ptrdiff_t>(request.offset));
    unsynced_.push_back({.number = completed_writes_++,
                         .at = static_cast<std::ptrdiff_t>(request.offset),
                         .bytes = {part.begin(), part.end()}});
  }

  Random& random_;
  Buffer seen_;
  Buffer durable_;
  std::vector<Asked> in_flight_;
  std::vector<Write> unsynced_;
  std::uint64_t completed_writes_ = 0;
  double keep_share_ = 0.5;
  bool ignore_syncs_ = false;
  bool fail_writes_ = false;
  bool fail_syncs_ = false;
  bool fail_reads_ = false;
};

}  // namespace flotilla::sim
