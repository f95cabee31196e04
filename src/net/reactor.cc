#include "net/reactor.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "base/check.h"
#include "base/log.h"

namespace flotilla::net {
namespace {

constexpr std::size_t kScratchSize = 256 << 10;  // What one receive may bring.
constexpr std::size_t kInputStep =
    256 << 10;  // A message's buffer grows as its bytes arrive, not as it claims.
constexpr std::size_t kOutMost = 1 << 20;  // With so much unsent a connection's requests wait.
constexpr int kEventsMost = 256;
constexpr std::size_t kTogether = 16;  // Connections that are handled together.
constexpr Duration kHoldMost = std::chrono::microseconds(50);  // Their replies wait for each other.
constexpr std::size_t kCacheLine = 64;
constexpr Duration kSweepEvery = std::chrono::seconds(1);
constexpr Duration kStandstill = std::chrono::milliseconds(50);  // A busy round is shorter.

std::string text_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      ::inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof text);
      return std::string(text) + ":" + std::to_string(ntohs(v6.sin6_port));
    }
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
  ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
}

template <class GetName>
std::string address_of(int fd, GetName get_name) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (get_name(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return text_of(address);
}

}  // namespace

Instant Reactor::now() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return {std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec)};
}

Reactor::Reactor(Limits& limits)
    : limits_(limits),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      scratch_(kScratchSize),
      input_(kScratchSize),
      spare_outs_(kTogether) {
  FLOTILLA_CHECK(epoll_.valid() && event_.valid());
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  FLOTILLA_CHECK(::epoll_ctl(epoll_.raw(), EPOLL_CTL_ADD, event_.raw(), &event) == 0);
}

Reactor::~Reactor() { stop(); }

void Reactor::start(int cpu) {
  thread_ = std::thread([this] { loop(); });
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (::pthread_setaffinity_np(thread_.native_handle(), sizeof set, &set) != 0)
    log_warning("socket", "cannot pin a reactor to CPU {}", cpu);
}

void Reactor::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  wake();
  thread_.join();
  connections_.clear();
  closed_.clear();
}

void Reactor::wake() {
  if (woken_.exchange(true)) return;
  const std::uint64_t one = 1;
  if (::write(event_.raw(), &one, sizeof one) < 0) log_warning("socket", "cannot wake a reactor");
}

void Reactor::adopt(Fd fd, Protocol& protocol, std::atomic<std::uint64_t>* open_count) {
  {
    const std::scoped_lock lock(mutex_);
    arrivals_.push_back({std::move(fd), &protocol, open_count});
  }
  wake();
}

void Reactor::run_on_thread(std::function<void()> task) {
  {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake();
}

namespace {
thread_local Reactor* current_reactor = nullptr;
}  // namespace

Reactor* Reactor::current() { return current_reactor; }

void Reactor::notify() {
  notified_.store(true);
  // On its own thread the loop looks before it sleeps.
  if (current_reactor != this) wake();
}

void Reactor::wake_background() {
  background_due_.store(true);
  wake();
}

void Reactor::for_each_session(const std::function<void(Session&)>& visit) {
  for (const auto& connection : connections_) visit(*connection->session_);
}

void Reactor::loop() {
  std::array<epoll_event, kEventsMost> events;
  std::vector<Ready> ready;
  current_reactor = this;
  now_ = now();
  next_sweep_ = now_ + kSweepEvery;
  Instant looked = now_;
  bool more_is_old = false;
  while (!stopping_.load(std::memory_order_relaxed)) {
    const int limit_ms = wait_ms();
    const Instant waits_from = now();
    const int count = wait(events, limit_ms);
    now_ = received_at_ = now();
    const bool late = waits_from - looked > kStandstill ||
                      now_ - waits_from > std::chrono::milliseconds(limit_ms) + kStandstill;
    // A late round is told of what had happened before, or of nothing (SIGCONT ends it): the next
    // one of the rest.
    stood_still_ = late || more_is_old;
    more_is_old = late || (stood_still_ && (count < 0 || count == kEventsMost));
    looked = now_;
    ready.clear();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr != nullptr) {
        ready.push_back({static_cast<Connection*>(event.data.ptr), event.events, {}});
        continue;
      }
      std::uint64_t ignored = 0;
      if (::read(event_.raw(), &ignored, sizeof ignored) < 0) ignored = 0;
      woken_.store(false);
      take_arrivals();
    }
    is_busy_ = ready.size() > 1;
    for (std::size_t i = 0; i < ready.size(); i += kTogether)
      handle_group(std::span(ready).subspan(i, std::min(kTogether, ready.size() - i)));
    if (notified_.exchange(false)) {
      if (on_notify_) on_notify_();
      for (const auto& connection : connections_)
        if (!connection->out_.empty() || connection->session_->busy()) schedule_turn(*connection);
    }
    run_turns();
    if (background_ && background_due_.exchange(false) && background_())
      background_due_.store(true);
    if (now_ >= next_sweep_) sweep();
    finish_round();
    closed_.clear();
  }
}

