#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "cluster/view.h"

namespace flotilla::cluster {

/// A connection between two nodes' heartbeat ports, named by whoever carries it out. Never used
/// twice.
using LinkId = Strong<struct LinkIdTag, std::uint64_t>;

/// Decides who is in the cluster and who serves what. A machine without I/O: events and `now` go
/// in, actions come out; one thread.
///
///   step(now, wall, event)  ->  [Membership]  ->  actions, in order
///
/// What it decides and why: docs/algorithms/membership.md.
class Membership {
 public:
  struct Options {
    std::string cluster_name;
    /// Where to look for others: numeric addresses, and names that stand for all their addresses.
    /// This node's own address may be among them.
    std::vector<Endpoint> seeds;
    unsigned min_cluster_size = 1;  // A smaller view owns nothing.
    bool node_id_configured = false;
    std::size_t partitions = wire::kPartitions;  // Fewer in tests.
    std::uint64_t random_seed = 0;

    Duration interval = std::chrono::milliseconds(150);
    unsigned timeout = 10;  // In intervals.
    Duration redial_limit = std::chrono::milliseconds(100);
    Duration join_window = std::chrono::milliseconds(200);
    Duration join_window_max = std::chrono::seconds(1);
    Duration form_wait = std::chrono::seconds(1);
    Duration prepare_time = std::chrono::milliseconds(200);
    Duration retry_least = std::chrono::milliseconds(300);  // JOIN, redials of seeds.
    Duration retry_most = std::chrono::seconds(5);
    Duration resolve_every = std::chrono::seconds(5);
    Duration rows_delay = std::chrono::milliseconds(100);       // Of row changes that do not hurry.
    Duration clients_follow = std::chrono::milliseconds(1500);  // As CopyOptions has it.
    Duration move_limit = std::chrono::seconds(1);              // Then a MOVE may be issued anew.
    Duration start_wait = std::chrono::seconds(30);
    Duration drain_timeout = std::chrono::seconds(8);
    Duration holder_forget_after = std::chrono::hours(7 * 24);
    Duration persist_every = std::chrono::seconds(1);  // The view, at most.
    /// Up to so many members everybody beats to everybody; above, to eight each.
    std::size_t beat_to_all_up_to = 32;
    /// A longer message leaves in several frames. At most 1 MiB less 64 bytes.
    std::size_t frame_bytes = 512 << 10;
  };
  /// What Persist said in earlier lives, by its keys.
  using Restored = std::map<std::string, Buffer>;

  // Events. What happened outside:
  struct Tick {};
  /// A connection stands: dialled by us (then `dialled` is what Dial named) or accepted.
  struct LinkUp {
    LinkId link;
    std::optional<Endpoint> dialled;
    std::string remote_host;
  };
  struct LinkDown {
    LinkId link;
    bool reset = false;
  };
  struct DialFailed {
    Endpoint to;
    bool refused = false;
  };  // Else: timed out, unreachable.
  struct Frame {
    LinkId link;
    Bytes bytes;
  };  // One whole frame, any bytes.
  struct Resolved {
    std::string name;
    std::vector<Endpoint> addresses;
  };  // Empty: unknown. Port 0: the seeds' own.
  struct Asked {
    RowAsk ask;
  };  // By a copy of this node.

  // What an operator, or the node itself, wants:
  /// Another place to look for others; kept over restarts.
  struct Tip {
    Endpoint at;
  };
  /// Forgets tips: this one, or all.
  struct TipClear {
    std::optional<Endpoint> at;
  };
  /// A new view of the same members.
  struct Recluster {};
  struct Quiesce {
    bool on = true;
  };
  /// The node wants to stop: Drained follows once it is primary of nothing. It stays a member.
  struct Leave {};
  /// After Drained, when clients are done with this node: Left follows.
  struct Part {};
  /// The node's namespaces, addresses, or settings have changed. Process and flags are ignored.
  struct Describe {
    NodeInfo self;
  };
  /// Sets (or without a value, removes) an item on every member. MetadataDone answers `id`.
  struct SetMetadata {
    std::uint64_t id = 0;
    std::string module;
    std::string key;
    std::optional<Buffer> value;
    /// The value becomes a time, u64 big-endian in ms of WallTime, that is above the clock of every
    /// member and above all last-updates they hold: the cut-off of a truncation "now".
    bool value_is_cutoff = false;
  };
  /// As many Persists as this, counted from the first, are durable.
  struct Persisted {
    std::uint64_t count = 0;
  };
  using Event =
      std::variant<Tick, LinkUp, LinkDown, DialFailed, Frame, Resolved, Asked, Tip, TipClear,
                   Recluster, Quiesce, Leave, Part, Describe, SetMetadata, Persisted>;

