#pragma once

#include <coroutine>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>

#include "call.h"
#include "client/async.h"
#include "command.h"

namespace flotilla::client {

/// One epoll loop on a thread of its own, and the calls that are under way on it. A call has one
/// connection to itself from the first byte sent to the last one received; more calls for the same
/// node than it may have connections wait in order.
class AsyncLoop {
 public:
  /// One call, awaitable once. It lives in the frame of the coroutine that awaits it.
  class Operation {
   public:
    Operation(AsyncLoop& loop, const Call& call);
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    bool await_ready() const noexcept { return !outcome_.has_value(); }
    void await_suspend(std::coroutine_handle<> awaiter);
    Expected<Record> await_resume();

   private:
    friend AsyncLoop;
    AsyncLoop& loop_;
    const CommandPolicy& policy_;
    const bool is_write_;
    Record record_;
    OutBuffer request_;
    Expected<void> outcome_;
    std::coroutine_handle<> awaiter_;

    // Of the loop's thread.
    Deadline deadline_;  // Of all attempts.
    Deadline until_;     // Of this attempt, or of the pause before the next.
    int number_ = 0;     // Of this attempt.
    int times_sent_ = 0;
    bool was_sent_ = false;  // In this attempt.
    std::shared_ptr<Node> node_;
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

 private:
  /// A connection and the call that has it; no call: it is idle.
  struct Wire {
    Connection connection;
    std::shared_ptr<Node> node;
    Operation* operation = nullptr;
    Bytes left;  // Of the request.
  };
  struct Pool {
    std::vector<int> idle;  // Descriptors.
    std::size_t open = 0;
    std::deque<Operation*> waiting;
  };

  void submit(Operation& operation);
  void run();
  void take_submitted();
  int wait_ms() const;
  void on_event(int fd);
  void expire(Clock::time_point now);

  void begin_attempt(Operation& operation);
  void use(int fd, Operation& operation);
  Expected<int> connect(const std::shared_ptr<Node>& node, Pool& pool);
  void advance(int fd);
  void receive(int fd);
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
  std::unordered_map<Operation*, int> wire_of_;
  std::map<Node*, Pool> pools_;
  std::set<std::pair<Clock::time_point, Operation*>> timers_;
  std::set<Node*> to_serve_;  // A connection has come free.

  std::mutex lock_;  // Guards the two below.
  std::vector<Operation*> submitted_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace flotilla::client
