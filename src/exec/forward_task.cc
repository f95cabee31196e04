#include "forward_task.h"

#include <utility>

#include "wire/frame.h"

namespace flotilla::exec {
namespace {

class ForwardTask : public Task {
 public:
  ForwardTask(Executor& executor, std::unique_ptr<Forward> forward, WallTime wall)
      : executor_(executor), forward_(std::move(forward)), wall_(wall) {}

  Progress run(OutBuffer& out, Instant until) override;
  Instant resume_at() const override { return forward_->resume_at(); }
  bool is_one_message() const override { return true; }
  std::vector<Gate> take_gates() override { return std::exchange(gates_, {}); }
  Histogram* latency() override { return latency_; }

 private:
  bool run_here(OutBuffer& out);
  void count(NamespaceCounter counter) {
    forward_->ns().share(executor_.reactor()).counters.add(counter);
  }

  Executor& executor_;
  std::unique_ptr<Forward> forward_;
  WallTime wall_;
  std::vector<Gate> gates_;
  Histogram* latency_ = nullptr;
};

Task::Progress ForwardTask::run(OutBuffer& out, Instant) {
  using C = NamespaceCounter;
  switch (forward_->step(executor_.now())) {
    case Forward::Step::Waiting:
      return Progress::Waiting;
    case Forward::Step::Here:
      return run_here(out) ? Progress::Done : Progress::Waiting;
    case Forward::Step::Answered: {
      wire::ReplyWriter reply(out);
      reply.message(forward_->answer());
      reply.finish();
      count(C::client_proxy_complete);
      return Progress::Done;
    }
    case Forward::Step::Failed:
      break;
  }
  wire::write_header_reply(out, {.result = static_cast<std::uint8_t>(forward_->code())});
  count(forward_->code() == Code::Timeout ? C::client_proxy_timeout : C::client_proxy_error);
  return Progress::Done;
}

bool ForwardTask::run_here(OutBuffer& out) {
  wire::ReplyWriter reply(out);
  const bool done = executor_.run_forward(
      *forward_, {.wall = wall_, .origin = Origin::Client, .deadline = forward_->deadline()}, reply,
      gates_);
  reply.finish();
  if (done && forward_->fetched() != nullptr) {
    const auto header = wire::MessageHeader::load(forward_->message().data());
    const bool writes = (header.info2 & wire::info2::kWrite) != 0;
    latency_ = &forward_->ns()
                    .share(executor_.reactor())
                    .latencies[static_cast<std::size_t>(writes ? Latency::Write : Latency::Read)];
  }
  return done;
}

}  // namespace

std::unique_ptr<Task> start_forward(Executor& executor, std::unique_ptr<Forward> forward,
                                    WallTime wall) {
  return std::make_unique<ForwardTask>(executor, std::move(forward), wall);
}

}  // namespace flotilla::exec
