#include "async_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"

namespace flotilla::client {
namespace {

constexpr int kNoWire = -1;
constexpr int kFramesPerTurn = 8;

tl::unexpected<Failure> timed_out(const std::string& node) {
  return tl::unexpected<Failure>(Failure{.code = static_cast<std::int16_t>(Code::Timeout),
                                         .message = "waiting for the node timed out",
                                         .node = node});
}

}  // namespace

void AsyncLoop::Operation::await_suspend(std::coroutine_handle<> awaiter) {
  awaiter_ = awaiter;
  begin();
  loop_.submit(*this);
}

Retry AsyncLoop::Operation::plan(Failure&, int, int) { return {}; }

AsyncLoop::AsyncLoop(Cluster& cluster, AsyncClient::Options options)
    : cluster_(cluster),
      options_(options),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  FLOTILLA_CHECK(epoll_ != -1 && wake_ != -1);
  epoll_event watched{.events = EPOLLIN, .data = {.fd = wake_}};
  FLOTILLA_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &watched) == 0);
  thread_ = std::thread([this] { run(); });
}

AsyncLoop::~AsyncLoop() {
  {
    std::lock_guard hold(lock_);
    stopping_ = true;
  }
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
  thread_.join();
  ::close(epoll_);
  ::close(wake_);
}

void AsyncLoop::submit(Operation& operation) {
  if (std::this_thread::get_id() == thread_.get_id()) return own_.push_back(&operation);
  {
    std::lock_guard hold(lock_);
    submitted_.push_back(&operation);
  }
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
}

void AsyncLoop::run() {
  epoll_event events[64];
  for (;;) {
    {
      std::lock_guard hold(lock_);
      if (stopping_) break;
    }
    const int count = wait_for_events(events);
    ++round_;
    for (int i = 0; i < count; ++i) on_event(events[i]);
    read_on();
    take_submitted();
    expire(Clock::now());
    serve_waiting();
  }
  abort_all();
}

void AsyncLoop::read_on() {
  std::set<int> unread;
  unread.swap(unread_);
  for (const int fd : unread) {
    const auto at = wires_.find(fd);
    // Another call may have it by now: reading on is right for that one too, once it has been sent.
    if (at != wires_.end() && at->second.operation != nullptr) advance(fd);
  }
}

