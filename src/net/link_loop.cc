#include "net/link_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/check.h"
#include "base/log.h"

namespace flotilla::net {
namespace {

constexpr std::size_t kHeader = 4;
constexpr Duration kFirstFrameLimit = std::chrono::seconds(5);
constexpr std::size_t kToldMost = 256;
constexpr std::size_t kFlushAt = 64 << 10;
constexpr Duration kTaskSlice = std::chrono::milliseconds(20);   // Of posted tasks in a round.
constexpr Duration kLongRound = std::chrono::milliseconds(150);  // An interval of heartbeats.
constexpr int kNicer = 10;
constexpr int kWaitMost = 60'000;  // Milliseconds.

// What an event belongs to: the loop's own event, a listener, or a link by its number.
constexpr std::uint64_t kOwnEvent = 0;
constexpr std::uint64_t kListenerBit = 1ULL << 63;

/// Whose beats are late is taken for dead, so this thread goes first where the process may say so.
void hurry_this_thread() {
  const auto thread = static_cast<id_t>(::gettid());
  errno = 0;
  const int nice = ::getpriority(PRIO_PROCESS, thread);
  if (errno == 0 && ::setpriority(PRIO_PROCESS, thread, nice - kNicer) != 0) errno = 0;
}

}  // namespace

struct LinkLoop::Link {
  LinkNumber number;
  Fd fd;
  std::optional<Target> dialled;
  std::string remote;
  bool connecting = false;
  bool proven = false;  // A whole frame has come.
  bool gone = false;
  bool has_unsent = false;  // And stands in unsent_.
  std::uint32_t watched = 0;
  Instant limit{};  // Of connecting, then of the first frame.
  Buffer in;
  OutBuffer out;
};

LinkLoop::LinkLoop(Handler& handler)
    : handler_(handler),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      scratch_(64 << 10) {
  FLOTILLA_CHECK(epoll_.valid() && event_.valid());
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kOwnEvent;
  FLOTILLA_CHECK(::epoll_ctl(epoll_.raw(), EPOLL_CTL_ADD, event_.raw(), &event) == 0);
}

LinkLoop::~LinkLoop() { stop(); }

void LinkLoop::start(std::vector<Listener> listeners) {
  listeners_ = std::move(listeners);
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kListenerBit | i;
    FLOTILLA_CHECK(::epoll_ctl(epoll_.raw(), EPOLL_CTL_ADD, listeners_[i].fd.raw(), &event) == 0);
  }
  thread_ = std::thread([this] { loop(); });
}

void LinkLoop::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  post([] {});
  thread_.join();
  links_.clear();
  removed_.clear();
  listeners_.clear();
}

void LinkLoop::post(std::function<void()> task) {
  {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  // A full counter means that the loop will wake anyway.
  if (::write(event_.raw(), &one, sizeof one) < 0 && errno != EAGAIN)
    log_warning("hb", "cannot wake the loop");
}

void LinkLoop::loop() {
  hurry_this_thread();
  std::array<epoll_event, 64> events;
  now_ = Reactor::now();
  Instant until = now_;
  while (!stopping_.load(std::memory_order_relaxed)) {
    const int count =
        ::epoll_wait(epoll_.raw(), events.data(), static_cast<int>(events.size()), wait_ms(until));
    now_ = Reactor::now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 == kOwnEvent) {
        std::uint64_t ignored = 0;
        if (::read(event_.raw(), &ignored, sizeof ignored) < 0) ignored = 0;
      } else if ((event.data.u64 & kListenerBit) != 0) {
        accept_all(listeners_[event.data.u64 & ~kListenerBit]);
      } else if (const auto it = links_.find(event.data.u64); it != links_.end()) {
        handle(*it->second, event.events);
        flush_unsent();
      }
    }
    run_tasks();
    flush_unsent();
    const Instant limits = check_limits(now_);
    until = std::min(limits, handler_.round(now_));
    flush_unsent();
    removed_.clear();
    note_round(Reactor::now() - now_);
  }
}

/// Says so when one takes long, and again only when another takes much longer.
void LinkLoop::note_round(Duration took) {
  const auto ms = static_cast<std::uint64_t>(took / std::chrono::milliseconds(1));
  if (ms <= counts_.longest_round_ms.load(std::memory_order_relaxed)) return;
  counts_.longest_round_ms.store(ms, std::memory_order_relaxed);
  if (took < kLongRound || took < 2 * said_round_) return;
  said_round_ = took;
  log_warning("hb", "a round of the thread that sends heartbeats took {} ms", ms);
}

int LinkLoop::wait_ms(Instant until) const {
  if (!failed_at_once_.empty() || until <= now_) return 0;
  const auto ms = (until - now_).count() / 1'000'000 + 1;
  return static_cast<int>(std::min<std::int64_t>(ms, kWaitMost));
}