int Reactor::wait_ms() const {
  if (background_due_.load(std::memory_order_relaxed) || notified_.load(std::memory_order_relaxed))
    return 0;
  Instant until = next_sweep_;
  for (const Connection* connection : turns_) until = std::min(until, connection->turn_at_);
  if (until <= now_) return 0;
  return static_cast<int>((until - now_).count() / 1'000'000) + 1;
}

/// A busy reactor lets others run before it sleeps: they may bring more to do, and to sleep and be
/// woken costs more than to look in vain.
int Reactor::wait(std::span<epoll_event> events, int limit_ms) const {
  const int most = static_cast<int>(events.size());
  if (is_busy_ && limit_ms > 0) {
    ::sched_yield();
    const int count = ::epoll_wait(epoll_.raw(), events.data(), most, 0);
    if (count != 0) return count;
  }
  return ::epoll_wait(epoll_.raw(), events.data(), most, limit_ms);
}

void Reactor::take_arrivals() {
  std::vector<Arrival> arrivals;
  std::vector<std::function<void()>> tasks;
  {
    const std::scoped_lock lock(mutex_);
    arrivals.swap(arrivals_);
    tasks.swap(tasks_);
  }
  for (Arrival& arrival : arrivals) open(std::move(arrival));
  for (const auto& task : tasks) task();
}

Connection& Reactor::attach(Fd fd, Protocol& protocol) {
  return open({std::move(fd), &protocol, nullptr});
}

void Reactor::send_soon(Connection& connection) {
  if (connection.is_written_ || connection.closing_) return;
  connection.is_written_ = true;
  written_.push_back(&connection);
}

void Reactor::close_soon(Connection& connection) {
  connection.doomed_ = true;
  send_soon(connection);
}

void Reactor::finish_round() {
  // Closing tells a session, which may write to others.
  for (std::size_t i = 0; i < written_.size(); ++i) {
    Connection& connection = *written_[i];
    if (connection.closing_) continue;
    connection.is_written_ = false;
    if (!send(connection) || connection.doomed_) close(connection);
  }
  written_.clear();
}

Connection& Reactor::open(Arrival arrival) {
  const int fd = arrival.fd.raw();
  auto owner = std::make_unique<Connection>(
      *this, std::move(arrival.fd), address_of(fd, ::getpeername), address_of(fd, ::getsockname));
  Connection& connection = *owner;
  connection.open_count_ = arrival.open_count;
  connection.session_ = arrival.protocol->open(connection);
  connection.last_heard_ = now_;
  connection.index_ = connections_.size();
  connections_.push_back(std::move(owner));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &connection;
  if (::epoll_ctl(epoll_.raw(), EPOLL_CTL_ADD, fd, &event) != 0) close_soon(connection);
  return connection;
}

