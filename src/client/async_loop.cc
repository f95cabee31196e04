#include "async_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"

namespace flotilla::client {
namespace {

constexpr int kFramesPerTurn = 64;
constexpr Clock::duration kPaceMost = std::chrono::milliseconds(100);
constexpr int kPaceWeight = 16;

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
  epoll_event watched{.events = EPOLLIN, .data = {.ptr = nullptr}};
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
  do {
    closed_.clear();
    const int count = wait_for_events(events);
    now_ = Clock::now();
    ++round_;
    for (int i = 0; i < count; ++i) on_event(events[i]);
    read_on();
    expire();
    serve_waiting();
  } while (take_submitted());
  abort_all();
}

int AsyncLoop::wait_for_events(std::span<epoll_event> events) const {
  const int most = static_cast<int>(events.size());
  if (!unread_.empty() || !own_.empty() || !to_serve_.empty())
    return ::epoll_wait(epoll_, events.data(), most, 0);
  if (timers_.empty()) return ::epoll_wait(epoll_, events.data(), most, -1);
  const auto left = std::max(Clock::duration(0), timers_.next_time() - Clock::now());
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
  auto* const wire = static_cast<Wire*>(event.data.ptr);
  if (wire == nullptr) {
    std::uint64_t count = 0;
    static_cast<void>(::read(wake_, &count, sizeof count));
    return;
  }
  if (wire->is_closed) return;
  if ((event.events & (EPOLLRDHUP | EPOLLHUP)) != 0) wire->is_ending = true;
  // An idle connection only says that the node has closed it.
  if (wire->calls.empty() && wire->connection.is_stale())
    return close(*wire, fail(Status::Connection, "closed while idle").value());
  if (!wire->out.empty()) flush(*wire);
  receive(*wire);
}

void AsyncLoop::read_on() {
  for (Wire* const wire : std::exchange(unread_, {}))
    if (!wire->is_closed) receive(*wire);
}

bool AsyncLoop::take_submitted() {
  std::vector<Operation*> submitted = std::exchange(own_, {});
  bool goes_on;
  {
    std::lock_guard hold(lock_);
    submitted.insert(submitted.end(), submitted_.begin(), submitted_.end());
    submitted_.clear();
    goes_on = !stopping_;
  }
  for (Operation* operation : submitted) begin_attempt(*operation);
  flush_all();
  return goes_on;
}

void AsyncLoop::set_timer(Operation& operation, Deadline until) {
  if (until) {
    timers_.set(operation, *until);
  } else {
    timers_.drop(operation);
  }
}

void AsyncLoop::expire() {
  while (!timers_.empty() && timers_.next_time() <= now_) {
    auto& operation = static_cast<Operation&>(timers_.next());
    timers_.drop(operation);
    if (operation.is_pausing_) {
      begin_attempt(operation);
    } else {
      give_up(operation);
    }
  }
}

void AsyncLoop::give_up(Operation& operation) {
  Pool& pool = *operation.pool_;
  const std::string node = pool.node->address_text();
  if (Wire* const wire = operation.wire_) {
    const bool has_left = wire->sent >= operation.ends_at_;
    take_off(operation);
    std::ranges::replace(wire->calls, &operation, static_cast<Operation*>(nullptr));
    // Others on it may still get their replies; but what has not left must not leave later.
    wire->is_ending = true;
    if (!has_left) take_back_unsent(*wire);
    if (!has_left || wire->live == 0)
      close(*wire, fail(Status::Connection, "the node takes no more requests", node).value());
  } else {
    std::erase(pool.waiting, &operation);
  }
  end_attempt(operation, tl::unexpected(Failure{.code = static_cast<std::int16_t>(Code::Timeout),
                                                .message = "waiting for the node timed out",
                                                .node = node}));
}

/// Those of which nothing has left look for another connection.
void AsyncLoop::take_back_unsent(Wire& wire) {
  while (!wire.calls.empty() &&
         (wire.calls.back() == nullptr || wire.calls.back()->begins_at_ >= wire.sent)) {
    Operation* const operation = wire.calls.back();
    wire.calls.pop_back();
    if (operation == nullptr) continue;
    take_off(*operation);
    timers_.drop(*operation);
    own_.push_back(operation);
  }
}

/// Its attempt on this connection is over.
void AsyncLoop::take_off(Operation& operation) {
  Wire& wire = *std::exchange(operation.wire_, nullptr);
  operation.times_sent_ += wire.sent > operation.begins_at_ ? 1 : 0;
  --wire.live;
}

void AsyncLoop::begin_attempt(Operation& operation) {
  operation.is_pausing_ = false;
  auto node = operation.choose_node(cluster_, static_cast<unsigned>(operation.number_));
  if (!node) return end_attempt(operation, tl::unexpected(node.error()));
  Deadline until = operation.deadline_;
  if (operation.silence_.count() > 0) until = earlier(until, now_ + operation.silence_);
  set_timer(operation, until);
  Pool& pool = pool_of(*node);
  operation.pool_ = &pool;
  if (pool.waiting.empty() && place(operation)) return;
  if (pool.waiting.size() >= options_.waiting_max)
    return end_attempt(operation,
                       fail(Status::NoMoreConnections, "too many calls wait for this node",
                            pool.node->address_text()));
  pool.waiting.push_back(&operation);
}

AsyncLoop::Pool& AsyncLoop::pool_of(const std::shared_ptr<Node>& node) {
  const auto at = pools_.find(node.get());
  return at != pools_.end() ? at->second : pools_.emplace(node.get(), Pool{node}).first->second;
}

bool AsyncLoop::place(Operation& operation) {
  Pool& pool = *operation.pool_;
  if (joins(operation, pool.shared)) return use(*pool.shared, operation), true;
  if (Wire* const idle = take_idle(pool)) return use(*idle, operation), true;
  if (pool.wires.size() >= options_.connections_per_node_max) return false;
  const auto wire = connect(pool);
  if (wire) {
    use(**wire, operation);
  } else {
    end_attempt(operation, tl::unexpected(wire.error()));
  }
  return true;
}

bool AsyncLoop::joins(const Operation& operation, const Wire* wire) const {
  return wire != nullptr && wire->is_shared && !wire->is_ending && !wire->calls.empty() &&
         wire->calls.size() < options_.calls_per_connection_max && operation.shares() &&
         now_ - wire->since < options_.sharing_wait_max &&
         wire->pool.pace * static_cast<int>(wire->calls.size()) < options_.sharing_wait_max;
}

/// The event that brought a reply also tells of an end; later ones must be asked for.
AsyncLoop::Wire* AsyncLoop::take_idle(Pool& pool) {
  while (!pool.idle.empty()) {
    Wire* const wire = pool.idle.back();
    pool.idle.pop_back();
    if (!wire->is_ending && (wire->freed == round_ || !wire->connection.is_stale())) return wire;
    close(*wire, fail(Status::Connection, "closed while idle").value());
  }
  return nullptr;
}

Expected<AsyncLoop::Wire*> AsyncLoop::connect(Pool& pool) {
  auto connection = Connection::begin(pool.node->address(), pool.node->access());
  if (!connection) return tl::unexpected(connection.error());
  Wire* const wire =
      pool.wires.emplace_back(new Wire{.connection = *std::move(connection), .pool = pool}).get();
  // Edge-triggered: whoever acts on a connection goes on until there is nothing more to do.
  epoll_event watched{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = wire}};
  FLOTILLA_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wire->connection.raw(), &watched) == 0);
  return wire;
}

