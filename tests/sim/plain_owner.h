#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/check.h"
#include "store/log.h"

namespace flotilla::sim {

/// The simplest owner a log can have: a map, with tombstones kept in it.
class PlainOwner : public store::LogOwner, public store::LogHost {
 public:
  struct Entry {
    store::Lsn lsn;
    std::uint32_t void_time = 0;
    std::uint8_t flags = 0;
    std::string set{};
    Buffer body{};
    store::RecordPlace at{};
    bool body_known = true;  // Not of one that came from an index checkpoint.
    bool hides = false;      // A copy older than this tombstone was seen in the present pass.
    bool candidate = false;

    bool is_tombstone() const { return (flags & store::kTombstone) != 0; }
  };

  void attach(store::Log& log) { log_ = &log; }

  store::RecordImage image_of(const wire::Digest& digest, const Entry& entry) const {
    return {.digest = digest,
            .lsn = entry.lsn,
            .void_time = entry.void_time,
            .flags = entry.flags,
            .set = entry.set,
            .body = entry.body};
  }

  /// Appends and indexes a new version. The entry's segment is filled in.
  Result<store::LogPosition> put(const wire::Digest& digest, Entry entry) {
    const auto place = log_->append(image_of(digest, entry));
    if (!place) return tl::unexpected(place.error());
    const auto old = entries.find(digest);
    if (old != entries.end()) log_->released(old->second.at);
    entry.at = place->at;
    note_last(digest, entry.lsn);
    entries[digest] = std::move(entry);
    return place->end;
  }
  /// Forgets an entry, as for a tombstone that is not needed any more.
  void drop(const wire::Digest& digest) {
    const auto old = entries.find(digest);
    log_->released(old->second.at);
    entries.erase(old);
  }

  store::Recovered recovered(const store::RecordImage& image,
                             const store::RecordPlace& at) override {
    ++seen;
    const auto part = part_of_.emplace(image.digest.partition(), part_).first->second;
    FLOTILLA_CHECK(part == part_);
    const auto old = entries.find(image.digest);
    if (old != entries.end()) {
      const bool tombstone = (image.flags & store::kTombstone) != 0;
      const bool wins = image.lsn > old->second.lsn ||
                        (image.lsn == old->second.lsn && tombstone && !old->second.is_tombstone());
      if (!wins) return store::Recovered::Old;
      log_->released(old->second.at);
    }
    note_last(image.digest, image.lsn);
    entries[image.digest] = {.lsn = image.lsn,
                             .void_time = image.void_time,
                             .flags = image.flags,
                             .set = std::string(image.set),
                             .body = {image.body.begin(), image.body.end()},
                             .at = at};
    return store::Recovered::Kept;
  }

  Result<bool> relocate(const store::RecordImage& image, store::SegmentSlot segment) override {
    const auto found = entries.find(image.digest);
    if (found == entries.end()) return false;
    Entry& entry = found->second;
    if (entry.lsn != image.lsn || entry.at.segment != segment) return false;
    const auto place = log_->append_moved(image);  // As on a device, where there is nothing else.
    if (!place) return tl::unexpected(place.error());
    log_->released(entry.at);
    entry.at = place->at;
    return true;
  }

  /// As for a namespace that has everything in memory.
  bool segment_damaged(store::SegmentSlot segment) override {
    for (auto& [digest, entry] : entries)
      if (entry.at.segment == segment && entry.body_known &&
          !relocate(image_of(digest, entry), segment))
        return false;
    return true;
  }

  store::IndexHead index_head(wire::PartitionId partition) override {
    const auto last = last_lsn.find(partition);
    store::IndexHead head{.partition = partition,
                          .last = last == last_lsn.end() ? store::Lsn{} : last->second};
    if (last == last_lsn.end()) return head;
    for (const auto& [digest, entry] : entries)
      head.records += digest.partition() == partition ? 1 : 0;
    return head;
  }
  void index_below(wire::PartitionId partition, const wire::Digest* below,
                   std::vector<store::IndexedRecord>& out) override {
    constexpr std::size_t kSome = 5;
    out.clear();
    auto at = below == nullptr ? entries.end() : entries.lower_bound(*below);
    while (at != entries.begin() && out.size() < kSome) {
      --at;
      if (at->first.partition() != partition) continue;
      store::RecordImage image = image_of(at->first, at->second);
      image.body = {};
      image.set = *set_names_.insert(at->second.set).first;
      const auto body_size = static_cast<std::uint32_t>(at->second.body.size());
      out.push_back({.image = image, .body_size = body_size, .at = at->second.at});
    }
  }
  bool index_restored(const store::IndexHead& head,
                      std::span<const store::IndexedRecord> records) override {
    const auto part = part_of_.emplace(head.partition, part_).first->second;
    FLOTILLA_CHECK(part == part_);
    note_last(head.partition, head.last);
    for (const store::IndexedRecord& each : records) {
      const store::RecordImage& image = each.image;
      FLOTILLA_CHECK(!entries.contains(image.digest));
      note_last(image.digest, image.lsn);
      entries[image.digest] = {.lsn = image.lsn,
                               .void_time = image.void_time,
                               .flags = image.flags,
                               .set = std::string(image.set),
                               .body = Buffer(each.body_size),
                               .at = each.at,
                               .body_known = false};
    }
    return true;
  }
  void index_refused(unsigned) override {
    entries.clear();
    last_lsn.clear();
  }

  void durable(store::LogPosition position) override { durable_to = position; }
  void log_failed(unsigned, std::string_view why) override { failure = why; }

  bool tombstone_pass_begins(unsigned) override {
    for (auto& [digest, entry] : entries) {
      entry.candidate = entry.is_tombstone();
      entry.hides = false;
    }
    return true;
  }
  void tombstone_pass_saw(unsigned, const store::RecordImage& image) override {
    const auto found = entries.find(image.digest);
    if (found != entries.end() && image.lsn < found->second.lsn) found->second.hides = true;
  }
  void tombstone_pass_ends(unsigned, bool complete) override {
    ++passes;
    if (!complete) return;
    for (auto at = entries.begin(); at != entries.end();) {
      const auto here = at++;
      if (!here->second.candidate || !here->second.is_tombstone() || here->second.hides) continue;
      drop(here->first);
      ++collected;
    }
  }

  void wake(unsigned) override { woken = true; }
  unsigned parallel() const override { return parts; }
  /// One after the other, the last first.
  void in_parallel(unsigned count, const std::function<void(unsigned)>& work) override {
    for (part_ = count; part_ > 0;) {
      --part_;
      work(part_);
    }
  }

  std::map<wire::Digest, Entry> entries;
  std::map<wire::PartitionId, store::Lsn> last_lsn;  // The highest number used.
  std::atomic<store::LogPosition> durable_to{};      // Each file has its thread.
  std::string failure;
  std::uint64_t seen = 0;
  int passes = 0;
  int collected = 0;
  bool woken = false;
  unsigned parts = 1;  // Of recovery.

 private:
  void note_last(wire::PartitionId partition, store::Lsn lsn) {
    store::Lsn& last = last_lsn[partition];
    last = std::max(last, lsn);
  }
  void note_last(const wire::Digest& digest, store::Lsn lsn) { note_last(digest.partition(), lsn); }

  store::Log* log_ = nullptr;
  std::set<std::string> set_names_;                // They stay, whatever becomes of the records.
  unsigned part_ = 0;                              // Being worked on.
  std::map<wire::PartitionId, unsigned> part_of_;  // Each has its own partitions.
};

}  // namespace flotilla::sim
