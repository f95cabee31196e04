#pragma once

#include <sys/epoll.h>

#include <coroutine>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/out_buffer.h"
#include "client/async.h"
#include "command.h"
#include "round.h"
#include "timers.h"

namespace flotilla::client {

/// One epoll loop on a thread of its own, and the calls that are under way on it.
///
/// Short calls on records share connections: what they ask leaves together, once a round of events,
/// and is answered in the order of asking. A call joins others where it need not wait long for
/// them. Otherwise it takes a connection of its own, and where the node has as many as it may have,
/// it waits for a place, in order. Long requests and answers of many frames have a connection to
/// themselves (docs/adr/0020-calls-share-connections.md).
class AsyncLoop {
  struct Pool;
  struct Wire;

 public:
  /// One request and its reply, awaitable once. It lives in the frame of the coroutine that awaits
  /// it. What it asks, of whom, and how often is said by those below (async_calls.h).
  class Operation : private Timed {
   public:
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    bool await_ready() const noexcept { return !outcome_.has_value(); }
    void await_suspend(std::coroutine_handle<> awaiter);

   protected:
    /// Whether it has its connection to itself from the first byte sent to the last one received.
    enum class Connects : std::uint8_t { Alone, Together };

    /// `silence`: of the node, that ends an attempt; 0: the deadline alone.
    Operation(AsyncLoop& loop, Milliseconds silence, Connects connects)
        : loop_(loop), silence_(silence), connects_(connects) {}
    virtual ~Operation() = default;

    /// The node for attempt number `attempt`, from 0.
    virtual Expected<std::shared_ptr<Node>> choose_node(const Cluster& cluster,
                                                        unsigned attempt) = 0;
    /// One frame of the reply.
    virtual Expected<Taken> take(const Frame& frame, const std::string& node) = 0;
    /// What follows from a failed attempt; by default the failure stands. `times_sent`: attempts
    /// that may have reached a node.
    virtual Retry plan(Failure& failure, int number, int times_sent);
    /// Whether each frame begins the wait for the next one anew.
    virtual bool renews_wait() const { return false; }
    /// When the coroutine begins to wait: sets deadline_ if that is counted from here.
    virtual void begin() {}

    bool was_ever_sent() const { return times_sent_ > 0; }

    OutBuffer request_;
    Expected<void> outcome_;
    Deadline deadline_;  // Of all attempts.

   private:
    friend AsyncLoop;
    bool shares() const { return connects_ == Connects::Together && request_.size() <= kShortMost; }

    AsyncLoop& loop_;
    const Milliseconds silence_;
    const Connects connects_;
    std::coroutine_handle<> awaiter_;

    // Of the loop's thread. The timer is that of this attempt, or of the pause before the next.
    int number_ = 0;  // Of this attempt.
    int times_sent_ = 0;
    bool is_pausing_ = false;
    Pool* pool_ = nullptr;         // Of this attempt.
    Wire* wire_ = nullptr;         // Null: it waits for a place.
    std::uint64_t begins_at_ = 0;  // In what the wire is to send; `ends_at_` likewise.
    std::uint64_t ends_at_ = 0;
  };

  AsyncLoop(Cluster& cluster, AsyncClient::Options options);
  AsyncLoop(const AsyncLoop&) = delete;
  AsyncLoop& operator=(const AsyncLoop&) = delete;
  ~AsyncLoop();

  Cluster& cluster() const { return cluster_; }

 private:
  static constexpr std::size_t kShortMost = 16 << 10;  // Bytes of a request that joins others.

  /// A connection and the calls that are on it; no call: it is idle.
  struct Wire {
    Connection connection;
    Pool& pool;
    std::deque<Operation*> calls = {};  // As the replies come; null: nobody waits for it any more.
    std::size_t live = 0;               // Of them.
    OutBuffer out = {};
    std::uint64_t queued = 0;  // Bytes, since its begin; of them were sent:
    std::uint64_t sent = 0;
    Clock::time_point since = {};  // The reply in front is waited for.
    std::uint64_t freed = 0;       // In which round.
    bool is_shared = false;        // By the calls that are on it.
    bool is_ending = false;        // Takes no more calls.
    bool is_closed = false;        // Until the round's end, as events may still name it.
    bool is_to_flush = false;
  };
  struct Pool {
    std::shared_ptr<Node> node;
    std::vector<std::unique_ptr<Wire>> wires = {};
    std::vector<Wire*> idle = {};
    Wire* shared = nullptr;  // Whom others have joined last.
    std::deque<Operation*> waiting = {};
    Clock::duration pace = {};  // From one reply to the next on one connection, smoothed.
  };

  void submit(Operation& operation);
  void run();
  /// False: the loop is to end.
  bool take_submitted();
  void read_on();
  int wait_for_events(std::span<epoll_event> events) const;
  void on_event(const epoll_event& event);
  void expire();

  void begin_attempt(Operation& operation);
  /// Puts it on a connection if there is one, or may be one more. False: it has to wait.
  bool place(Operation& operation);
  Pool& pool_of(const std::shared_ptr<Node>& node);
  bool joins(const Operation& operation, const Wire* wire) const;
  Wire* take_idle(Pool& pool);
  Expected<Wire*> connect(Pool& pool);
  void use(Wire& wire, Operation& operation);
  void flush_all();
  void flush(Wire& wire);
  /// Reads what is there, but not for ever: other connections get their turn.
  void receive(Wire& wire);
  /// True: there may be more.
  bool receive_one(Wire& wire);
  void note_pace(Wire& wire);
  /// The call in front has its reply, or nobody waits for that.
  void pop_front(Wire& wire);
  void give_up(Operation& operation);
  void take_back_unsent(Wire& wire);
  void take_off(Operation& operation);
  /// Ends the attempts of all that are on it.
  void close(Wire& wire, const Failure& failure);
  void end_attempt(Operation& operation, Expected<void> outcome);
  void finish(Operation& operation);
  void serve_waiting();
  void set_timer(Operation& operation, Deadline until);
  void abort_all();

  Cluster& cluster_;
  const AsyncClient::Options options_;
  int epoll_ = -1;
  int wake_ = -1;  // An eventfd.

  // Of the loop's thread.
  std::unordered_map<Node*, Pool> pools_;
  Timers timers_;
  std::set<Pool*> to_serve_;     // A place has come free.
  std::vector<Wire*> to_flush_;  // They have something to send.
  std::vector<Wire*> unread_;    // They were left with something to read.
  std::vector<std::unique_ptr<Wire>> closed_;
  std::vector<Operation*> own_;  // Submitted on this thread.
  std::uint64_t round_ = 0;      // Of events.
  Clock::time_point now_;        // As the round began.

  std::mutex lock_;  // Guards the two below.
  std::vector<Operation*> submitted_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace flotilla::client