void AsyncLoop::use(Wire& wire, Operation& operation) {
  if (wire.calls.empty()) {
    wire.is_shared = operation.shares();
    wire.since = now_;
  }
  if (wire.is_shared) wire.pool.shared = &wire;
  wire.calls.push_back(&operation);
  ++wire.live;
  operation.wire_ = &wire;
  operation.begins_at_ = wire.queued;
  wire.out.append(operation.request_.view());
  wire.queued += operation.request_.size();
  operation.ends_at_ = wire.queued;
  if (!std::exchange(wire.is_to_flush, true)) to_flush_.push_back(&wire);
}

void AsyncLoop::flush_all() {
  for (Wire* const wire : std::exchange(to_flush_, {}))
    if (!wire->is_closed && std::exchange(wire->is_to_flush, false)) flush(*wire);
}

/// What cannot be sent now waits for the descriptor to tell that there is room, or a connection.
void AsyncLoop::flush(Wire& wire) {
  Bytes left = wire.out.view();
  const auto sent = wire.connection.try_send(left);
  const std::size_t size = wire.out.size() - left.size();
  wire.sent += size;
  wire.out.consume(size);
  if (!sent) return close(wire, sent.error());
  // A reply raises an edge; but bytes of TLS may have been read from the socket already.
  if (wire.out.empty() && wire.connection.has_tls()) receive(wire);
}

void AsyncLoop::receive(Wire& wire) {
  for (int i = 0; i < kFramesPerTurn; ++i) {
    // Before the first byte of a request the connection is being opened.
    if (wire.is_closed || wire.calls.empty() || wire.sent == 0) return;
    if (!receive_one(wire)) return;
  }
  unread_.push_back(&wire);
}

