#include "ttl.h"

#include "routing.h"

namespace flotilla::exec {
namespace {

using store::MemoryRecord;
using store::RecordHead;
using store::Set;

constexpr std::uint32_t kDefault = 0;
constexpr std::uint32_t kNever = 0xFFFFFFFF;
constexpr std::uint32_t kKeep = 0xFFFFFFFE;
constexpr std::uint32_t kMost = 315'360'000;  // Ten years.

/// Seconds; 0: never expires.
std::uint32_t default_ttl(const Namespace& ns, store::SetId set) {
  const std::uint32_t of_namespace = ns.options.default_ttl.load(std::memory_order_relaxed);
  if (set.raw() == 0) return of_namespace;
  const std::int64_t of_set = ns.records.sets()[set].default_ttl.load(std::memory_order_relaxed);
  if (of_set == Set::kInherited) return of_namespace;
  return of_set == Set::kNeverExpires ? 0 : static_cast<std::uint32_t>(of_set);
}

}  // namespace

Result<std::uint32_t> new_void_time(const RecordRequest& request, const RecordHead* old,
                                    store::SetId set) {
  const std::uint32_t asked = request.header.ttl;
  const std::uint32_t now = request.wall.seconds();
  std::uint32_t void_time = 0;
  if (asked == kKeep && old != nullptr) return old->void_time;
  if (asked == kDefault || asked == kKeep) {
    const std::uint32_t ttl = default_ttl(request.ns, set);
    void_time = ttl == 0 ? 0 : now + ttl;
  } else if (asked != kNever) {
    if (asked > kMost) return fail(Code::Parameter, "write: time to live");
    void_time = now + asked;
  }
  const bool shorter =
      old != nullptr && void_time != 0 && (old->void_time == 0 || void_time < old->void_time);
  if (!shorter) return void_time;
  const bool applies = request.ns.options.apply_ttl_reductions.load(std::memory_order_relaxed);
  request.share.counters.add(applies ? NamespaceCounter::ttl_reductions_applied
                                     : NamespaceCounter::ttl_reductions_ignored);
  return applies ? void_time : old->void_time;
}

Result<bool> read_touch(const RecordRequest& request, const RecordHead& record) {
  if (record.void_time == 0) return false;
  std::uint32_t pct = request.header.ttl;
  if (pct == kNever) return false;
  if (pct > 100) return fail(Code::Parameter, "read: touch percentage");
  if (pct == 0) {
    const int of_set = record.set.raw() == 0
                           ? 0
                           : request.ns.records.sets()[record.set].default_read_touch_ttl_pct.load(
                                 std::memory_order_relaxed);
    if (of_set < 0) return false;
    pct = of_set > 0
              ? static_cast<std::uint32_t>(of_set)
              : request.ns.options.default_read_touch_ttl_pct.load(std::memory_order_relaxed);
  }
  if (pct == 0) return false;
  const std::uint64_t written = record.last_update.ms() / 1000;
  const std::uint64_t whole = record.void_time > written ? record.void_time - written : 0;
  const std::uint64_t left = record.void_time - request.wall.seconds();
  return left * 100 < whole * pct;
}

void touch_record(const Node& node, const RecordRequest& request, store::Lsn seen, Bytes read) {
  store::Namespace& records = request.ns.records;
  store::Partition& partition = records.partition_of(request.digest);
  const std::scoped_lock lock(partition.write);
  MemoryRecord* const record = partition.index.find(request.digest);
  const bool serves = write_access(node, partition) == cluster::Replica::Access::Here;
  const RecordHead head = record == nullptr ? RecordHead{} : record->head();
  if (!serves || record == nullptr || head.lsn != seen) {
    request.share.counters.add(NamespaceCounter::read_touch_skip);
    return;
  }
  const auto written = static_cast<std::uint32_t>(head.last_update.ms() / 1000);
  const std::uint32_t whole = head.void_time > written ? head.void_time - written : 0;
  const Bytes stored = records.on_device() ? read : record->body();
  const Buffer body(stored.begin(), stored.end());
  const auto done = records.put(partition, record,
                                {.digest = head.digest,
                                 .set = head.set,
                                 .void_time = request.wall.seconds() + whole,
                                 .generation = head.generation,
                                 .flags = head.flags,
                                 .body = body},
                                request.wall);
  request.share.counters.add(done ? NamespaceCounter::read_touch_success
                                  : NamespaceCounter::read_touch_error);
}

}  // namespace flotilla::exec