int AsyncLoop::wait_for_events(std::span<epoll_event> events) const {
  const int most = static_cast<int>(events.size());
  if (!unread_.empty() || !own_.empty()) return ::epoll_wait(epoll_, events.data(), most, 0);
  if (timers_.empty()) return ::epoll_wait(epoll_, events.data(), most, -1);
  const auto left = std::max(Clock::duration(0), timers_.begin()->first - Clock::now());
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec limit{.tv_sec = whole.count(), .tv_nsec = (left - whole).count()};
  const int count = ::epoll_pwait2(epoll_, events.data(), most, &limit, nullptr);
  if (count >= 0 || errno == EINTR) return count;
  // An old kernel, or one that is forbidden to.
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return ::epoll_wait(epoll_, events.data(), most,
                      static_cast<int>(std::min<std::int64_t>(ms, 60'000)));
}

void AsyncLoop::on_event(const epoll_event& event) {
  const int fd = event.data.fd;
  if (fd != wake_) {
    const auto at = wires_.find(fd);
    if (at != wires_.end() && (event.events & (EPOLLRDHUP | EPOLLHUP)) != 0)
      at->second.is_ending = true;
    return advance(fd);
  }
  std::uint64_t count = 0;
  static_cast<void>(::read(wake_, &count, sizeof count));
}

void AsyncLoop::take_submitted() {
  std::vector<Operation*> submitted = std::exchange(own_, {});
  {
    std::lock_guard hold(lock_);
    submitted.insert(submitted.end(), submitted_.begin(), submitted_.end());
    submitted_.clear();
  }
  for (Operation* operation : submitted) begin_attempt(*operation);
}

void AsyncLoop::set_timer(Operation& operation, Deadline until) {
  drop_timer(operation);
  operation.until_ = until;
  if (until) timers_.emplace(*until, &operation);
}

void AsyncLoop::drop_timer(Operation& operation) {
  if (operation.until_) timers_.erase({*operation.until_, &operation});
  operation.until_.reset();
}

void AsyncLoop::expire(Clock::time_point now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Operation& operation = *timers_.begin()->second;
    drop_timer(operation);
    if (operation.stage_ == Operation::Stage::Pausing) {
      begin_attempt(operation);
      continue;
    }
    const std::string node = operation.node_ ? operation.node_->address_text() : std::string();
    if (operation.fd_ == kNoWire) std::erase(pools_[operation.node_.get()].waiting, &operation);
    end_attempt(operation, operation.fd_, false, timed_out(node));
  }
}

void AsyncLoop::begin_attempt(Operation& operation) {
  operation.was_sent_ = false;
  auto node = operation.choose_node(cluster_, static_cast<unsigned>(operation.number_));
  if (!node) return end_attempt(operation, kNoWire, false, tl::unexpected(node.error()));
  operation.node_ = *std::move(node);
  set_timer(operation, earlier(operation.deadline_, deadline_after(operation.silence_)));
  Pool& pool = pools_[operation.node_.get()];
  while (!pool.idle.empty()) {
    const int fd = pool.idle.back();
    pool.idle.pop_back();
    if (is_usable(wires_.at(fd))) return use(fd, operation);
    release(fd, false);
  }
  if (pool.open < options_.connections_per_node_max) {
    const auto fd = connect(operation.node_, pool);
    if (!fd) return end_attempt(operation, kNoWire, false, tl::unexpected(fd.error()));
    return use(*fd, operation);
  }
  if (pool.waiting.size() >= options_.waiting_max)
    return end_attempt(operation, kNoWire, false,
                       fail(Status::NoMoreConnections, "too many calls wait for this node",
                            operation.node_->address_text()));
  operation.stage_ = Operation::Stage::Waiting;
  pool.waiting.push_back(&operation);
}

Expected<int> AsyncLoop::connect(const std::shared_ptr<Node>& node, Pool& pool) {
  auto connection = Connection::begin(node->address(), node->access());
  if (!connection) return tl::unexpected(connection.error());
  const int fd = connection->raw();
  // Edge-triggered: whoever acts on a connection goes on until there is nothing more to do.
  epoll_event watched{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.fd = fd}};
  FLOTILLA_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &watched) == 0);
  wires_.emplace(fd, Wire{.connection = *std::move(connection), .node = node, .left = {}});
  ++pool.open;
  return fd;
}

/// The event that brought a reply also tells of an end; later ones must be asked for.
bool AsyncLoop::is_usable(Wire& wire) const {
  return !wire.is_ending && (wire.freed == round_ || !wire.connection.is_stale());
}

void AsyncLoop::use(int fd, Operation& operation) {
  Wire& wire = wires_.at(fd);
  wire.operation = &operation;
  wire.left = operation.request_.view();
  operation.fd_ = fd;
  operation.stage_ = Operation::Stage::Sending;
  // The reply raises an edge; but bytes of TLS may have been read from the socket already.
  if (send(fd) && wires_.at(fd).connection.has_tls()) receive(fd);
}

void AsyncLoop::advance(int fd) {
  const auto at = wires_.find(fd);
  if (at == wires_.end()) return;
  Wire& wire = at->second;
  if (wire.operation == nullptr) {
    // An idle connection only says that the node has closed it.
    if (!wire.connection.is_stale()) return;
    std::erase(pools_[wire.node.get()].idle, fd);
    return release(fd, false);
  }
  if (wire.operation->stage_ == Operation::Stage::Receiving || send(fd)) receive(fd);
}

bool AsyncLoop::send(int fd) {
  Wire& wire = wires_.at(fd);
  Operation& operation = *wire.operation;
  const std::size_t before = wire.left.size();
  const auto sent = wire.connection.try_send(wire.left);
  if (!sent) return end_attempt(operation, fd, false, sent), false;
  operation.was_sent_ |= wire.left.size() < before;
  if (!wire.left.empty())
    return false;  // The descriptor tells when there is room, or a connection.
  operation.stage_ = Operation::Stage::Receiving;
  return true;
}

void AsyncLoop::receive(int fd) {
  for (int i = 0; i < kFramesPerTurn; ++i)
    if (!receive_one(fd)) return;
  unread_.insert(fd);
}

