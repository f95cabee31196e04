#pragma once

// What memberships say to each other: docs/formats/membership.md.

#include <string>
#include <variant>
#include <vector>

#include "archive.h"
#include "base/result.h"
#include "cluster/view.h"
#include "metadata.h"

namespace flotilla::cluster {

inline constexpr std::uint32_t kMagic = 0x4D544C46;  // "FLTM"
inline constexpr std::uint16_t kProtocolLeast = 1;
inline constexpr std::uint16_t kProtocolMost = 1;
/// A longer message, put together from its fragments, is refused.
inline constexpr std::size_t kMessageMax = 32 << 20;
inline constexpr unsigned kHopsMax = 2;

enum class Kind : std::uint8_t {
  Hello = 1,
  Fragment,
  Beat,
  Gone,
  Join,
  Hold,
  Rumour,
  Yield,
  Prepare,
  Promise,
  Refuse,
  Commit,
  Installed,
  Rows,
  Pull,
  Ask,
  Move,
  Describe,
  Left,
  Recluster,
  SetItem,
  Items,
  ItemsStored,
  ItemDone,
  ClockAsk,
  ClockAnswer,
};

/// In front of every message. `from` and `to` name lives, so what was meant for an earlier life of
/// this node, or was relayed astray, is seen as such.
struct Header {
  Kind kind{};
  std::uint8_t hops = 0;  // Nodes that have passed it on.
  Process from;
  Process to;  // Zero in a HELLO: whoever is there.

