#include "store/namespace.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "base/check.h"
#include "store/packing.h"
#include "store/record_body.h"

namespace flotilla::store {

Namespace::Namespace(std::string name, HybridClock& clock)
    : name_(std::move(name)),
      clock_(clock),
      partitions_(std::make_unique<std::array<Partition, wire::kPartitions>>()) {}

Namespace::~Namespace() {
  std::vector<MemoryRecord*> some;
  for (Partition& partition : *partitions_) {
    for (partition.index.next_below(nullptr, some); !some.empty();) {
      const wire::Digest last = some.back()->digest();
      std::vector<MemoryRecord*> next;
      partition.index.next_below(&last, next);
      for (MemoryRecord* record : some) MemoryRecord::release(record);
      some = std::move(next);
    }
  }
}

void Namespace::prefetch(std::span<const wire::Digest> digests) const {
  const auto& partitions = *partitions_;
  for (const auto& digest : digests) __builtin_prefetch(&partitions[digest.partition().raw()]);
  for (const auto& digest : digests) {
    const Partition& partition = partitions[digest.partition().raw()];
    __builtin_prefetch(partition.listener);  // It is asked whether it serves.
    partition.index.prefetch_bucket(digest);
  }
  for (const auto& digest : digests)
    partitions[digest.partition().raw()].index.prefetch_record(digest);
}

bool Namespace::truncated(const RecordHead& record) const {
  const std::uint64_t last_update = record.last_update.raw();
  if (last_update < truncate_before_.load(std::memory_order_relaxed)) return true;
  return record.set.raw() != 0 &&
         last_update < sets_[record.set].truncate_before.load(std::memory_order_relaxed);
}

bool Namespace::evictable(const RecordHead& record) const {
  return record.void_time != 0 && !record.is_tombstone() &&
         (record.set.raw() == 0 ||
          !sets_[record.set].disable_eviction.load(std::memory_order_relaxed));
}

Result<RecordLog::Place> Namespace::append(MemoryRecord* old, const RecordImage& image) {
  if (log_ == nullptr) return RecordLog::Place{};
  auto place = log_->append(image);
  if (place && old != nullptr) log_->released(place_of(old->head()));
  return place;
}

Result<LogPosition> Namespace::put(Partition& partition, MemoryRecord* old,
                                   const RecordUpdate& update, WallTime now) {
  RecordUpdate timed = update;
  if (timed.last_update.raw() == 0) timed.last_update = clock_.next(now);
  const Lsn lsn = partition.last_lsn.next();
  const Lsn replaced = old == nullptr ? Lsn{} : old->head().lsn;
  const RecordImage image{.digest = timed.digest,
                          .lsn = lsn,
                          .last_update = timed.last_update,
                          .void_time = timed.void_time,
                          .generation = timed.generation,
                          .flags = timed.flags,
                          .set = sets_.name_of(timed.set),
                          .body = timed.body};
  const auto place = append(old, image);
  if (!place) return tl::unexpected(place.error());
  partition.last_lsn = lsn;
  // Before the swap: the body may be the old record's own bytes.
  if (partition.listener != nullptr) partition.listener->mutated(image, replaced);
  Accounts accounts;
  swap_in(partition, timed, {.old = old, .lsn = lsn, .at = place->at}, accounts);
  settle(accounts);
  return place->end;
}

Result<LogPosition> Namespace::remove(Partition& partition, MemoryRecord* old, WallTime now) {
  const MutationListener* const listener = partition.listener;
  if (log_ == nullptr && (listener == nullptr || !listener->keeps_tombstones())) {
    drop(partition, old);
    // A number all the same: a copy that comes later must not seem to have missed nothing.
    if (listener != nullptr) partition.last_lsn = partition.last_lsn.next();
    return LogPosition(0);
  }
  const RecordHead was = old->head();
  return put(
      partition, old,
      RecordUpdate{
          .digest = was.digest, .set = was.set, .generation = was.generation, .flags = kTombstone},
      now);
}

Result<LogPosition> Namespace::apply(Partition& partition, MemoryRecord* old,
                                     const RecordImage& image) {
  FLOTILLA_CHECK(old == nullptr || old->head().lsn < image.lsn);
  if (!body_is_valid(image.body, (image.flags & kHasKey) != 0))
    return fail(Code::Parameter, "apply: body does not parse");
  const auto set = sets_.find_or_add(image.set);
  if (!set) return tl::unexpected(set.error());
  const auto place = append(old, image);
  if (!place) return tl::unexpected(place.error());
  partition.last_lsn = std::max(partition.last_lsn, image.lsn);
  Accounts accounts;
  swap_in(partition,
          RecordUpdate{.digest = image.digest,
                       .set = *set,
                       .void_time = image.void_time,
                       .generation = image.generation,
                       .flags = image.flags,
                       .last_update = image.last_update,
                       .body = image.body},
          {.old = old, .lsn = image.lsn, .at = place->at}, accounts);
  settle(accounts);
  return place->end;
}

Result<void> Namespace::repair(Partition& partition, MemoryRecord& record,
                               const RecordImage& image) {
  const RecordHead head = record.head();
  const bool same = image.digest == head.digest && image.last_update == head.last_update &&
                    image.void_time == head.void_time && image.generation == head.generation &&
                    image.flags == head.flags && image.set == sets_.name_of(head.set) &&
                    image.body.size() == head.body_size;
  if (!same || !body_is_valid(image.body, (image.flags & kHasKey) != 0))
    return fail(Code::Parameter, "repair: another record");
  RecordImage again = image;
  again.lsn = head.lsn;
  const auto done = append_again(record, partition, again);
  if (!done) return tl::unexpected(done.error());
  repaired_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void Namespace::drop(Partition& partition, MemoryRecord* old) {
  const RecordHead was = old->head();
  damaged_.forget(was.digest);
  if (log_ != nullptr) log_->released(place_of(was));
  Accounts accounts;
  account(was, -1, accounts);
  settle(accounts);
  {
    const std::scoped_lock lock(partition.index_lock);
    partition.index.erase(was.digest);
  }
  MemoryRecord::release(old);
}

void Namespace::swap_in(Partition& partition, const RecordUpdate& update, const Replacement& by,
                        Accounts& accounts) {
  const RecordHead head{.digest = update.digest,
                        .lsn = by.lsn,
                        .last_update = update.last_update,
                        .void_time = update.void_time,
                        .body_size = static_cast<std::uint32_t>(update.body.size()),
                        .at = place_in_memory(by.at),
                        .set = update.set,
                        .generation = update.generation,
                        .flags = update.flags};
  if (by.old != nullptr) {
    account(by.old->head(), -1, accounts);
    damaged_.forget(update.digest);
  }
  write(partition, by.old, head, update.body);
  account(head, 1, accounts);
}

/// Puts a record into memory, in place of `old` if that is not null.
void Namespace::write(Partition& partition, MemoryRecord* old, const RecordHead& head, Bytes body) {
  const auto kept = on_device() ? std::nullopt : std::optional(body);
  {
    const std::scoped_lock lock(partition.index_lock);
    if (old != nullptr && old->overwrite(head, kept)) return;
  }
  MemoryRecord* const record = MemoryRecord::make(head, kept);
  FLOTILLA_CHECK(record != nullptr);
  {
    const std::scoped_lock lock(partition.index_lock);
    if (old == nullptr)
      partition.index.insert(record);
    else
      partition.index.replace(record);
  }
  if (old != nullptr) MemoryRecord::release(old);
}

void Namespace::close_ranks(wire::PartitionId id) {
  Partition& partition = this->partition(id);
  const auto closer = [](MemoryRecord* record) {
    if (!record->is_leaving()) return record;
    MemoryRecord* const moved = record->move();
    if (moved == nullptr) return record;
    MemoryRecord::forget(record);
    return moved;
  };
  std::uint64_t position = 0;
  do {
    // Whoever changes a partition may hold on to its records meanwhile.
    const std::scoped_lock write(partition.write);
    const std::scoped_lock lock(partition.index_lock);
    position = partition.index.replace_some(position, closer);
  } while (position != 0);
}

void Namespace::account(const RecordHead& record, std::int64_t sign, Accounts& accounts) {
  const std::int64_t bytes = sign * static_cast<std::int64_t>(record.size());
  const auto add = [&](Tally& to) {
    (record.is_tombstone() ? to.tombstones : to.objects) += sign;
    to.bytes += bytes;
  };
  add(accounts.all);
  if (record.is_tombstone())
    partition_of(record.digest)
        .tombstones.fetch_add(static_cast<std::uint32_t>(sign), std::memory_order_relaxed);
  if (record.set != accounts.set) settle_set(accounts);
  accounts.set = record.set;
  if (record.set.raw() != 0) add(accounts.of_set);
}

namespace {

/// Whoever adds nothing leaves the cache line alone. Negative numbers wrap: adding them subtracts.
void add_to(std::atomic<std::uint64_t>& counter, std::int64_t what) {
  if (what != 0) counter.fetch_add(static_cast<std::uint64_t>(what), std::memory_order_relaxed);
}

}  // namespace

void Namespace::settle(Accounts& accounts) {
  const Tally all = std::exchange(accounts.all, {});
  add_to(objects_, all.objects);
  add_to(tombstones_, all.tombstones);
  add_to(data_bytes_, all.bytes);
  settle_set(accounts);
}

void Namespace::settle_set(Accounts& accounts) {
  const Tally of_set = std::exchange(accounts.of_set, {});
  if (of_set == Tally{}) return;
  Set& set = sets_[accounts.set];
  add_to(set.objects, of_set.objects);
  add_to(set.tombstones, of_set.tombstones);
  add_to(set.data_bytes, of_set.bytes);
}

RecordPlace Namespace::place_of(const RecordHead& record) const {
  if (on_device() || record.at.segment.raw() == 0) return record.at;
  const std::size_t set = sets_.name_of(record.set).size();
  RecordPlace out = record.at;
  const std::size_t more = log_->key_of(out) == nullptr ? 0 : DataKey::kMore;
  out.size = static_cast<std::uint32_t>(stored_size(set, record.body_size + more));
  return out;
}

/// What a record keeps of its place: where its body is in memory, nobody reads it from there.
RecordPlace Namespace::place_in_memory(const RecordPlace& at) const {
  return on_device() ? at : RecordPlace{.segment = at.segment};
}

RecordWanted Namespace::wanted(const RecordHead& record) const {
  return {.digest = record.digest, .lsn = record.lsn, .at = place_of(record)};
}

std::optional<RecordImage> Namespace::peek(const RecordWanted& wanted, Arena& room) const {
  const MutableBytes stored = room.allocate(wanted.at.size);
  if (!log_->peek(wanted.at, stored)) return std::nullopt;
  auto image = find_wanted(stored, wanted, log_->key_of(wanted.at));
  if (!image || (image->flags & kPacked) == 0) return image;
  const auto size = unpacked_size(*image);
  if (!size || !unpack(*image, room.allocate(*size))) return std::nullopt;
  return image;
}

std::shared_ptr<RecordRead> Namespace::read_device(const RecordWanted& wanted,
                                                   const std::function<void()>* wake) const {
  auto read = std::make_shared<RecordRead>(wanted, log_->extent(wanted.at), wake);
  reader_->submit(read);
  return read;
}

std::shared_ptr<RecordRead> Namespace::read(const RecordWanted& wanted,
                                            const std::function<void()>* wake) const {
  auto read = std::make_shared<RecordRead>(wanted, log_->extent(wanted.at), wake);
  if (!read->complete_from(*log_)) reader_->submit(read);
  return read;
}

Namespace::Missing Namespace::missing(const RecordRead& read, const RecordWanted& now) const {
  const Partition& partition = (*partitions_)[now.digest.partition().raw()];
  {
    const std::scoped_lock lock(partition.index_lock);
    const MemoryRecord* const record = partition.index.find(now.digest);
    if (record == nullptr || wanted(record->head()) != read.wanted()) return Missing::Moved;
  }
  // A record may be moved back to where it was, in a later life of the segment.
  if (read.wanted() != now || log_->extent(now.at) != read.extent()) return Missing::Moved;
  const auto noted = damaged_.add(now);
  if (noted != DamagedRecords::Noted::Before) log_->unreadable(now.at, read.why());
  // If it is not noted any more it was written again meanwhile: whoever looks again finds that.
  const MutationListener* const others = partition.listener;
  const bool hope = others != nullptr && others->can_repair() &&
                    noted != DamagedRecords::Noted::Not && !damaged_.is_given_up(now.digest);
  return hope ? Missing::Damaged : Missing::Lost;
}

Result<RecordImage> Namespace::image_of(const MemoryRecord& record,
                                        std::shared_ptr<const RecordRead>& body) const {
  const RecordHead head = record.head();
  if (!on_device() || head.body_size == 0) return image_in_memory(record);
  const RecordWanted which = wanted(head);
  const auto read = std::make_shared<RecordRead>(which, log_->extent(which.at), nullptr);
  if (!read->complete_from(*log_)) reader_->carry_out(*read);
  if (!read->image()) {
    missing(*read, which);
    return fail(Code::Unavailable, "record: cannot be read");
  }
  body = read;
  return *read->image();
}

RecordImage Namespace::image_in_memory(const MemoryRecord& record) const {
  const RecordHead head = record.head();
  return RecordImage{.digest = head.digest,
                     .lsn = head.lsn,
                     .last_update = head.last_update,
                     .void_time = head.void_time,
                     .generation = head.generation,
                     .flags = head.flags,
                     .set = sets_.name_of(head.set),
                     .body = record.body()};
}

Recovered Namespace::recover(const RecordImage& image, const RecordPlace& at) {
  Accounts accounts;
  const Recovered verdict = recover(image, at, accounts);
  settle(accounts);
  if (verdict == Recovered::Kept) clock_.saw(image.last_update);
  return verdict;
}

void Namespace::recover(std::span<FoundRecord> found) {
  const auto& partitions = *partitions_;
  for (const FoundRecord& one : found)
    __builtin_prefetch(&partitions[one.image.digest.partition().raw()]);
  for (const FoundRecord& one : found)
    partitions[one.image.digest.partition().raw()].index.prefetch_bucket(one.image.digest);
  Accounts accounts;
  HlcTime latest;
  for (FoundRecord& one : found) {
    one.verdict = recover(one.image, one.at, accounts);
    if (one.verdict == Recovered::Kept) latest = std::max(latest, one.image.last_update);
  }
  settle(accounts);
  clock_.saw(latest);
}

Recovered Namespace::recover(const RecordImage& image, const RecordPlace& at, Accounts& accounts) {
  const bool has_key = (image.flags & kHasKey) != 0;
  if (!body_is_valid(image.body, has_key)) return Recovered::Unusable;
  const auto set = sets_.find_or_add(image.set);
  if (!set) return Recovered::Unusable;
  Partition& partition = partition_of(image.digest);
  MemoryRecord* const old = partition.index.find(image.digest);
  if (old != nullptr && image.lsn <= old->head().lsn) return Recovered::Old;
  if (old != nullptr && log_ != nullptr) log_->released(place_of(old->head()));
  const RecordUpdate update{.digest = image.digest,
                            .set = *set,
                            .void_time = image.void_time,
                            .generation = image.generation,
                            .flags = image.flags,
                            .last_update = image.last_update,
                            .body = image.body};
  swap_in(partition, update, {.old = old, .lsn = image.lsn, .at = at}, accounts);
  partition.last_lsn = std::max(partition.last_lsn, image.lsn);
  return Recovered::Kept;
}

Result<bool> Namespace::relocate(const RecordImage& image, SegmentSlot from) {
  FLOTILLA_CHECK(log_ != nullptr);
  Partition& partition = partition_of(image.digest);
  const std::scoped_lock write(partition.write);
  MemoryRecord* const record = partition.index.find(image.digest);
  if (record == nullptr) return false;
  const RecordHead head = record->head();
  if (head.lsn != image.lsn || head.at.segment != from) return false;
  return append_again(*record, partition, image);
}

Result<bool> Namespace::move_from(const wire::Digest& digest, SegmentSlot from) {
  FLOTILLA_CHECK(log_ != nullptr);
  Partition& partition = partition_of(digest);
  const std::scoped_lock write(partition.write);
  MemoryRecord* const record = partition.index.find(digest);
  if (record == nullptr) return false;
  const RecordHead head = record->head();
  if (head.at.segment != from || (on_device() && head.body_size != 0)) return false;
  const auto done = append_again(*record, partition, image_in_memory(*record));
  if (done) repaired_.fetch_add(1, std::memory_order_relaxed);
  return done;
}

Result<bool> Namespace::append_again(MemoryRecord& record, Partition& partition,
                                     const RecordImage& image) {
  const auto place = log_->append_moved(image);
  if (!place) return tl::unexpected(place.error());
  RecordHead head = record.head();
  log_->released(place_of(head));
  damaged_.forget(head.digest);
  head.at = place_in_memory(place->at);
  write(partition, &record, head, record.body());
  return true;
}

void Namespace::truncate_before(SetId set, HlcTime before) {
  auto& cut_off = set.raw() == 0 ? truncate_before_ : sets_[set].truncate_before;
  std::uint64_t now = cut_off.load();
  while (before.raw() > now && !cut_off.compare_exchange_weak(now, before.raw())) {
  }
}

HlcTime Namespace::truncated_before(SetId set) const {
  return HlcTime(set.raw() == 0 ? truncate_before_.load() : sets_[set].truncate_before.load());
}

void Namespace::undo_truncate(SetId set) {
  (set.raw() == 0 ? truncate_before_ : sets_[set].truncate_before).store(0);
}

void Namespace::for_each(wire::PartitionId id,
                         const std::function<void(const MemoryRecord&)>& visit) const {
  const Partition& partition = (*partitions_)[id.raw()];
  std::vector<MemoryRecord*> bucket;
  wire::Digest last;
  for (const wire::Digest* below = nullptr;; below = &last) {
    const std::scoped_lock lock(partition.index_lock);
    partition.index.next_below(below, bucket);
    if (bucket.empty()) return;
    for (const MemoryRecord* record : bucket) visit(*record);
    last = bucket.back()->digest();
  }
}

std::uint64_t Namespace::objects_in(wire::PartitionId id) const {
  const Partition& partition = (*partitions_)[id.raw()];
  const std::scoped_lock lock(partition.index_lock);
  const std::size_t all = partition.index.size();
  // Counted outside of this lock: the two may differ for a moment.
  return all - std::min<std::size_t>(all, partition.tombstones.load(std::memory_order_relaxed));
}

std::uint64_t Namespace::index_bytes() const {
  std::uint64_t bytes = 0;
  for (const Partition& partition : *partitions_) {
    const std::scoped_lock lock(partition.index_lock);
    bytes += partition.index.memory();
  }
  return bytes;
}

}  // namespace flotilla::store