  // Actions.
  struct Dial {
    Endpoint to;  // Numeric, unless the name came from another node's NodeInfo.
  };  // Answered by LinkUp or DialFailed within the dial time-out.
  struct Send {
    LinkId link;
    Buffer bytes;
  };
  /// No LinkDown follows.
  struct Hangup {
    LinkId link;
  };
  struct Resolve {
    std::string name;
  };
  /// The copies take these rows: (namespace, partition, row). Given out only once in force.
  struct InstallRows {
    std::vector<std::tuple<std::uint32_t, wire::PartitionId, Row>> rows;
  };
  /// view() is new: members, addresses, key. Comes before the InstallRows that belong to it.
  struct ViewChanged {};
  /// This process is in no view any more: nothing may be served (code 11).
  struct Orphaned {};
  struct MoveRow {
    std::uint32_t ns;
    wire::PartitionId partition;
    Row row;
  };
  /// To be kept, in this order; Persisted says when it is. What follows in the list does not wait.
  /// An empty value: forget the key.
  struct Persist {
    std::string key;
    Buffer value;
  };
  struct MetadataChanged {
    std::string module;
    std::string key;
  };
  struct MetadataDone {
    std::uint64_t id;
    enum class Outcome : std::uint8_t {
      Everywhere,  // Every member has it.
      InDoubt,     // Time is up; it may still spread.
    } outcome;
  };
  /// Another node has this node's id: from now on it is this one.
  struct Renamed {
    wire::NodeId id;
  };
  struct Log {
    bool warning;
    std::string text;
  };
  /// This process is primary of nothing any more (after Leave).
  struct Drained {};
  /// This process may exit: nothing depends on it any more.
  struct Left {};
  using Action =
      std::variant<Dial, Send, Hangup, Resolve, InstallRows, ViewChanged, Orphaned, MoveRow,
                   Persist, MetadataChanged, MetadataDone, Renamed, Log, Drained, Left>;

  /// `copies` is asked within step() only, and must outlive this.
  Membership(Options options, NodeInfo self, const LocalCopies& copies, const Restored& restored);
  ~Membership();
  Membership(Membership&&) noexcept;

  /// `now` never goes backwards. The first step must be a Tick.
  std::vector<Action> step(Instant now, WallTime wall, const Event& event);
  /// When the next Tick is due, at the latest.
  Instant next_deadline() const;
  /// Clients may be answered until then, and longer after the next step(): a process that stood
  /// still may serve what others changed meanwhile. Zero: not at all, until this node has heard
  /// what it missed.
  Instant answers_until() const;

  const NodeInfo& self() const;
  /// The view this node is in; null: none.
  const View* view() const;
  /// Version of the newest row change of view() that has come here.
  std::uint32_t map_version() const;
  bool is_leader() const;
  /// Wall time of the cluster: `wall` corrected by the view's agreed offset.
  WallTime cluster_time(WallTime wall) const;

  const Buffer* metadata(const std::string& module, const std::string& key) const;
  /// (key, value) of a module, by key.
  std::vector<std::pair<std::string, Buffer>> metadata(const std::string& module) const;
  std::uint64_t metadata_digest() const;

  /// A node or address that this node knows of, and how it stands with it.
  struct Peer {
    std::optional<Process> process;  // None: nobody has said HELLO there yet.
    wire::NodeId id;
    std::vector<Endpoint> at;
    bool linked = false;
    bool reachable = false;  // Linked, and heard both ways.
    bool member = false;
    std::string why;           // It is not heard or not in the view; empty: all is well.
    std::int64_t skew_ms = 0;  // Its wall clock less this node's.
    Duration since_heard{0};   // Both ways.
  };
  std::vector<Peer> peers() const;
  /// Why this node is in no view, or sees others outside of it; a sentence each. Empty: all is
  /// well.
  std::vector<std::string> diagnosis() const;
  std::vector<Endpoint> tips() const;
  /// Nodes that claim this node's, or each other's UUID.
  std::vector<Process> duplicates() const;

  struct Statistics {
    std::uint64_t views_installed = 0;
    std::uint64_t views_proposed = 0;
    std::uint64_t rows_changed = 0;
    std::uint64_t link_resets = 0;
    std::uint64_t proven_deaths = 0;
    std::uint64_t silent_deaths = 0;
    std::uint64_t false_deaths = 0;  // Thrown out, and came back in the same life.
    std::uint64_t bad_frames = 0;
    std::uint64_t stale_promotions = 0;
    std::uint64_t fresh_partitions = 0;
    std::uint64_t waiting_partitions = 0;  // Now, in view().
    std::uint64_t bytes_sent = 0;
    std::uint64_t hlc_rejected = 0;
  };
  const Statistics& statistics() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace flotilla::cluster