  template <class A>
  void fields(A& a) {
    a(kind, hops, from, to);
  }
};

struct PartitionRow {
  std::uint32_t ns = 0;
  wire::PartitionId partition;
  Row row;
  template <class A>
  void fields(A& a) {
    a(ns, partition, row);
  }
};

struct PartitionReport {
  std::uint32_t ns = 0;
  wire::PartitionId partition;
  CopyReport copy;
  template <class A>
  void fields(A& a) {
    a(ns, partition, copy);
  }
};

namespace message {

/// First on every connection, from both ends.
struct Hello {
  static constexpr Kind kKind = Kind::Hello;
  std::uint32_t magic = kMagic;
  std::uint16_t protocol_least = kProtocolLeast;
  std::uint16_t protocol_most = kProtocolMost;
  std::string cluster_name;
  NodeInfo node;
  template <class A>
  void fields(A& a) {
    a(magic, protocol_least, protocol_most, cluster_name, node);
  }
};

/// A piece of a message that is longer than a frame. Pieces of one message follow each other.
struct Fragment {
  static constexpr Kind kKind = Kind::Fragment;
  std::uint32_t index = 0;
  bool last = false;
  Buffer bytes;
  template <class A>
  void fields(A& a) {
    a(index, last, bytes);
  }
};

/// I live, and this is where I stand. Sent by way of a third node it is a probe.
struct Beat {
  static constexpr Kind kKind = Kind::Beat;
  std::uint64_t sent = 0;  // The sender's clock; means nothing to others.
  std::uint64_t echo = 0;  // The `sent` of the receiver's last beat.
  bool answer_me = false;
  std::uint64_t wall_ms = 0;
  Epoch epoch;                     // Of the installed view; zero: none.
  std::uint32_t n = 0;             // Of its rows.
  std::uint64_t epoch_number = 0;  // The highest ever seen.
  Process leader;
  std::uint32_t view_size = 0;
  std::uint64_t hlc = 0;
  std::uint32_t late_ms = 0;
  std::uint64_t metadata = 0;  // Digest of all items.
  template <class A>
  void fields(A& a) {
    a(sent, echo, answer_me, wall_ms, epoch, n, epoch_number, leader, view_size, hlc, late_ms,
      metadata);
  }
};

/// All my connections to it ended, and it does not take a new one.
struct Gone {
  static constexpr Kind kKind = Kind::Gone;
  Process who;
  template <class A>
  void fields(A& a) {
    a(who);
  }
};

/// Let me in. Any member passes it on to its leader.
struct Join {
  static constexpr Kind kKind = Kind::Join;
  NodeInfo node;
  bool has_data = false;
  Epoch last;
  template <class A>
  void fields(A& a) {
    a(node, has_data, last);
  }
};

/// Not now, and why.
struct Hold {
  static constexpr Kind kKind = Kind::Hold;
  enum class Reason : std::uint8_t { Busy, Duplicate, NodeIdTaken, OtherLeader } reason{};
  std::uint32_t retry_ms = 0;
  wire::NodeId proposed;  // With NodeIdTaken.
  Process leader;         // With OtherLeader: ask that one.
  template <class A>
  void fields(A& a) {
    a(reason, retry_ms, proposed, leader);
  }
};

/// To its own leader: I hear from a view of another leader.
struct Rumour {
  static constexpr Kind kKind = Kind::Rumour;
  Process leader;
  Epoch epoch;
  std::uint32_t size = 0;
  template <class A>
  void fields(A& a) {
    a(leader, epoch, size);
  }
};

/// Take over my members; until your view comes, I grant nothing.
struct Yield {
  static constexpr Kind kKind = Kind::Yield;
  Epoch epoch;
  std::vector<NodeInfo> members;
  template <class A>
  void fields(A& a) {
    a(epoch, members);
  }
};

struct Prepare {
  static constexpr Kind kKind = Kind::Prepare;
  Epoch epoch;
  Epoch base;           // The proposer's installed view,
  std::uint32_t n = 0;  // and how new its rows are.
  bool full = false;    // Reports of all copies are wanted, from everybody.
  std::vector<Process> lost;
  std::vector<Epoch> yielded;
  std::uint64_t metadata = 0;  // Digest.
  template <class A>
  void fields(A& a) {
    a(epoch, base, n, full, lost, yielded, metadata);
  }
};

struct Promise {
  static constexpr Kind kKind = Kind::Promise;
  Epoch epoch;
  Epoch installed;
  std::uint32_t n = 0;
  bool excluded = false;  // `installed` is a view without the sender.
  NodeInfo node;
  std::vector<PartitionRow> rows;  // Newer ones than the base has.
  std::vector<PartitionReport> copies;
  std::uint64_t metadata = 0;
  std::vector<Item> items;  // All, if the digests differ.
  std::uint64_t wall_ms = 0;
  std::uint64_t epoch_number = 0;
  std::vector<Away> away;      // Of its last view, if that was another one.
  std::vector<Epoch> lineage;  // Views that `installed` comes from.
  template <class A>
  void fields(A& a) {
    a(epoch, installed, n, excluded, node, rows, copies, metadata, items, wall_ms, epoch_number,
      away, lineage);
  }
};

struct Refuse {
  static constexpr Kind kKind = Kind::Refuse;
  enum class Reason : std::uint8_t { Promised, LeaderAlive, Unrelated } reason{};
  Epoch epoch;     // What was refused.
  Epoch promised;  // The highest seen here.
  Process leader;  // With LeaderAlive: whom the sender follows.
  template <class A>
  void fields(A& a) {
    a(reason, epoch, promised, leader);
  }
};

/// A view. Not whole: what differs from (base, base_n), which the receiver has.
struct Commit {
  static constexpr Kind kKind = Kind::Commit;
  struct Space {
    std::string name;
    std::uint32_t replication_factor = 1;
    template <class A>
    void fields(A& a) {
      a(name, replication_factor);
    }
  };
  Epoch epoch;
  Epoch base;
  Process leader;
  bool whole = true;
  std::uint32_t n = 0;
  std::vector<Process> gone;      // Members of the base that are not in it.
  std::vector<NodeInfo> members;  // All; or those that are new (at the end) or have changed.
  std::vector<Away> away;
  std::vector<Space> spaces;
  std::vector<PartitionRow> rows;
  std::int64_t clock_offset_ms = 0;
  std::vector<Item> items;
  std::vector<Epoch> lineage;  // Views that it comes from, newest last.
  bool heard = false;          // It was computed with the promise of the one that gets this.
  template <class A>
  void fields(A& a) {
    a(epoch, base, leader, whole, n, gone, members, away, spaces, rows, clock_offset_ms, items,
      lineage, heard);
  }
};

struct Installed {
  static constexpr Kind kKind = Kind::Installed;
  Epoch epoch;
  std::uint32_t n = 0;
  template <class A>
  void fields(A& a) {
    a(epoch, n);
  }
};

/// Row changes within a view, after `from` up to `to`.
struct Rows {
  static constexpr Kind kKind = Kind::Rows;
  Epoch epoch;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::vector<PartitionRow> rows;
  template <class A>
  void fields(A& a) {
    a(epoch, from, to, rows);
  }
};

/// I have only this, and hear of more.
struct Pull {
  static constexpr Kind kKind = Kind::Pull;
  Epoch epoch;
  std::uint32_t n = 0;
  template <class A>
  void fields(A& a) {
    a(epoch, n);
  }
};

struct Ask {
  static constexpr Kind kKind = Kind::Ask;
  RowAsk::Kind kind{};
  std::uint32_t ns = 0;
  wire::PartitionId partition;
  RowVersion expected;
  Process who;
  std::optional<Row> moved;
  template <class A>
  void fields(A& a) {
    a(kind, ns, partition, expected, who, moved);
  }
};

/// To a primary: hand these over to the rows' primaries.
struct Move {
  static constexpr Kind kKind = Kind::Move;
  std::vector<PartitionRow> rows;
  template <class A>
  void fields(A& a) {
    a(rows);
  }
};

/// To the leader: what I say of myself has changed; I leave, I am quiesced.
struct Describe {
  static constexpr Kind kKind = Kind::Describe;
  NodeInfo node;
  bool part = false;  // Clients are done with me: take me out of all in-sync sets.
  template <class A>
  void fields(A& a) {
    a(node, part);
  }
};

struct Left {
  static constexpr Kind kKind = Kind::Left;
  Epoch epoch;
  template <class A>
  void fields(A& a) {
    a(epoch);
  }
};

struct Recluster {
  static constexpr Kind kKind = Kind::Recluster;
  bool ask = true;
  template <class A>
  void fields(A& a) {
    a(ask);
  }
};

/// To the leader: set this.
struct SetItem {
  static constexpr Kind kKind = Kind::SetItem;
  std::uint64_t id = 0;
  bool cutoff = false;
  Item item;
  template <class A>
  void fields(A& a) {
    a(id, cutoff, item);
  }
};

struct Items {
  static constexpr Kind kKind = Kind::Items;
  std::uint64_t id = 0;  // Zero: all that the sender has, because the receiver's differ.
  std::vector<Item> items;
  template <class A>
  void fields(A& a) {
    a(id, items);
  }
};

struct ItemsStored {
  static constexpr Kind kKind = Kind::ItemsStored;
  std::uint64_t id = 0;
  template <class A>
  void fields(A& a) {
    a(id);
  }
};

struct ItemDone {
  static constexpr Kind kKind = Kind::ItemDone;
  std::uint64_t id = 0;
  bool everywhere = false;
  template <class A>
  void fields(A& a) {
    a(id, everywhere);
  }
};

struct ClockAsk {
  static constexpr Kind kKind = Kind::ClockAsk;
  std::uint64_t id = 0;
  template <class A>
  void fields(A& a) {
    a(id);
  }
};

struct ClockAnswer {
  static constexpr Kind kKind = Kind::ClockAnswer;
  std::uint64_t id = 0;
  std::uint64_t ms = 0;
  template <class A>
  void fields(A& a) {
    a(id, ms);
  }
};

}  // namespace message

using Message =
    std::variant<message::Hello, message::Fragment, message::Beat, message::Gone, message::Join,
                 message::Hold, message::Rumour, message::Yield, message::Prepare, message::Promise,
                 message::Refuse, message::Commit, message::Installed, message::Rows, message::Pull,
                 message::Ask, message::Move, message::Describe, message::Left, message::Recluster,
                 message::SetItem, message::Items, message::ItemsStored, message::ItemDone,
                 message::ClockAsk, message::ClockAnswer>;

struct Parsed {
  Header header;
  Message body;
};

/// Parameter: not a message, or one that is damaged. Any bytes.
Result<Parsed> parse_message(Bytes frame);
/// Only who sent it to whom, for relaying. Parameter: damaged.
Result<Header> parse_header(Bytes frame);

template <class M>
Buffer encode_message(const Process& from, const Process& to, const M& body,
                      std::uint8_t hops = 0) {
  Encoder e;
  e(Header{M::kKind, hops, from, to}, body);
  return std::move(e.out);
}

/// The same frame, one hop older. `frame` has passed parse_header().
Buffer one_hop_on(Bytes frame);

/// A view as it lies on disk. Parameter: damaged.
Buffer encode_view(const View& view);
Result<View> parse_view(Bytes bytes);

}  // namespace flotilla::cluster
