#include "store/segment_scan.h"

#include <algorithm>

namespace flotilla::store {
namespace {

/// How often the salvage of a stretch may run a checksum over all of it before it gives up.
constexpr std::uint64_t kSalvageEffort = 64;

class Scanner {
 public:
  Scanner(Bytes image, const ScanTarget& target, SegmentScan& out)
      : image_(image.first(std::min<std::size_t>(image.size(), target.end))),
        target_(target),
        out_(out) {}

  void run() {
    std::uint32_t at = target_.align;
    out_.end = at;
    while (at < image_.size()) {
      if (const auto unit = unit_at(at)) {
        read_unit(at, *unit);
        at += align_up(UnitHeader::kSize + unit->payload_size, target_.align);
        out_.end = at;
        continue;
      }
      const std::uint32_t next = next_unit(at + target_.align);
      if (next == image_.size()) {
        read_tail(at);
        return;
      }
      salvage(at, next);
      out_.gaps.push_back({.offset = at, .bytes = next - at, .lost = std::nullopt});
      at = next;
    }
  }

 private:
  std::optional<UnitHeader> unit_at(std::uint32_t at) const {
    const auto unit = UnitHeader::parse(image_.subspan(at));
    if (!unit || unit->log_id != target_.log_id || unit->segment != target_.number ||
        unit->offset != at)
      return std::nullopt;
    if (unit->payload_size > image_.size() - at - UnitHeader::kSize) return std::nullopt;
    return *unit;
  }

  /// The next place from `at` with a unit, or the end of the image.
  std::uint32_t next_unit(std::uint32_t at) const {
    for (; at < image_.size(); at += target_.align)
      if (unit_at(at)) return at;
    return static_cast<std::uint32_t>(image_.size());
  }

  void read_unit(std::uint32_t at, const UnitHeader& unit) {
    ++out_.units;
    out_.synced = std::max(out_.synced, unit.synced);
    const auto from = static_cast<std::uint32_t>(at + UnitHeader::kSize);
    const std::size_t before = out_.records.size();
    const ScanGap bad = salvage(from, from + unit.payload_size);
    if (bad.bytes == 0) return;
    const auto found = static_cast<std::uint32_t>(out_.records.size() - before);
    out_.gaps.push_back({.offset = bad.offset,
                         .bytes = bad.bytes,
                         .lost = unit.records - std::min(found, unit.records)});
  }

  /// Behind the last unit. In a sealed segment there must be nothing; in an open one a unit may
  /// have lost its header.
  void read_tail(std::uint32_t at) {
    const std::size_t before = out_.records.size();
    salvage(at, static_cast<std::uint32_t>(image_.size()));
    const bool found = out_.records.size() != before;
    if (found) out_.end = align_up(last_end_, target_.align);
    if (target_.sealed) out_.end = static_cast<std::uint32_t>(image_.size());
    if (found || target_.sealed)
      out_.gaps.push_back({.offset = at, .bytes = out_.end - at, .lost = std::nullopt});
  }

  /// Finds the intact records of a stretch. Returns the first byte that belongs to none and the
  /// count of such bytes.
  ScanGap salvage(std::uint32_t from, std::uint32_t to) {
    ScanGap bad;
    std::uint64_t effort = kSalvageEffort * (to - from);
    std::uint32_t at = from;
    while (at < to) {
      const auto record = StoredRecord::parse(image_.subspan(at, to - at));
      const StoredPlace place{.log_id = target_.log_id, .segment = target_.number, .offset = at};
      if (record && effort >= record->size && record->checks_at(place)) {
        out_.records.push_back(at);
        at += static_cast<std::uint32_t>(record->padded_size());
        last_end_ = at;
        continue;
      }
      if (record) effort -= std::min<std::uint64_t>(effort, record->size);
      if (bad.bytes == 0) bad.offset = at;
      const std::uint32_t step = std::min<std::uint32_t>(StoredRecord::kAlign, to - at);
      bad.bytes += step;
      at += step;
    }
    return bad;
  }

  Bytes image_;
  const ScanTarget& target_;
  SegmentScan& out_;
  std::uint32_t last_end_ = 0;  // Behind the last record found.
};

}  // namespace

void scan_segment(Bytes image, const ScanTarget& target, SegmentScan& out) {
  out.records.clear();
  out.gaps.clear();
  out.units = 0;
  out.synced = {};
  Scanner(image, target, out).run();
}

}  // namespace flotilla::store