/// What is ready together is received together, handled, and answered together: the kernel's part
/// of the work stays in the caches, and so does ours. Who is answered after the others waits for
/// them: not for more than kHoldMost and one connection's requests.
void Reactor::handle_group(std::span<Ready> group) {
  if (group.size() > 1) receive_ahead(group);
  const std::span spares(spare_outs_);
  std::size_t answered = 0;
  Instant since = now_;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group[i].connection->closing_) continue;
    const Instant before = now_;
    lend(group[i], spares[i]);
    group[i].alive = handle(group[i]);
    if (now_ == before) now_ = now();
    if (now_ - since < kHoldMost) continue;
    answer(group.first(i + 1).subspan(answered), spares.subspan(answered));
    answered = i + 1;
    since = now_;
  }
  answer(group.subspan(answered), spares.subspan(answered));
}

void Reactor::receive_ahead(std::span<Ready> group) {
  std::array<Bytes, kTogether> received;
  std::size_t count = 0;
  MutableBytes room(scratch_);
  for (Ready& one : group) {
    receive_ahead(one, room.first(kScratchSize / kTogether));
    if (one.received.empty()) continue;
    received[count++] = one.received;
    room = room.subspan((one.received.size() + kCacheLine - 1) / kCacheLine * kCacheLine);
  }
  if (count > 1 && look_ahead_) look_ahead_({received.data(), count});
}

/// Replies of most connections are gone at once: they borrow a buffer of the reactor's instead of
/// keeping one.
void Reactor::lend(Ready& ready, OutBuffer& spare) {
  ready.borrows = ready.connection->out_.empty();
  if (ready.borrows) std::swap(ready.connection->out_, spare);
}

void Reactor::answer(std::span<Ready> group, std::span<OutBuffer> spares) {
  for (std::size_t i = 0; i < group.size(); ++i) {
    Connection& connection = *group[i].connection;
    if (!connection.closing_) settle(connection, group[i].alive);
    if (group[i].borrows && connection.out_.empty()) std::swap(connection.out_, spares[i]);
  }
  now_ = now();
}

/// Receives if that is all there is to do; whatever is unusual waits for handle().
void Reactor::receive_ahead(Ready& ready, MutableBytes room) {
  Connection& connection = *ready.connection;
  const bool usual = (ready.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) == 0 &&
                     (ready.events & EPOLLIN) != 0 && !connection.closing_ &&
                     connection.out_.empty() && connection.in_size_ == 0 &&
                     !connection.session_->busy();
  if (!usual) return;
  const ssize_t got = ::recv(connection.fd_.raw(), room.data(), room.size(), 0);
  if (got <= 0) return;  // Handled where it is met again.
  ready.received = room.first(static_cast<std::size_t>(got));
  // Fewer bytes than asked for: the socket is empty, and the next ones will raise a new edge.
  if (ready.received.size() < room.size()) ready.events &= ~static_cast<std::uint32_t>(EPOLLIN);
}

/// False: the connection is to be closed.
bool Reactor::handle(const Ready& ready) {
  Connection& connection = *ready.connection;
  if ((ready.events & (EPOLLERR | EPOLLHUP)) != 0) {
    close(connection);
    return false;
  }
  bool alive = true;
  if ((ready.events & EPOLLOUT) != 0 && !connection.out_.empty())
    alive = send(connection) && offer_kept(connection);
  if ((ready.events & (EPOLLIN | EPOLLRDHUP)) != 0) connection.readable_ = true;
  if (!ready.received.empty() && (ready.events & (EPOLLIN | EPOLLRDHUP)) == 0)
    connection.readable_ = false;
  if (alive && (connection.readable_ || !ready.received.empty()))
    alive = receive(connection, ready.received);
  return alive;
}

/// Sends what is ready once more, and closes or keeps the connection.
void Reactor::settle(Connection& connection, bool alive) {
  if (!alive) {
    send(connection);
    return close(connection);
  }
  if (!connection.out_.empty() && !send(connection)) return close(connection);
}

