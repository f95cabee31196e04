#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "base/mark.h"
#include "change_ring.h"
#include "cluster/history.h"
#include "cluster/replica.h"
#include "frames.h"

namespace flotilla::cluster {

/// Of a term's numbers (store::Lsn has 40 bits for them).
inline constexpr std::uint64_t kSeqMost = (std::uint64_t{1} << 40) - 1;
/// A last-update time further ahead of the wall clock is kept, but does not drive this node's.
inline constexpr std::uint64_t kAheadMostMs = 10'000;

/// The machine behind Replica. Its parts, by file:
///
///   replica_core.cc  rows, roles, what may be served
///   leading.cc       as primary: peers, the stream of mutations, acknowledgements
///   following.cc     as backup: START, applying the stream
///   catch_up.cc      delta and digest catch-up, both sides
///   merge.cc         branches and tails, both sides
///   hand_over.cc     MOVE and GRANT; copies that nobody needs
///   repair.cc        records that cannot be read, from other copies
///   saved.cc         reports, and what outlives the process
class ReplicaCore {
 public:
  using Access = Replica::Access;

  ReplicaCore(CopyContext& context, wire::PartitionId id, Replica::Shown& shown);
  ~ReplicaCore();

  const Row& row() const { return row_; }
  const Row& claimed_row() const { return leads() && leading_->granted ? *leading_->moving : row_; }
  void mutated(const store::RecordImage& image, store::Lsn replaced);
  bool keeps_tombstones() const { return !shown_.alone.load(std::memory_order_relaxed); }
  bool may_forget(store::Lsn tombstone) const;
  void install(const Row& row);
  void move(const Row& row);
  void orphan();
  void repair(const store::RecordWanted& copy);
  void set_holders_away(bool away) { holders_away_ = away; }
  void receive(const Process& from, Bytes bytes);
  void tick();
  bool wants_tick() const { return ticking_; }
  CopyReport report() const;
  Buffer save();
  Result<void> load(Bytes saved);
  std::size_t memory() const;
  bool in_sync() const;
  bool filling() const { return filling_; }
  std::size_t unacknowledged() const;

 private:
  /// Another copy, as the primary sees it.
  struct Peer {
    Process who;
    std::uint64_t from = 1;             // First seq that was streamed to it.
    std::uint64_t acked = 0;            // It has the stream up to here.
    unsigned short_acks = 0;            // In a row, that say less than `acked`.
    bool complete = false;              // And everything before.
    bool in_row = false;                // The row calls it in sync.
    bool counted = false;               // Its acknowledgement is waited for: in_row, or soon to be.
    std::uint64_t counted_from = 0;     // What was acknowledged before it counted.
    bool past_branch = false;           // All that only it had is merged.
    bool has_slot = false;              // Of the outgoing transfers.
    std::unique_ptr<PullFrame> queued;  // Asked when there was no slot.
    std::uint32_t branch_next = 0;
    Instant heard;           // It said anything.
    Instant sent;            // START or a resent mutation.
    Duration start_wait{};   // Until START is sent again; it grows.
    std::uint64_t mark = 0;  // The ack limit runs for this seq ...
    Instant mark_since;      // ... since then.
    Instant asked;           // The leader, about it.
  };
  struct Leading {
    std::uint32_t index = 0;  // Of the term.
    Instant since;
    std::vector<Peer> peers;
    std::optional<Row> moving;  // Gate closed; under this row another is to be primary.
    bool granted = false;
    Instant gate_until;
    Instant grant_sent;
    Instant merged_asked;
  };
  /// Catching up.
  struct Fill {
    enum class Phase : std::uint8_t { Branch, Slot, Delta, Hashes, Range, Idle };

    Phase phase = Phase::Branch;
    std::vector<wire::Digest> branch;  // Keys that the primary never saw.
    std::size_t branch_done = 0;       // Of them.
    std::size_t branch_sent = 0;       // With the present chunk.
    std::uint32_t chunk = 0;
    bool tail = false;
    bool has_slot = false;
    std::uint32_t number = 0;  // Of the present request.
    Instant sent{};
    Duration wait{};      // For the answer; it grows.
    Position after{};     // Delta.
    LeafSet differing{};  // Range:
    int leaf = 255;       // From here down are still to be looked at ...
    bool within = false;  // ... this one only below:
    wire::Digest below{};
  };
  /// A term of another primary, from its START on.
  struct Following {
    Process primary;
    Term term;
    std::uint32_t index = 0;
    std::vector<HistoryEntry> line;         // The primary's history.
    std::vector<std::uint32_t> line_index;  // Its terms' numbers here.
    std::uint64_t from = 1;
    std::uint64_t contiguous = 0;
    std::uint64_t highest = 0;
    std::vector<std::uint64_t> early;  // Beyond contiguous, sorted.
    bool complete = false;
    std::unique_ptr<Fill> fill;
    std::unique_ptr<GrantFrame> grant;  // That came before the row which it builds on.
  };

