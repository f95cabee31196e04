#pragma once

#include <functional>
#include <utility>

#include "async_loop.h"
#include "call.h"

/// What AsyncLoop carries out.
namespace flotilla::client {

/// A call on one record, repeated as its policy allows. What `call` borrows must outlive this, but
/// for its operations and bin names.
class RecordCall final : public AsyncLoop::Operation {
 public:
  RecordCall(AsyncLoop& loop, const Call& call)
      : Operation(loop, call.policy.socket_timeout, Connects::Together),
        policy_(call.policy),
        is_write_(call.is_write),
        record_{.key = call.key} {
    outcome_ = encode_call(request_, call);
  }

  Expected<Record> await_resume() {
    if (!outcome_) return tl::unexpected(std::move(outcome_.error()));
    return std::move(record_);
  }

 private:
  void begin() override { deadline_ = deadline_after(policy_.total_timeout); }
  Expected<std::shared_ptr<Node>> choose_node(const Cluster& cluster, unsigned attempt) override {
    const Command command{.ns = record_.key.ns,
                          .partition = record_.key.partition(),
                          .policy = policy_,
                          .is_write = is_write_,
                          .request = request_.view()};
    return find_node(cluster, command, attempt);
  }
  Expected<Taken> take(const Frame& frame, const std::string& node) override {
    if (frame.kind != wire::FrameKind::Message)
      return fail(Status::Client, "the node answered with another kind of message", node);
    record_.bins.clear();
    if (auto read = read_call_reply(record_, frame.body, node); !read)
      return tl::unexpected(std::move(read.error()));
    return Taken::All;
  }
  Retry plan(Failure& failure, int number, int times_sent) override {
    return plan_retry(failure, policy_, is_write_, number, times_sent);
  }

  const CommandPolicy& policy_;
  const bool is_write_;
  Record record_;
};

/// One request to one node, once. The reply may be of many frames.
class NodeCall final : public AsyncLoop::Operation {
 public:
  using Take = std::function<Expected<Taken>(Bytes body)>;
  struct Limits {
    Deadline deadline;
    Milliseconds silence{0};
    bool renews_wait = false;  // The silence is counted from each frame.
  };

  NodeCall(AsyncLoop& loop, std::shared_ptr<Node> node, wire::FrameKind kind, const Limits& limits,
           Take take)
      : Operation(loop, limits.silence, Connects::Alone),
        node_(std::move(node)),
        kind_(kind),
        renews_wait_(limits.renews_wait),
        take_(std::move(take)) {
    deadline_ = limits.deadline;
  }

  /// To be filled before the call is awaited.
  OutBuffer& request() { return request_; }
  /// Of the encoding: a failure is the call's, and nothing is sent.
  void set_outcome(Expected<void> outcome) { outcome_ = std::move(outcome); }

  Expected<void> await_resume() { return std::move(outcome_); }
  using Operation::was_ever_sent;

 private:
  Expected<std::shared_ptr<Node>> choose_node(const Cluster&, unsigned) override { return node_; }
  Expected<Taken> take(const Frame& frame, const std::string& node) override {
    if (frame.kind != kind_)
      return fail(Status::Client, "the node answered with another kind of message", node);
    return take_(frame.body);
  }
  bool renews_wait() const override { return renews_wait_; }

  const std::shared_ptr<Node> node_;
  const wire::FrameKind kind_;
  const bool renews_wait_;
  const Take take_;
};

/// Sleeps on the loop. Yields false when the deadline or the loop's end comes first.
class LoopPause final : public AsyncLoop::Operation {
 public:
  LoopPause(AsyncLoop& loop, Clock::duration pause, Deadline deadline)
      : Operation(loop, Milliseconds(0), Connects::Alone), pause_(pause) {
    deadline_ = deadline;
  }
  bool await_resume() const { return is_over_; }

 private:
  // A call that finds no node and tries again after the pause is just that: a pause.
  Expected<std::shared_ptr<Node>> choose_node(const Cluster&, unsigned attempt) override {
    is_over_ = attempt > 0;
    return fail(Status::NoNode, "no node is asked");
  }
  Expected<Taken> take(const Frame&, const std::string&) override { return Taken::All; }
  Retry plan(Failure&, int number, int) override { return {.again = number == 0, .pause = pause_}; }

  const Clock::duration pause_;
  bool is_over_ = false;
};

}  // namespace flotilla::client
