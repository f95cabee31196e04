#include "replica_core.h"

namespace flotilla::cluster {

using store::MemoryRecord;
using wire::Digest;

namespace {

constexpr Duration kWaitMost = std::chrono::seconds(1);

}  // namespace

// --- the copy that cannot read ------------------------------------------------------------------

/// A record whose stored copy is damaged: which mutation it is, the index knows still, and another
/// copy in sync has just that one, unless it is about to get a newer one too.
void ReplicaCore::repair(const store::RecordWanted& copy) {
  const MemoryRecord* const record = partition_.index.find(copy.digest);
  if (record == nullptr || context_.records.wanted(record->head()) != copy) {
    context_.records.damaged().forget(copy.digest);
    return;
  }
  FLOTILLA_MARK("a record cannot be read");
  const auto known = std::ranges::find(repairs_.records, copy.digest, &Repairs::Record::digest);
  if (known == repairs_.records.end()) repairs_.records.push_back({copy.digest, {}});
  if (repairs_.asked_of == Process{}) ask_others_anew();
  refresh();
}

/// Also those that were changed, or are gone.
void ReplicaCore::forget_repaired() {
  std::erase_if(repairs_.records, [this](const Repairs::Record& each) {
    return !context_.records.damaged().contains(each.digest);
  });
}

/// A new row, or a new record: whoever could not help may be able to now.
void ReplicaCore::ask_others_anew() {
  for (Repairs::Record& each : repairs_.records) each.lacking.clear();
  repairs_.wait = 2 * options().resend;
  ask_others();
}

/// Asks it for all that it is not known to lack. False: that is nothing.
bool ReplicaCore::ask_for_repairs(const Process& who) {
  forget_repaired();
  WantFrame want;
  for (const Repairs::Record& each : repairs_.records) {
    const MemoryRecord* const record = partition_.index.find(each.digest);
    if (record == nullptr || each.lacks(who) || want.records.size() >= options().list_most)
      continue;
    want.records.push_back({each.digest, position_of(record->head().lsn)});
  }
  if (want.records.empty()) return false;
  send(who, Kind::Want, want);
  return true;
}

/// Asks the next of the others.
void ReplicaCore::ask_others() {
  store::DamagedRecords& damaged = context_.records.damaged();
  forget_repaired();
  repairs_.asked_of = {};
  if (repairs_.records.empty()) return;
  std::vector<Process> others;
  if (!acts_by_no_row()) others = row_.in_sync;
  std::erase(others, self());
  for (const Repairs::Record& each : repairs_.records)
    damaged.set_hope(each.digest, std::ranges::any_of(others, [&](const Process& who) {
                       return !each.lacks(who);
                     }));
  for (std::size_t i = 0; i < others.size(); ++i) {
    const Process& who = others[(repairs_.turn + i) % others.size()];
    if (!ask_for_repairs(who)) continue;
    repairs_.asked_of = who;
    repairs_.asked = now();
    return need_tick();
  }
}

void ReplicaCore::repair_tick() {
  if (repairs_.asked_of == Process{} || now() - repairs_.asked < repairs_.wait) return;
  FLOTILLA_MARK("a record is asked for again");
  repairs_.wait = std::min(2 * repairs_.wait, kWaitMost);
  ++repairs_.turn;
  ask_others();
}

void ReplicaCore::on(const Process& from, const FrameHead&, HaveFrame& frame) {
  bool all = true;
  for (const NumberedRecord& record : frame.records) {
    const auto taken = take_repaired(record);
    if (!taken && taken.error().code == Code::Parameter)
      frame.lacking.push_back(record.image.digest);
    all = all && (taken || taken.error().code == Code::Parameter);
  }
  for (const Digest& digest : frame.lacking) {
    const auto known = std::ranges::find(repairs_.records, digest, &Repairs::Record::digest);
    if (known != repairs_.records.end()) known->lacking.push_back(from);
  }
  // What could not be kept is asked for once more, but not at once.
  if (all && repairs_.asked_of == from) ask_others();
  refresh();
}

/// Parameter: it is not the very mutation that stands here. Else: it cannot be kept now.
Result<void> ReplicaCore::take_repaired(const NumberedRecord& record) {
  store::Namespace& records = context_.records;
  const Digest& digest = record.image.digest;
  MemoryRecord* own = partition_.index.find(digest);
  if (own == nullptr || !records.damaged().contains(digest)) return {};
  const Position mine = position_of(own->head().lsn);
  if (mine.term == Term{} || mine != record.position)
    return fail(Code::Parameter, "repair: another mutation");
  const bool renumbers = leads() && left_out_;
  if (renumbers && write_access_now() != Access::Here)
    return fail(Code::Unavailable, "repair: not now");
  if (auto ok = records.repair(partition_, *own, record.image); !ok) return ok;
  FLOTILLA_MARK("a record that could not be read is written again");
  ++statistics().records_repaired;
  // Copies were filled without it: under a new number all get it.
  own = partition_.index.find(digest);
  if (renumbers) put_again(*own, own->head().generation);
  return {};
}

/// Of a copy that is filled from here. False: there is no hope, and the record is left out.
bool ReplicaCore::is_being_repaired(const Digest& digest) {
  if (shown_.can_repair.load() && context_.records.damaged().is_hoped_for(digest)) {
    FLOTILLA_MARK("a fill waits for a repair");
    return true;
  }
  FLOTILLA_MARK("a fill leaves out what cannot be read");
  left_out_ = true;
  ++statistics().records_unreadable;
  return false;
}

// --- the copy that is asked ---------------------------------------------------------------------

/// The stream has yet to bring it.
bool ReplicaCore::is_still_to_come(const Position& position) const {
  return following_ && position.term == following_->term && position.seq > following_->contiguous;
}

void ReplicaCore::on(const Process& from, const FrameHead&, WantFrame& frame) {
  HaveFrame have;
  std::size_t bytes = 0;
  for (const KeyPosition& wanted : frame.records) {
    if (bytes >= options().answer_bytes) break;
    const MemoryRecord* const own = partition_.index.find(wanted.digest);
    const bool same = own != nullptr && position_of(own->head().lsn) == wanted.position;
    if (!same && is_still_to_come(wanted.position)) continue;
    auto record = same ? numbered(*own) : std::nullopt;
    if (record) {
      bytes += wire_size(*record);
      have.records.push_back(std::move(*record));
    } else {
      have.lacking.push_back(wanted.digest);
    }
  }
  if (!have.records.empty() || !have.lacking.empty()) send(from, Kind::Have, have);
}

}  // namespace flotilla::cluster
