#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "base/out_buffer.h"
#include "exec/gate.h"
#include "exec/node.h"

namespace flotilla::exec {

class Executor;
struct Moment;
struct RecordRequest;

/// A connection of the fabric by which a frame came, named by whoever carries frames.
using FabricPath = Strong<struct FabricPathTag, std::uint64_t>;

/// Carries frames between this reactor and other nodes. Called on the reactor's thread only.
class FabricPort {
 public:
  virtual ~FabricPort() = default;
  /// By this reactor's connection to the process. False: there is none, and nothing was sent.
  virtual bool try_send(const cluster::Process& to, Bytes frame) = 0;
  /// Back by the connection that a frame came by. False: it is gone.
  virtual bool answer(FabricPath path, Bytes frame) = 0;
};

/// A request on one record that cannot be executed here and now, from here to its answer. One that
/// another node must execute is sent to whoever is the partition's primary; a definite refusal
/// ("not primary") sends it on, a broken connection leaves a write in doubt. One whose record must
/// be read from the device first waits for that. It never runs twice.
class Forward {
 public:
  enum class Step : std::uint8_t {
    Waiting,   // Call step() again when woken or at resume_at().
    Here,      // This node serves it now: run it, and call step() again if that was refused.
    Answered,  // answer() holds the reply's message.
    Failed,    // code() says how.
  };

  /// `message`: a whole single-record request (docs/formats/wire.md), kept. Until `deadline`.
  Forward(Executor& executor, Namespace& ns, const wire::Digest& digest, Buffer message,
          Instant deadline);
  ~Forward();
  Forward(const Forward&) = delete;
  Forward& operator=(const Forward&) = delete;

  /// As a row of a batch: whoever executes it counts it so, and answers with this index.
  void set_row(std::uint32_t index) {
    is_row_ = true;
    row_index_ = index;
  }
  Step step(Instant now);
  /// It cannot go on before this (null: nothing) is done.
  void await(std::shared_ptr<store::RecordRead> read) { read_ = std::move(read); }
  /// What was read for it; null: nothing.
  const store::RecordRead* fetched() const { return read_.get(); }
  Instant resume_at() const { return resume_at_; }
  Instant deadline() const { return deadline_; }
  Bytes answer() const { return answer_; }
  Code code() const { return code_; }
  Bytes message() const { return message_; }
  Namespace& ns() { return ns_; }
  const wire::Digest& digest() const { return digest_; }
  bool is_row() const { return is_row_; }
  std::uint32_t row_index() const { return row_index_; }

 private:
  friend class Forwarding;
  enum class State : std::uint8_t { Idle, Sent, Answered, Refused, Lost };

  Step send(Instant now, const cluster::Process& to);
  Step wait(Instant now);
  Step fail(Code code);

  Executor& executor_;
  Namespace& ns_;
  wire::Digest digest_;
  Buffer message_;
  Instant deadline_;
  Instant
      start_by_;  // A write begun later could still be under way when its client has written anew.
  bool is_write_ = false;
  bool any_copy_ = true;  // A replica may answer a read.
  bool is_row_ = false;
  std::uint32_t row_index_ = 0;
  std::uint64_t id_ = 0;  // Of the sending under way.
  cluster::Process to_{};
  State state_ = State::Idle;
  unsigned tries_ = 0;
  Instant resume_at_{};
  Buffer answer_;
  Code code_{};
  std::shared_ptr<store::RecordRead> read_;
};

/// What one reactor has under way with other nodes: its requests there, and theirs here.
/// docs/formats/fabric.md has the frames. The reactor's thread only.
class Forwarding {
 public:
  /// First bytes of its frames.
  static constexpr std::uint8_t kRequest = 128;
  static constexpr std::uint8_t kReply = 129;

  explicit Forwarding(Executor& executor) : executor_(executor) {}

  /// Null: no other nodes. The port outlives this.
  void attach(FabricPort* port) { port_ = port; }

  /// A frame of kind kRequest or kReply; any bytes. True: a reply came that somebody here waits
  /// for, so tasks are to be run.
  bool receive(FabricPath path, Bytes frame, const Moment& moment);
  /// The connection to this process broke: what was sent by it is in doubt. True: as receive().
  bool peer_lost(const cluster::Process& process);
  /// Sends the answers whose gates have opened meanwhile, and executes what waited for a record.
  /// Call when acknowledgements came or a read is done, and every 100 ms or so while has_held().
  void send_held(Instant now);
  bool has_held() const { return !held_.empty() || !reading_.empty(); }

 private:
  friend class Forward;
  /// An answer that waits for other copies or the log.
  struct Held {
    FabricPath path;
    Buffer frame;
    std::vector<Gate> gates;
  };
  /// A request of another node whose record is being read.
  struct Reading {
    FabricPath path;
    Buffer frame;
    WallTime wall;
    Instant deadline;
    std::shared_ptr<store::RecordRead> read;
  };

  bool send(Forward& forward, const cluster::Process& to, Instant now);
  void forget(const Forward& forward) { pending_.erase(forward.id_); }
  void execute(FabricPath path, Bytes frame, WallTime wall, Instant deadline,
               const store::RecordRead* fetched);
  bool take_reply(Bytes frame);

  Executor& executor_;
  FabricPort* port_ = nullptr;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, Forward*> pending_;
  std::deque<Held> held_;
  std::deque<Reading> reading_;
};

}  // namespace flotilla::exec
