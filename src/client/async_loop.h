#pragma once

#include <coroutine>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <unordered_map>

#include "base/out_buffer.h"
#include "client/async.h"
#include "command.h"
#include "round.h"

struct epoll_event;

namespace flotilla::client {

/// One epoll loop on a thread of its own, and the calls that are under way on it. A call has one
/// connection to itself from the first byte sent to the last one received; more calls for the same
/// node than it may have connections wait in order.
class AsyncLoop {
 public:
  /// One request and its reply, awaitable once. It lives in the frame of the coroutine that awaits
  /// it. What it asks, of whom, and how often is said by those below (async_calls.h).
  class Operation {
   public:
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    bool await_ready() const noexcept { return !outcome_.has_value(); }
    void await_suspend(std::coroutine_handle<> awaiter);

   protected:
    /// `silence`: of the node, that ends an attempt; 0: the deadline alone.
    Operation(AsyncLoop& loop, Milliseconds silence) : loop_(loop), silence_(silence) {}
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
    AsyncLoop& loop_;
    const Milliseconds silence_;
    std::coroutine_handle<> awaiter_;

    // Of the loop's thread.
    Deadline until_;  // Of this attempt, or of the pause before the next.
    int number_ = 0;  // Of this attempt.
    int times_sent_ = 0;
    bool was_sent_ = false;  // In this attempt.
    std::shared_ptr<Node> node_;
    int fd_ = -1;  // Of the connection that it has.
    enum class Stage : std::uint8_t {
      Pausing,
      Waiting,
      Sending,
      Receiving
    } stage_ = Stage::Pausing;
  };

  AsyncLoop(Cluster& cluster, AsyncClient::Options options);
  AsyncLoop(const AsyncLoop&) = delete;
  AsyncLoop& operator=(const AsyncLoop&) = delete;
  ~AsyncLoop();

  Cluster& cluster() const { return cluster_; }

 private:
  /// A connection and the call that has it; no call: it is idle.
  struct Wire {
    Connection connection;
    std::shared_ptr<Node> node;
    Operation* operation = nullptr;
    Bytes left = {};          // Of the request.
    bool is_ending = false;   // The node has closed it.
    std::uint64_t freed = 0;  // In which round.
  };
  struct Pool {
    std::vector<int> idle;  // Descriptors.
    std::size_t open = 0;
    std::deque<Operation*> waiting;
  };

  void submit(Operation& operation);
  void run();
  void take_submitted();
  void read_on();
  int wait_for_events(std::span<epoll_event> events) const;
  void on_event(const epoll_event& event);
  void expire(Clock::time_point now);

  void begin_attempt(Operation& operation);
  bool is_usable(Wire& wire) const;
  void use(int fd, Operation& operation);
  Expected<int> connect(const std::shared_ptr<Node>& node, Pool& pool);
  void advance(int fd);
  /// True: all of the request has left.
  bool send(int fd);
  /// Reads what is there, but not for ever: other connections get their turn.
  void receive(int fd);
  /// True: there may be more.
  bool receive_one(int fd);
  /// The attempt is over; its connection, if it has one, is kept or closed.
  void end_attempt(Operation& operation, int fd, bool keeps, Expected<void> outcome);
  void finish(Operation& operation);
  void release(int fd, bool keeps);
  /// Gives free connections to the calls that wait for them.
  void serve_waiting();
  void serve_waiting(Node* node);
  void set_timer(Operation& operation, Deadline until);
  void drop_timer(Operation& operation);
  void abort_all();

  Cluster& cluster_;
  const AsyncClient::Options options_;
  int epoll_ = -1;
  int wake_ = -1;  // An eventfd.

  // Of the loop's thread.
  std::unordered_map<int, Wire> wires_;
  std::map<Node*, Pool> pools_;
  std::set<std::pair<Clock::time_point, Operation*>> timers_;
  std::set<Node*> to_serve_;     // A connection has come free.
  std::set<int> unread_;         // Descriptors that were left with something to read.
  std::vector<Operation*> own_;  // Submitted on this thread.
  std::uint64_t round_ = 0;      // Of events.

  std::mutex lock_;  // Guards the two below.
  std::vector<Operation*> submitted_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace flotilla::client