void LinkLoop::run_tasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::scoped_lock lock(mutex_);
    tasks.swap(tasks_);
  }
  // Thousands may wait: others are heard, and hear of this node, in between.
  const Instant until = now_ + kTaskSlice;
  std::size_t done = 0;
  while (done < tasks.size() && (done == 0 || Reactor::now() < until)) tasks[done++]();
  if (done < tasks.size()) {
    const std::scoped_lock lock(mutex_);
    tasks.erase(tasks.begin(), tasks.begin() + static_cast<std::ptrdiff_t>(done));
    tasks.insert(tasks.end(), std::make_move_iterator(tasks_.begin()),
                 std::make_move_iterator(tasks_.end()));
    tasks_.swap(tasks);
    const std::uint64_t one = 1;
    if (::write(event_.raw(), &one, sizeof one) < 0 && errno != EAGAIN)
      log_warning("hb", "cannot wake the loop");
  }
  for (const auto& [target, refusal] : std::exchange(failed_at_once_, {}))
    handler_.dial_failed(target, refusal);
}

void LinkLoop::accept_all(const Listener& listener) {
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Fd fd(::accept4(listener.fd.raw(), reinterpret_cast<sockaddr*>(&address), &size,
                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) return;
    if (accepted_ >= kAcceptedMost) continue;
    const int on = 1;
    ::setsockopt(fd.raw(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Link& link = add(std::move(fd), EPOLLIN | EPOLLRDHUP);
    ++accepted_;
    link.remote = host_of(address);
    link.limit = now_ + kFirstFrameLimit;
    counts_.opened.fetch_add(1, std::memory_order_relaxed);
    counts_.open.fetch_add(1, std::memory_order_relaxed);
    handler_.link_up(link.number, std::nullopt, link.remote);
  }
}

LinkLoop::Link& LinkLoop::add(Fd fd, std::uint32_t events) {
  auto owner = std::make_unique<Link>();
  Link& link = *owner;
  link.number = LinkNumber(next_++);
  link.fd = std::move(fd);
  link.watched = events;
  epoll_event event{};
  event.events = events;
  event.data.u64 = link.number.raw();
  FLOTILLA_CHECK(::epoll_ctl(epoll_.raw(), EPOLL_CTL_ADD, link.fd.raw(), &event) == 0);
  links_.emplace(link.number.raw(), std::move(owner));
  return link;
}

void LinkLoop::dial(const Target& to, const Target& at, Duration limit) {
  const auto address = numeric_address(at);
  auto fd = address ? begin_connect(*address) : fail(Code::Unavailable, "no numeric address");
  if (!fd) {
    const bool refused = address && errno == ECONNREFUSED;
    failed_at_once_.emplace_back(to, refused ? Refusal::Refused : Refusal::Unreachable);
    return;
  }
  Link& link = add(std::move(*fd), EPOLLOUT);
  link.dialled = to;
  link.remote = at.host;
  link.connecting = true;
  link.limit = now_ + limit;
}

void LinkLoop::handle(Link& link, std::uint32_t events) {
  if (link.connecting) return connected(link);
  if ((events & EPOLLOUT) != 0) flush(link);
  if (!link.gone && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) receive(link);
}

/// The attempt has ended, one way or the other.
void LinkLoop::connected(Link& link) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(link.fd.raw(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    const Target to = *link.dialled;
    remove(link);
    handler_.dial_failed(to, error == ECONNREFUSED ? Refusal::Refused : Refusal::Unreachable);
    return;
  }
  link.connecting = false;
  link.limit = now_ + kFirstFrameLimit;
  counts_.opened.fetch_add(1, std::memory_order_relaxed);
  counts_.open.fetch_add(1, std::memory_order_relaxed);
  watch(link);
  handler_.link_up(link.number, link.dialled, link.remote);
}

void LinkLoop::receive(Link& link) {
  while (!link.gone) {
    const ssize_t got = ::recv(link.fd.raw(), scratch_.data(), scratch_.size(), 0);
    if (got == 0) return end(link, false);
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      return end(link, true);
    }
    append(link.in, Bytes(scratch_).first(static_cast<std::size_t>(got)));
    if (!take_frames(link)) return;
    // The rest is for the next round: nobody who sends much keeps the others waiting.
    if (static_cast<std::size_t>(got) < scratch_.size()) return;
  }
}

/// Hands over the whole frames at the front. False: the link is gone.
bool LinkLoop::take_frames(Link& link) {
  std::size_t taken = 0;
  while (link.in.size() - taken >= kHeader) {
    const auto size = load_be<std::uint32_t>(link.in.data() + taken);
    if (size > (link.proven ? kFrameMost : kFirstFrameMost)) {
      drop_garbage(link, "what it sends is no frame");
      return false;
    }
    if (link.in.size() - taken - kHeader < size) break;
    link.proven = true;
    counts_.received.fetch_add(1, std::memory_order_relaxed);
    handler_.frame(link.number, Bytes(link.in).subspan(taken + kHeader, size));
    if (link.gone) return false;
    taken += kHeader + size;
  }
  link.in.erase(link.in.begin(), link.in.begin() + static_cast<std::ptrdiff_t>(taken));
  if (link.in.empty() && link.in.capacity() > kFirstFrameMost) Buffer().swap(link.in);
  return true;
}

void LinkLoop::send(LinkNumber number, Bytes bytes) {
  const auto it = links_.find(number.raw());
  if (it == links_.end() || it->second->connecting) return;
  FLOTILLA_CHECK(bytes.size() <= kFrameMost);
  Link& link = *it->second;
  store_be<std::uint32_t>(link.out.grow(kHeader), static_cast<std::uint32_t>(bytes.size()));
  link.out.append(bytes);
  if (link.out.size() >= kFlushAt) return flush(link);
  if (!std::exchange(link.has_unsent, true)) unsent_.push_back(number);
}

/// What one event has brought about goes out together: thousands of small frames answer as many.
void LinkLoop::flush_unsent() {
  for (const LinkNumber number : unsent_) {
    const auto it = links_.find(number.raw());
    if (it == links_.end()) continue;
    it->second->has_unsent = false;
    flush(*it->second);
  }
  unsent_.clear();
}

void LinkLoop::flush(Link& link) {
  while (!link.out.empty()) {
    const ssize_t sent = ::send(link.fd.raw(), link.out.data(), link.out.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      // A broken link is met where it is read.
      if (errno != EAGAIN && errno != EINTR) link.out.consume(link.out.size());
      break;
    }
    link.out.consume(static_cast<std::size_t>(sent));
  }
  if (link.out.size() > kUnsentMost) ::shutdown(link.fd.raw(), SHUT_RDWR);
  watch(link);
}

void LinkLoop::watch(Link& link) {
  const std::uint32_t wanted = EPOLLIN | EPOLLRDHUP | (link.out.empty() ? 0U : EPOLLOUT);
  if (wanted == link.watched) return;
  link.watched = wanted;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = link.number.raw();
  ::epoll_ctl(epoll_.raw(), EPOLL_CTL_MOD, link.fd.raw(), &event);
}

void LinkLoop::hang_up(LinkNumber number) {
  const auto it = links_.find(number.raw());
  if (it == links_.end()) return;
  if (!it->second->connecting) flush(*it->second);
  remove(*it->second);
}

void LinkLoop::end(Link& link, bool reset) {
  const LinkNumber number = link.number;
  remove(link);
  handler_.link_down(number, reset);
}

void LinkLoop::drop_garbage(Link& link, const char* what) {
  counts_.garbage.fetch_add(1, std::memory_order_relaxed);
  if (told_of_.size() < kToldMost && std::ranges::find(told_of_, link.remote) == told_of_.end()) {
    told_of_.push_back(link.remote);
    log_warning("hb", "{} is no node of a cluster: {}; its connections are closed", link.remote,
                what);
  }
  end(link, false);
}

void LinkLoop::remove(Link& link) {
  link.gone = true;
  ::epoll_ctl(epoll_.raw(), EPOLL_CTL_DEL, link.fd.raw(), nullptr);
  if (!link.dialled) --accepted_;
  if (!link.connecting) {
    counts_.open.fetch_sub(1, std::memory_order_relaxed);
    counts_.closed.fetch_add(1, std::memory_order_relaxed);
  }
  const auto it = links_.find(link.number.raw());
  link.fd = Fd();
  removed_.push_back(std::move(it->second));
  links_.erase(it);
}

/// Ends attempts that took too long and connections that bring nothing. Returns the next limit.
Instant LinkLoop::check_limits(Instant now) {
  Instant next = now + std::chrono::seconds(kWaitMost / 1000);
  std::vector<Link*> late;
  for (const auto& [number, link] : links_) {
    if (link->proven) continue;
    if (link->limit <= now) {
      late.push_back(link.get());
    } else {
      next = std::min(next, link->limit);
    }
  }
  for (Link* link : late) {
    if (link->connecting) {
      const Target to = *link->dialled;
      remove(*link);
      handler_.dial_failed(to, Refusal::TimedOut);
    } else {
      drop_garbage(*link, "it sends nothing");
    }
  }
  return next;
}

}  // namespace flotilla::net
