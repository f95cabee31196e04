#include "store/rescue.h"

#include <fmt/format.h>

#include <iterator>
#include <map>

#include "base/log.h"

namespace flotilla::store {
namespace {

/// What a segment held, for the operator.
struct Held {
  static constexpr std::size_t kDigestsMost = 5;
  static constexpr std::size_t kSetsMost = 10;

  std::uint64_t records = 0;
  std::uint64_t partitions = 0;
  std::map<SetId, std::uint64_t> sets;
  std::vector<wire::Digest> some;

  void add(const RecordHead& record) {
    ++records;
    ++sets[record.set];
    if (some.size() < kDigestsMost) some.push_back(record.digest);
  }
  std::string text(const Namespace& ns) const {
    std::string out = fmt::format("{} records of {} partitions; by set:", records, partitions);
    std::size_t named = 0;
    for (const auto& [set, count] : sets) {
      if (++named > kSetsMost) break;
      out += fmt::format(" {} {}", set.raw() == 0 ? "(none)" : ns.sets().name_of(set), count);
    }
    out += sets.size() > kSetsMost ? " ...; digests:" : "; digests:";
    for (const wire::Digest& digest : some) out += ' ' + to_hex(digest.view());
    return out + (records > some.size() ? " ..." : "");
  }
};

}  // namespace

bool rescue_from(Namespace& ns, SegmentSlot segment) {
  Held held;
  bool all = true;
  for (std::uint16_t id = 0; id < wire::kPartitions; ++id) {
    std::vector<RecordWanted> there;
    ns.for_each(wire::PartitionId(id), [&](const MemoryRecord& of) {
      const RecordHead record = of.head();
      if (record.at.segment != segment) return;
      there.push_back(ns.wanted(record));
      held.add(record);
    });
    held.partitions += there.empty() ? 0 : 1;
    for (const RecordWanted& copy : there) {
      const auto moved = ns.move_from(copy.digest, segment);
      all = all && moved.has_value();
      if (moved && !*moved) ns.damaged().add(copy);
    }
  }
  const std::uint32_t slot = segment.raw() & 0xFFFFFF;
  if (held.records != 0)
    log_warning("storage", "{{{}}} file {} segment {} cannot be read in part. {}: {}", ns.name(),
                segment.raw() >> 24, slot,
                ns.on_device() ? "Other copies are asked for" : "Written again from memory",
                held.text(ns));
  return all;
}

}  // namespace flotilla::store
