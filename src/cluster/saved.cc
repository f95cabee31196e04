#include "replica_core.h"

namespace flotilla::cluster {

using store::Lsn;

namespace {

constexpr std::uint8_t kVersion = 1;

enum Flag : std::uint8_t { kEverFull = 1, kFilling = 2, kDirty = 4, kReleased = 8 };

}  // namespace

CopyReport ReplicaCore::report() const {
  CopyReport report;
  report.row = row_;
  report.row_from_disk = row_from_disk_;
  report.ever_full = ever_full_;
  if (ever_full_) report.history = history_;
  if (!report.history.empty()) report.history.back().end = own_position().seq;
  report.records = partition_.index.size();
  report.durable = options().durable;
  return report;
}

/// Layout: docs/formats/replication.md.
Buffer ReplicaCore::save() {
  settle();
  shown_.unsaved.store(false, std::memory_order_relaxed);
  const bool gap =
      following_ && following_->complete && following_->highest > following_->contiguous;
  Buffer out;
  out.push_back(std::byte{kVersion});
  out.push_back(static_cast<std::byte>((ever_full_ ? kEverFull : 0) | (filling_ ? kFilling : 0) |
                                       (dirty_ || gap ? kDirty : 0) | (released_ ? kReleased : 0)));
  append_be(out, partition_.last_lsn.raw());
  write_row(out, row_);
  write_history(out, history_);
  Row last;
  last.in_sync = in_sync() ? row_.in_sync : last_in_sync_;
  write_row(out, last);
  return out;
}

Result<void> ReplicaCore::load(Bytes saved) {
  Reader in(saved);
  const auto version = in.be<std::uint8_t>();
  const auto flags = in.be<std::uint8_t>();
  const Lsn last(in.be<std::uint64_t>());
  Row row = read_row(in);
  std::vector<HistoryEntry> history = read_history(in);
  Row last_row = read_row(in);
  if (!in.ok() || in.left() != 0 || version != kVersion)
    return fail(Code::Parameter, "replica: what was saved does not parse");
  row_ = std::move(row);
  row_from_disk_ = row_.version != RowVersion{};
  history_ = std::move(history);
  last_in_sync_ = std::move(last_row.in_sync);
  in_sync_from_disk_ = true;
  ever_full_ = (flags & kEverFull) != 0 && !history_.empty();
  filling_ = (flags & kFilling) != 0;
  released_ = (flags & kReleased) != 0;
  // Records may be newer than what was saved, or fewer.
  dirty_ = unlike_saved_ = (flags & kDirty) != 0 || last != partition_.last_lsn;
  forget_changes(newest(history_));
  return {};
}

}  // namespace flotilla::cluster