  /// Records that cannot be read here. Other copies are asked for them, one at a time.
  struct Repairs {
    struct Record {
      wire::Digest digest;
      std::vector<Process> lacking;  // They were asked, and cannot help.

      bool lacks(const Process& who) const {
        return std::ranges::find(lacking, who) != lacking.end();
      }
    };
    std::vector<Record> records;
    Process asked_of;  // Zero: nobody is.
    Instant asked;
    Duration wait{};  // For the answer; it grows.
    unsigned turn = 0;
  };

  // Rows and roles.
  void lead();
  void step_down();
  void stop_following();
  void settle();
  void refresh();
  void refresh_gauges();
  /// What it has is from its disk, or its node is in no view, until the leader gives one.
  bool acts_by_no_row() const { return row_from_disk_ || orphaned_; }
  Access write_access_now() const;
  bool was_primary_lately() const;
  void need_tick();
  bool has_work() const;
  bool wants_stream() const;
  bool leads() const { return leading_ != nullptr; }
  bool is_target() const { return is_target(self()); }
  bool is_target(const Process& who) const;
  bool targets_in_sync() const;
  bool in_row() const;
  /// Holds something, and has not heard in this life that nobody needs it.
  bool may_be_needed() const {
    if (released_ && context_.node.leaving.load(std::memory_order_relaxed)) return false;
    return !history_.empty() || partition_.index.size() != 0;
  }
  Instant now() const { return context_.node.effects.now(); }
  const Process& self() const { return context_.node.self; }
  const CopyOptions& options() const { return context_.options; }
  CopyStatistics& statistics() { return context_.statistics; }
  void touch() { shown_.unsaved.store(true, std::memory_order_relaxed); }

  // Records.
  Position position_of(store::Lsn lsn) const;
  Position own_position() const;
  /// In the term of the row or of the primary that is followed: from now on, it has all there is.
  void note_complete(const Term& term) {
    if (first_complete_ == Term{}) first_complete_ = term;
  }
  bool parted_in_this_life(const std::vector<HistoryEntry>& history) const;
  std::vector<wire::Digest> uncovered(std::span<const HistoryEntry> history) const;
  void shorten_history();
  void renumber();
  Result<store::LogPosition> put_again(store::MemoryRecord& record, std::uint16_t generation);
  /// Nothing: the record stands on a device and cannot be read.
  std::optional<NumberedRecord> numbered(const store::MemoryRecord& record) const;
  store::Lsn lsn_for(const Position& position, const store::MemoryRecord* own) const;
  bool take(const NumberedRecord& record);
  void remember(store::Lsn lsn, const wire::Digest& digest, bool absorb);
  void forget_changes(const Position& floor);
  void count_changes(std::size_t least);
  int rank(const Term& term) const;
  bool in_line_before(const Position& a, const Position& b) const;

  // Leading.
  Peer* peer(const Process& who);
  Peer* peer(const Process& who, std::uint64_t from);
  Peer& add_peer(const Process& who, std::uint64_t from, bool row);
  void remove_peer(const Process& who);
  void update_peers();
  void recount();
  void forget_laggards();
  bool window_full() const;
  /// The frame's bytes.
  std::size_t send(const Process& to, Kind kind, const auto& frame);
  void send_start(Peer& peer);
  void send_again(Peer& peer);
  std::optional<ReplFrame> repl_of(std::uint64_t seq) const;
  void lead_tick();
  void watch(Peer& peer);
  bool surplus(const Peer& peer) const;
  void ask(RowAsk::Kind kind, const Process& who, std::optional<Row> moved = {});
  std::uint64_t last_seq() const { return partition_.last_lsn.seq(); }

  // Following.
  void follow();
  void follow_tick();
  void offer();
  void begin_following(const Process& from, const FrameHead& head, StartFrame& start);
  void resume_stream(std::uint64_t from);
  void mark_received(std::uint64_t seq);
  void acknowledge();
  void absorb_into(std::vector<HistoryEntry>& history, const std::vector<HistoryEntry>& notes);
  bool follows(const Process& from, const FrameHead& head) const;
  void refuse(const Process& from, const FrameHead& head, const RowVersion& its_row);