bool Reactor::has_room(const Connection& connection) {
  return connection.out_.size() < kOutMost || connection.session_->is_between_nodes();
}

/// Handles what was received ahead, if anything, then all that the socket has.
bool Reactor::receive(Connection& connection, Bytes received) {
  bool alive = received.empty() || take_in(connection, received);
  while (alive && connection.readable_ && has_room(connection) && !connection.session_->busy()) {
    if (connection.in_size_ > 0) {
      alive = receive_more(connection);
      continue;
    }
    const ssize_t got = ::recv(connection.fd_.raw(), input_.data(), input_.size(), 0);
    if (got == 0) alive = false;
    if (got < 0) {
      connection.readable_ = false;
      alive = errno == EAGAIN || errno == EINTR;
    }
    if (got <= 0) break;
    connection.readable_ = static_cast<std::size_t>(got) == input_.size();
    alive = take_in(connection, Bytes(input_).first(static_cast<std::size_t>(got)));
  }
  return alive;
}

/// A new connection may have waited with its first bytes, and all may have while this thread stood
/// still: then the kernel knows.
void Reactor::note_arrival(Connection& connection) const {
  connection.last_heard_ = now_;
  connection.arrived_ = received_at_;
  if (!stood_still_ && !connection.is_fresh_) return;
  connection.is_fresh_ = false;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(connection.fd_.raw(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
    connection.arrived_ = received_at_ + -std::chrono::milliseconds(info.tcpi_last_data_recv);
}

/// Offers fresh bytes, keeping what the session does not take.
bool Reactor::take_in(Connection& connection, Bytes received) {
  note_arrival(connection);
  std::size_t taken = 0;
  const bool alive = offer(connection, received, taken);
  if (taken < received.size()) {
    connection.in_.assign(received.begin() + static_cast<std::ptrdiff_t>(taken), received.end());
    connection.in_size_ = connection.in_.size();
  }
  return alive;
}

/// Goes on with a message of which a part is here already.
bool Reactor::receive_more(Connection& connection) {
  Buffer& in = connection.in_;
  if (in.size() - connection.in_size_ < kInputStep / 4)
    in.resize(connection.in_size_ + std::max(kInputStep, connection.in_size_ / 2));
  const MutableBytes room = MutableBytes(in).subspan(connection.in_size_);
  const ssize_t got = ::recv(connection.fd_.raw(), room.data(), room.size(), 0);
  if (got == 0) return false;
  if (got < 0) {
    connection.readable_ = false;
    return errno == EAGAIN || errno == EINTR;
  }
  connection.readable_ = static_cast<std::size_t>(got) == room.size();
  note_arrival(connection);
  connection.in_size_ += static_cast<std::size_t>(got);
  return offer_kept(connection);
}

/// Offers the bytes kept from earlier; also after a pause.
bool Reactor::offer_kept(Connection& connection) {
  if (connection.in_size_ == 0 || connection.session_->busy() || !has_room(connection)) return true;
  std::size_t taken = 0;
  if (!offer(connection, Bytes(connection.in_).first(connection.in_size_), taken)) return false;
  if (taken == 0) return true;
  connection.in_.erase(connection.in_.begin(),
                       connection.in_.begin() + static_cast<std::ptrdiff_t>(taken));
  connection.in_size_ -= taken;
  if (connection.in_size_ == 0) Buffer().swap(connection.in_);
  return true;
}

bool Reactor::offer(Connection& connection, Bytes bytes, std::size_t& taken) {
  taken = 0;
  // A session stops when much waits to be sent; sending makes room to go on.
  for (;;) {
    const Session::Input input = connection.session_->on_bytes(bytes.subspan(taken));
    taken += input.consumed;
    if (connection.session_->busy()) schedule_turn(connection);
    if (input.close) return false;
    if (input.consumed == 0 || taken == bytes.size() || connection.session_->busy()) return true;
    if (!has_room(connection) && (!send(connection) || !has_room(connection))) return true;
  }
}

bool Reactor::send(Connection& connection) {
  OutBuffer& out = connection.out_;
  while (!out.empty()) {
    const std::size_t ready = connection.session_->sendable(out.size());
    if (ready == 0) return true;
    const ssize_t sent = ::send(connection.fd_.raw(), out.data(), ready, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EINTR) return false;
      if (connection.stalled_since_ == Instant{}) connection.stalled_since_ = now_;
      return true;
    }
    out.consume(static_cast<std::size_t>(sent));
    connection.session_->on_sent(static_cast<std::size_t>(sent));
    connection.stalled_since_ = {};
  }
  return true;
}

void Reactor::schedule_turn(Connection& connection) {
  connection.turn_at_ = now_;
  if (connection.in_turn_list_) return;
  connection.in_turn_list_ = true;
  turns_.push_back(&connection);
}

void Reactor::run_turns() {
  if (turns_.empty()) return;
  std::vector<Connection*> due;
  std::erase_if(turns_, [&](Connection* connection) {
    if (!connection->closing_ && connection->turn_at_ > now_) return false;
    connection->in_turn_list_ = false;
    due.push_back(connection);
    return true;
  });
  for (Connection* connection : due) {
    if (connection->closing_) continue;
    now_ = received_at_ = now();
    take_turn(*connection);
  }
}

void Reactor::take_turn(Connection& connection) {
  bool alive = true;
  // A reply that the client does not drain pauses the work; EPOLLOUT or the next sweep goes on with
  // it.
  if (connection.out_.size() < kOutMost) {
    switch (connection.session_->on_turn()) {
      case Session::Turn::Idle:
        break;
      case Session::Turn::Again:
        schedule_turn(connection);
        break;
      case Session::Turn::Later:
        schedule_turn(connection);
        connection.turn_at_ = connection.session_->wake_at();
        break;
      case Session::Turn::Close:
        alive = false;
        break;
    }
  } else if (connection.session_->busy()) {
    schedule_turn(connection);
    connection.turn_at_ = now_ + std::chrono::milliseconds(1);
  }
  alive = alive && send(connection) && offer_kept(connection);
  if (!alive || !connection.readable_ || connection.session_->busy())
    return settle(connection, alive);
  Ready again{.connection = &connection, .events = 0, .received = {}};
  handle_group({&again, 1});
}

void Reactor::sweep() {
  next_sweep_ = now_ + kSweepEvery;
  const Duration idle = std::chrono::milliseconds(limits_.idle_ms.load(std::memory_order_relaxed));
  std::vector<Connection*> doomed;
  for (const auto& connection : connections_) {
    const Duration stall = connection->session_->stall_limit();
    const bool stalled = connection->stalled_since_ != Instant{} && stall.count() != 0 &&
                         now_ - connection->stalled_since_ > stall;
    const bool reaped = idle.count() != 0 && !connection->session_->busy() &&
                        !connection->session_->is_between_nodes() && connection->out_.empty() &&
                        now_ - connection->last_heard_ > idle;
    if (stalled) counts_.stalled.fetch_add(1, std::memory_order_relaxed);
    if (reaped) counts_.reaped.fetch_add(1, std::memory_order_relaxed);
    if (stalled || reaped) doomed.push_back(connection.get());
  }
  for (Connection* connection : doomed) close(*connection);
}

void Reactor::close(Connection& connection) {
  if (connection.closing_) return;
  connection.closing_ = true;
  ::epoll_ctl(epoll_.raw(), EPOLL_CTL_DEL, connection.fd_.raw(), nullptr);
  std::erase(turns_, &connection);
  const std::size_t index = connection.index_;
  closed_.push_back(std::move(connections_[index]));
  connections_[index] = std::move(connections_.back());
  connections_.pop_back();
  if (index < connections_.size()) connections_[index]->index_ = index;
  counts_.closed.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace flotilla::net
