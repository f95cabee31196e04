#pragma once

// The contract of membership; see docs/algorithms/membership.md.

#include <map>
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
///   step(now, event)  ->  [Membership]  ->  actions, in order
class Membership {
 public:
  // Events.
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
    std::vector<std::string> addresses;
  };  // Empty: unknown.
  struct Asked {
    RowAsk ask;
  };  // By a copy of this node.
  using Event = std::variant<Tick, LinkUp, LinkDown, DialFailed, Frame, Resolved, Asked>;

  // Actions.
  struct Dial {
    Endpoint to;
  };  // Answered by LinkUp or DialFailed within the dial time-out.
  struct Send {
    LinkId link;
    Buffer bytes;
  };
  struct Hangup {
    LinkId link;
  };
  struct Resolve {
    std::string name;
  };
  /// The copies take these rows: (namespace, partition, row).
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
  /// Must be durable before what follows it in the list.
  struct Persist {
    std::string key;
    Buffer value;
  };
  struct MetadataChanged {
    std::string module;
    std::string key;
  };
  struct Log {
    bool warning;
    std::string text;
  };
  /// This process may exit: nothing depends on it any more.
  struct Left {};
  using Action = std::variant<Dial, Send, Hangup, Resolve, InstallRows, ViewChanged, Orphaned,
                              MoveRow, Persist, MetadataChanged, Log, Left>;
};

}  // namespace flotilla::cluster
