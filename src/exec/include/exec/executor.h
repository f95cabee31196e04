#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/out_buffer.h"
#include "exec/forwarding.h"
#include "exec/gate.h"
#include "exec/node.h"
#include "store/record_body.h"
#include "wire/message.h"
#include "wire/reply.h"

namespace flotilla::exec {

/// Work that does not end at once: a batch, a query. It runs in slices between other requests.
class Task {
 public:
  enum class Progress : std::uint8_t {
    More,      // Call again.
    Waiting,   // Call again, but not before resume_at().
    Done,      // The reply is complete; drop the task.
    Abandoned  // No reply can be completed: close the connection.
  };

  virtual ~Task() = default;
  /// Appends to the reply until about `until`, or until the reply is long enough to be sent first.
  virtual Progress run(OutBuffer& out, Instant until) = 0;
  virtual Instant resume_at() const { return {}; }
  /// What holds back the bytes that run() has appended so far; looked at after each call.
  virtual std::vector<Gate> take_gates() { return {}; }
  /// The reply is one message, whose result can be changed while it is held back.
  virtual bool is_one_message() const { return false; }
  /// Where to note how long it took until its reply could leave, once it is Done; null: nowhere.
  virtual Histogram* latency() { return nullptr; }
  /// How long the client may leave the reply unread; zero: for ever.
  virtual Duration stall_limit() const { return std::chrono::seconds(10); }
};

/// What became of a request.
struct Outcome {
  /// What holds back the reply just written; empty: nothing.
  std::vector<Gate> gates;
  /// Where to note how long it took until the reply could leave; null: nowhere.
  Histogram* latency = nullptr;
  /// The clock behind it, if it was looked at anyway: whoever wants to know need not look again.
  std::optional<Instant> looked{};
  /// The reply goes on: run this, and take no further request from the connection until it is done.
  std::unique_ptr<Task> task;
  /// No client waits for it: run it beside the connections.
  std::unique_ptr<Task> background;
};

/// What the reactor knows about a request's surroundings.
struct Moment {
  WallTime wall;
  Instant now;
  /// When the request reached this machine, as far as that is known; not after `now`.
  Instant arrived = now;
};

/// Where the operations of one request are counted.
enum class Origin : std::uint8_t { Client, BatchSub, OpsSub, FromProxy, FromProxyBatchSub };

constexpr bool is_row(Origin origin) {
  return origin == Origin::BatchSub || origin == Origin::FromProxyBatchSub;
}

/// One request on one record, as the single-record message or a row of a batch states it.
struct RecordRequest {
  Namespace& ns;
  ReactorShare& share;
  const wire::MessageHeader& header;
  const wire::Fields& fields;
  const wire::Ops& ops;
  const wire::Digest& digest;
  std::optional<Bytes> filter;  // Field 43.
  WallTime wall;
  Origin origin = Origin::Client;
  std::uint32_t row_index = 0;                 // Goes to the reply's transaction ttl.
  const store::RecordRead* fetched = nullptr;  // What was read for it from the device.

  /// Where its latency is kept.
  Histogram& latency() const;
};

/// A bin of the record that is being written.
using Bins = std::vector<store::BinView>;

/// Executes requests to completion, one at a time. Each reactor has its own; they share the Node.
class Executor {
 public:
  Executor(Node& node, unsigned reactor);
  ~Executor();

  Node& node() { return node_; }
  unsigned reactor() const { return reactor_; }
  NodeShare& share() { return share_; }
  const NodeShare& share() const { return share_; }

  /// Executes a message (the body of a frame of kind Message) and appends its reply. `from` is the
  /// client's address, for the query monitor; read only while this call lasts.
  Outcome execute(Bytes body, const Moment& moment, const std::string& from, OutBuffer& out);

  /// A hint that these messages (bodies of frames) come next: what they will look up is fetched
  /// into the cache.
  void look_ahead(std::span<const Bytes> bodies) const;

  /// One record, one message of the reply. Used by execute(), by batches, and by background
  /// operations.
  struct Written {
    Code code{};  // Meaningless when ok.
    bool ok = true;
    store::LogPosition wait{};
    store::Lsn lsn{};  // What other copies must have before the reply may leave; else zero.
    /// Not Here: nothing was executed, and nothing is in the reply. Where that is because the
    /// record must be read first, take_wanted() has what is being read: run it again with that.
    cluster::Replica::Access access = cluster::Replica::Access::Here;
    std::optional<Instant> looked{};  // The clock behind it, if it was looked at anyway.
  };
  Written run(const RecordRequest& request, wire::ReplyWriter& reply);
  /// What the reply just written waits for, if anything; copies until `deadline`.
  void add_gates(const RecordRequest& request, const Written& written, Instant deadline,
                 std::vector<Gate>& gates) const;
  /// run() for a whole single-record request, with its gates. Not Here: as of run().
  struct MessageRun {
    WallTime wall;
    Origin origin = Origin::Client;
    std::uint32_t row_index = 0;
    Instant deadline;
    const store::RecordRead* fetched = nullptr;
  };
  cluster::Replica::Access run_message(Bytes message, const MessageRun& how,
                                       wire::ReplyWriter& reply, std::vector<Gate>& gates);
  /// The same for a request that waits: it waits for its record, too. False: nothing was executed.
  bool run_forward(Forward& forward, const MessageRun& how, wire::ReplyWriter& reply,
                   std::vector<Gate>& gates);
  /// The read that the last request waits for; null: it waits for something else.
  std::shared_ptr<store::RecordRead> take_wanted() { return std::move(wanted_); }
  /// Called, on any thread, when a read that somebody waits for here is done. Before the first
  /// request.
  void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }
  const std::function<void()>* wake() const { return &wake_; }
  /// When a request with this header that came in then has waited long enough.
  Instant deadline_of(const wire::MessageHeader& header, Instant arrived) const;
  /// Whoever sent it waits no more: it is not carried out, or it would undo what came after it.
  bool is_given_up(const wire::MessageHeader& header, const Moment& moment) const {
    return deadline_of(header, moment.arrived) <= moment.now;
  }

  Forwarding& forwarding() { return forwarding_; }
  Arena& arena() { return arena_; }
  Instant now() const { return node_.now(); }

 private:
  Written read(const RecordRequest& request, wire::ReplyWriter& reply);
  Written read_record(const RecordRequest& request, wire::ReplyWriter& reply);
  std::optional<Result<Bytes>> body_of(const RecordRequest& request,
                                       const store::RecordWanted& wanted);
  /// Wherever it is.
  std::optional<Result<Bytes>> body_of(const RecordRequest& request,
                                       const store::MemoryRecord& record) {
    const store::Namespace& records = request.ns.records;
    if (!records.on_device()) return record.body();
    return body_of(request, records.wanted(record.head()));
  }
  Written write(const RecordRequest& request, wire::ReplyWriter& reply);
  Written remove(const RecordRequest& request, wire::ReplyWriter& reply);

  Node& node_;
  unsigned reactor_;
  NodeShare share_;
  Arena arena_;
  Bins bins_;  // Scratch of write().
  std::shared_ptr<store::RecordRead> wanted_;
  std::function<void()> wake_;
  Forwarding forwarding_;
};

}  // namespace flotilla::exec