bool AsyncLoop::receive_one(int fd) {
  Wire& wire = wires_.at(fd);
  Operation& operation = *wire.operation;
  const auto frame = wire.connection.try_receive();
  if (!frame) return end_attempt(operation, fd, false, tl::unexpected(frame.error())), false;
  if (!*frame) return false;
  const auto taken = operation.take(**frame, wire.node->address_text());
  if (!taken) {
    const bool keeps = keeps_connection(taken.error().code);
    if (ends_session(taken.error().code)) wire.connection.forget_session();
    return end_attempt(operation, fd, keeps, tl::unexpected(taken.error())), false;
  }
  if (*taken != Taken::More) return end_attempt(operation, fd, *taken == Taken::All, {}), false;
  if (operation.renews_wait())
    set_timer(operation, earlier(operation.deadline_, deadline_after(operation.silence_)));
  return true;
}

void AsyncLoop::end_attempt(Operation& operation, int fd, bool keeps, Expected<void> outcome) {
  drop_timer(operation);
  if (fd != kNoWire) {
    wires_.at(fd).operation = nullptr;
    operation.fd_ = kNoWire;
    release(fd, keeps);
  }
  operation.times_sent_ += operation.was_sent_ ? 1 : 0;
  operation.outcome_ = std::move(outcome);
  if (operation.outcome_) return finish(operation);
  const Retry retry =
      operation.plan(operation.outcome_.error(), operation.number_, operation.times_sent_);
  const auto next = Clock::now() + retry.pause;
  if (!retry.again || (operation.deadline_ && next >= *operation.deadline_))
    return finish(operation);
  if (retry.looks_again) cluster_.look_again();
  ++operation.number_;
  operation.stage_ = Operation::Stage::Pausing;
  // Also without a pause through the timers: a chain of failures must not become recursion.
  set_timer(operation, next);
}

/// The coroutine goes on inside, and `operation` may be gone afterwards.
void AsyncLoop::finish(Operation& operation) { operation.awaiter_.resume(); }

void AsyncLoop::release(int fd, bool keeps) {
  const auto at = wires_.find(fd);
  Node* const node = at->second.node.get();
  Pool& pool = pools_[node];
  if (keeps) {
    at->second.freed = round_;
    pool.idle.push_back(fd);
  } else {
    wires_.erase(at);  // Closes it; epoll forgets it with that.
    --pool.open;
  }
  // Not at once: a chain of failures must not become recursion.
  to_serve_.insert(node);
}

void AsyncLoop::serve_waiting() {
  while (!to_serve_.empty()) {
    Node* const node = *to_serve_.begin();
    to_serve_.erase(to_serve_.begin());
    serve_waiting(node);
  }
}

void AsyncLoop::serve_waiting(Node* node) {
  Pool& pool = pools_[node];
  while (!pool.waiting.empty() &&
         (!pool.idle.empty() || pool.open < options_.connections_per_node_max)) {
    Operation& next = *pool.waiting.front();
    pool.waiting.pop_front();
    if (!pool.idle.empty()) {
      const int fd = pool.idle.back();
      pool.idle.pop_back();
      use(fd, next);
    } else if (const auto fd = connect(next.node_, pool); fd) {
      use(*fd, next);
    } else {
      end_attempt(next, kNoWire, false, tl::unexpected(fd.error()));
    }
  }
}

void AsyncLoop::abort_all() {
  // What goes on may call again, and is refused again.
  for (;;) {
    std::set<Operation*> open;
    for (const auto& [fd, wire] : wires_)
      if (wire.operation != nullptr) open.insert(wire.operation);
    for (const auto& [time, operation] : timers_) open.insert(operation);
    for (const auto& [node, pool] : pools_) open.insert(pool.waiting.begin(), pool.waiting.end());
    {
      std::lock_guard hold(lock_);
      open.insert(submitted_.begin(), submitted_.end());
      submitted_.clear();
    }
    open.insert(own_.begin(), own_.end());
    own_.clear();
    timers_.clear();
    wires_.clear();
    pools_.clear();
    if (open.empty()) return;
    for (Operation* operation : open) {
      operation->times_sent_ += operation->was_sent_ ? 1 : 0;
      operation->was_sent_ = false;
      operation->outcome_ = fail(Status::Aborted, "the client is closed");
      // Never again, but whether a write is in doubt is to be told.
      operation->plan(operation->outcome_.error(), operation->number_, operation->times_sent_);
      finish(*operation);
    }
  }
}

}  // namespace flotilla::client