  // Catch-up.
  bool take_in();
  void give_in();
  bool take_out();
  void give_out();
  void answer(Peer& receiver, const PullFrame& pull);
  void answer_queued(Peer& receiver);
  void begin_fill();
  void begin_pull();
  bool went_apart() const;
  void send_pull();
  void add_range(PullFrame& pull);
  bool next_range();
  void end_fill();
  void take_copies(const CopiesFrame& copies);
  LeafHashes leaf_hashes() const;
  bool answer_delta(const PullFrame& pull, CopiesFrame& copies);
  void answer_hashes(const PullFrame& pull, CopiesFrame& copies);
  bool answer_range(const PullFrame& pull, CopiesFrame& copies);

  // Repairing.
  void forget_repaired();
  bool ask_for_repairs(const Process& who);
  void ask_others();
  void ask_others_anew();
  void repair_tick();
  Result<void> take_repaired(const NumberedRecord& record);
  bool is_still_to_come(const Position& position) const;
  bool is_being_repaired(const wire::Digest& digest);

  // Merging.
  void send_branch();
  bool merge(const BranchFrame& frame);
  bool merge_one(const BranchFrame& frame, const NumberedRecord& record);
  void absorb(const std::vector<HistoryEntry>& branch);

  // Handing over.
  void try_grant();
  void send_grant();
  void take_early_grant();
  bool unneeded_elsewhere() const;
  void drop_some();

  // Frames.
  void on(const Process& from, const FrameHead& head, ReplFrame& frame);
  void on(const Process& from, const FrameHead& head, AckFrame& frame);
  void on(const Process& from, const FrameHead& head, StartFrame& frame);
  void on(const Process& from, const FrameHead& head, OfferFrame& frame);
  void on(const Process& from, const FrameHead& head, RowFrame& frame);
  void on(const Process& from, const FrameHead& head, BranchFrame& frame);
  void on(const Process& from, const FrameHead& head, BranchedFrame& frame);
  void on(const Process& from, const FrameHead& head, PullFrame& frame);
  void on(const Process& from, const FrameHead& head, CopiesFrame& frame);
  void on(const Process& from, const FrameHead& head, GrantFrame& frame);
  void on(const Process& from, const FrameHead& head, WantFrame& frame);
  void on(const Process& from, const FrameHead& head, HaveFrame& frame);
  template <class Frame>
  void dispatch(const Process& from, const FrameHead& head, Reader& in);
  void bad_frame() { ++statistics().bad_frames; }

  CopyContext& context_;
  store::Partition& partition_;
  wire::PartitionId id_;
  Replica::Shown& shown_;

  Row row_;
  /// Of the copy while it was last complete. The end of the last entry is brought up by settle().
  std::vector<HistoryEntry> history_;
  std::vector<Process> last_in_sync_;  // Of the row under which the copy last was in sync.
  Term first_complete_;                // In which this process had everything for the first time.
  ChangeRing ring_;
  std::size_t changes_counted_ = 0;  // Of the ring, in what the namespace's copies share.
  std::unique_ptr<Leading> leading_;
  std::unique_ptr<Following> following_;
  Repairs repairs_;
  bool left_out_ = false;  // As primary: copies were filled without what could not be read.
  Instant offered_;

  bool row_from_disk_ = false;
  bool in_sync_from_disk_ = false;  // last_in_sync_ is.
  bool ever_full_ = false;
  bool filling_ = false;  // Holds some records that are newer than its position.
  Instant led_until_;
  bool dirty_ = false;         // May hold records that its history does not cover.
  bool unlike_saved_ = false;  // After a restart: the log had other records than the position says.
  bool dropping_ = false;
  bool released_ = false;  // Nobody lacks anything of it, but it was kept: see CopyNode::leaving.
  bool orphaned_ = false;
  bool refused_ = false;  // A copy knows a newer row.
  bool holders_away_ = false;
  bool ticking_ = false;

  struct Gauges {
    std::uint32_t tx = 0, tx_active = 0, rx = 0, rx_active = 0;
  } gauges_;  // What this copy has added to the statistics.
};

template <class Frame>
void ReplicaCore::dispatch(const Process& from, const FrameHead& head, Reader& in) {
  Frame frame;
  if (!parse(in, frame)) return bad_frame();
  on(from, head, frame);
}

std::size_t ReplicaCore::send(const Process& to, Kind kind, const auto& frame) {
  const Term& term = leading_ || !following_ ? row_.term : following_->term;
  const Buffer bytes =
      encode({.kind = kind, .ns = context_.tag, .partition = id_, .term = term}, frame);
  context_.node.effects.send(to, bytes);
  return bytes.size();
}

}  // namespace flotilla::cluster