bool AsyncLoop::receive_one(Wire& wire) {
  const auto frame = wire.connection.try_receive();
  if (!frame) return close(wire, frame.error()), false;
  if (!*frame) return false;
  Operation* const operation = wire.calls.front();
  if (operation == nullptr) return pop_front(wire), true;
  auto taken = operation->take(**frame, wire.pool.node->address_text());
  if (taken && *taken == Taken::More) {
    if (operation->renews_wait())
      set_timer(*operation, earlier(operation->deadline_, deadline_after(operation->silence_)));
    return true;
  }
  if (!taken) {
    if (ends_session(taken.error().code)) wire.connection.forget_session();
    wire.is_ending |= !keeps_connection(taken.error().code);
  } else {
    wire.is_ending |= *taken == Taken::Enough;
  }
  take_off(*operation);
  note_pace(wire);
  pop_front(wire);
  end_attempt(*operation, taken ? Expected<void>() : tl::unexpected(std::move(taken.error())));
  return true;
}

void AsyncLoop::note_pace(Wire& wire) {
  Clock::duration& pace = wire.pool.pace;
  pace += (std::min(now_ - wire.since, kPaceMost) - pace) / kPaceWeight;
}

void AsyncLoop::pop_front(Wire& wire) {
  wire.calls.pop_front();
  wire.since = now_;
  if (wire.is_ending && wire.live == 0)
    return close(wire, fail(Status::Connection, "not to be kept").value());
  if (wire.calls.empty()) {
    wire.freed = round_;
    wire.pool.idle.push_back(&wire);
  }
  if (!wire.pool.waiting.empty()) to_serve_.insert(&wire.pool);
}

void AsyncLoop::close(Wire& wire, const Failure& failure) {
  Pool& pool = wire.pool;
  wire.is_closed = true;
  std::erase(unread_, &wire);
  std::erase(to_flush_, &wire);
  std::erase(pool.idle, &wire);
  if (pool.shared == &wire) pool.shared = nullptr;
  const auto at = std::ranges::find(pool.wires, &wire, &std::unique_ptr<Wire>::get);
  closed_.push_back(std::move(*at));
  pool.wires.erase(at);
  to_serve_.insert(&pool);
  const std::deque<Operation*> calls = std::exchange(wire.calls, {});
  for (Operation* const operation : calls) {
    if (operation == nullptr) continue;
    take_off(*operation);
    end_attempt(*operation, tl::unexpected(failure));
  }
}

/// The operation is on no connection, and no one waits for it.
void AsyncLoop::end_attempt(Operation& operation, Expected<void> outcome) {
  timers_.drop(operation);
  operation.outcome_ = std::move(outcome);
  if (operation.outcome_) return finish(operation);
  const Retry retry =
      operation.plan(operation.outcome_.error(), operation.number_, operation.times_sent_);
  const auto next = Clock::now() + retry.pause;
  if (!retry.again || (operation.deadline_ && next >= *operation.deadline_))
    return finish(operation);
  if (retry.looks_again) cluster_.look_again();
  ++operation.number_;
  operation.is_pausing_ = true;
  // Also without a pause through the timers: a chain of failures must not become recursion.
  set_timer(operation, next);
}

/// The coroutine goes on inside, and `operation` may be gone afterwards.
void AsyncLoop::finish(Operation& operation) { operation.awaiter_.resume(); }

/// Not as soon as a place comes free: a chain of failures must not become recursion.
void AsyncLoop::serve_waiting() {
  for (Pool* const pool : std::exchange(to_serve_, {})) {
    while (!pool->waiting.empty()) {
      Operation& next = *pool->waiting.front();
      pool->waiting.pop_front();
      if (place(next)) continue;
      pool->waiting.push_front(&next);
      break;
    }
    if (pool->waiting.empty() && pool->wires.empty()) pools_.erase(pool->node.get());
  }
}

void AsyncLoop::abort_all() {
  // What goes on may call again, and is refused again.
  for (;;) {
    std::set<Operation*> open;
    for (const auto& [node, pool] : pools_) {
      for (const auto& wire : pool.wires)
        for (Operation* const operation : wire->calls) {
          if (operation == nullptr) continue;
          take_off(*operation);
          open.insert(operation);
        }
      open.insert(pool.waiting.begin(), pool.waiting.end());
    }
    pools_.clear();
    while (!timers_.empty()) {
      open.insert(static_cast<Operation*>(&timers_.next()));
      timers_.drop(timers_.next());
    }
    {
      std::lock_guard hold(lock_);
      open.insert(submitted_.begin(), submitted_.end());
      submitted_.clear();
    }
    open.insert(own_.begin(), own_.end());
    own_.clear();
    if (open.empty()) return;
    for (Operation* operation : open) {
      operation->outcome_ = fail(Status::Aborted, "the client is closed");
      // Never again, but whether a write is in doubt is to be told.
      operation->plan(operation->outcome_.error(), operation->number_, operation->times_sent_);
      finish(*operation);
    }
  }
}

}  // namespace flotilla::client
