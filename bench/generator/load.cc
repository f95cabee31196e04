#include "generator/load.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace flotilla::bench {
namespace {

constexpr std::size_t kFirstInput = 64 << 10;
/// Longest reply message that is waited for.
constexpr std::size_t kInputMax = 64 << 20;
/// A server that answers nothing for so long has lost a request.
constexpr int kSilenceMs = 30'000;

/// Makes room behind the received bytes: at least `missing`, and never so little that a receive is
/// a trickle.
template <class Connection>
void make_room(Connection& c, std::size_t missing) {
  if (c.taken == c.filled) c.taken = c.filled = 0;
  if (c.input.size() - c.filled >= std::max(missing, kFirstInput / 4)) return;
  std::memmove(c.input.data(), c.input.data() + c.taken, c.filled - c.taken);
  c.filled -= std::exchange(c.taken, 0);
  if (c.input.size() - c.filled < missing) c.input.resize(c.filled + missing + kFirstInput);
}

}  // namespace

Load::Load(const LoadOptions& options, const Dialect& dialect, const Dialect* background)
    : options_(options),
      dialect_(dialect),
      background_(background),
      next_request_(options.first_request),
      last_request_(options.first_request + options.warm_up + options.operations) {}

Result<LoadResult> Load::run() {
  if (auto opened = open(); !opened) return tl::unexpected(opened.error());
  if (options_.warm_up == 0)
    if (auto started = start_measuring(); !started) return tl::unexpected(started.error());
  opened_ns_ = now_ns();
  for (Connection& c : connections_) {
    top_up(c);
    if (auto sent = flush(c); !sent) return tl::unexpected(sent.error());
  }
  while (!is_done_) {
    if (options_.rate > 0)
      if (auto sent = send_due(); !sent) return tl::unexpected(sent.error());
    if (auto waited = wait_once(); !waited) return tl::unexpected(waited.error());
  }
  return result_;
}

Result<void> Load::wait_once() {
  std::array<epoll_event, 256> events;
  // With a rate, the core is the generator's own: it looks again and again rather than sleep past a
  // due time.
  const int patience_ms = options_.rate > 0 ? 0 : kSilenceMs;
  const int count =
      epoll_wait(poll_.raw(), events.data(), static_cast<int>(events.size()), patience_ms);
  if (count == 0 && patience_ms > 0) return fail(Code::Timeout, "the server has fallen silent");
  if (count < 0 && errno != EINTR) return fail(Code::Unknown, "epoll_wait");
  for (int i = 0; i < count && !is_done_; ++i)
    if (auto served = serve(connections_[events[static_cast<std::size_t>(i)].data.u32]); !served)
      return served;
  return {};
}

Result<void> Load::send_due() {
  const double per_request_ns = 1e9 / options_.rate;
  const std::uint64_t at_ns = now_ns();
  while (next_request_ < last_request_) {
    const std::uint64_t number = next_request_ - options_.first_request;
    const std::uint64_t due_ns =
        opened_ns_ + static_cast<std::uint64_t>(static_cast<double>(number) * per_request_ns);
    if (due_ns > at_ns) break;
    Connection& c = connections_[number % options_.connections];
    ask(c, next_request_++, due_ns);
    if (auto sent = flush(c); !sent) return sent;
  }
  return {};
}

Result<void> Load::open() {
  poll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  if (poll_.raw() < 0) return fail(Code::Unknown, "epoll");
  for (std::uint32_t i = 0; i < options_.connections; ++i)
    if (auto opened = open_one(false); !opened) return opened;
  return background_ != nullptr ? open_one(true) : Result<void>();
}

Result<void> Load::open_one(bool is_background) {
  auto fd = connect_to(options_.port);
  if (!fd) return tl::unexpected(fd.error());
  epoll_event wanted{.events = EPOLLIN | EPOLLOUT | EPOLLET,
                     .data = {.u32 = static_cast<std::uint32_t>(connections_.size())}};
  if (epoll_ctl(poll_.raw(), EPOLL_CTL_ADD, fd->raw(), &wanted) != 0)
    return fail(Code::Unknown, "epoll_ctl");
  Connection& c = connections_.emplace_back();
  c.fd = std::move(*fd);
  c.input.resize(kFirstInput);
  c.is_background = is_background;
  return {};
}

Result<void> Load::serve(Connection& c) {
  std::size_t missing = 1;
  for (;;) {
    make_room(c, missing);
    const std::size_t room = c.input.size() - c.filled;
    const ssize_t got = ::recv(c.fd.raw(), c.input.data() + c.filled, room, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (got < 0) return fail(Code::Unknown, "recv");
    if (got == 0) return fail(Code::Unavailable, "the server closed the connection");
    c.filled += static_cast<std::size_t>(got);
    if (is_measuring_ && !c.is_background) result_.reply_bytes += static_cast<std::size_t>(got);
    const auto wanted = take_replies(c);
    if (!wanted) return tl::unexpected(wanted.error());
    missing = *wanted;
    if (missing > kInputMax) return fail(Code::TooBig, "reply: longer than any should be");
    // A short read emptied the socket: the next bytes bring an event of their own.
    if (static_cast<std::size_t>(got) < room) break;
  }
  top_up(c);
  return flush(c);
}

Result<std::size_t> Load::take_replies(Connection& c) {
  const std::uint64_t at_ns = now_ns();
  while (c.taken < c.filled) {
    if (c.tickets.empty()) return fail(Code::Unknown, "reply: nothing was asked");
    const Bytes in = Bytes(c.input).subspan(c.taken, c.filled - c.taken);
    const auto taken = (c.is_background ? *background_ : dialect_).take(in, c.tickets.front());
    if (!taken) return tl::unexpected(taken.error());
    if (taken->bytes == 0) return taken->missing;
    c.taken += taken->bytes;
    if (!taken->is_last) continue;
    if (auto counted = complete(c, at_ns); !counted) return tl::unexpected(counted.error());
    c.tickets.pop_front();
    if (is_done_) break;
  }
  return std::size_t{1};
}

Result<void> Load::complete(const Connection& c, std::uint64_t at_ns) {
  const Ticket& ticket = c.tickets.front();
  if (c.is_background) {
    ++result_.background;
    return {};
  }
  ++completed_;
  if (!is_measuring_) return completed_ == options_.warm_up ? start_measuring() : Result<void>();
  result_.latency.add(at_ns - ticket.sent_ns);
  result_.records += ticket.records;
  ++result_.operations;
  return result_.operations == options_.operations ? stop_measuring() : Result<void>();
}

void Load::top_up(Connection& c) {
  const std::uint64_t at_ns = now_ns();
  if (c.is_background) {
    if (c.tickets.empty()) ask(c, next_background_++, at_ns);
    return;
  }
  if (options_.rate > 0) return;
  while (c.tickets.size() < options_.in_flight && next_request_ < last_request_)
    ask(c, next_request_++, at_ns);
}

void Load::ask(Connection& c, std::uint64_t request, std::uint64_t due_ns) {
  (c.is_background ? *background_ : dialect_).append_request(c.output, request);
  c.tickets.push_back(Ticket{.request = request, .sent_ns = due_ns});
}

Result<void> Load::flush(Connection& c) {
  while (c.sent < c.output.size()) {
    const ssize_t put =
        ::send(c.fd.raw(), c.output.data() + c.sent, c.output.size() - c.sent, MSG_NOSIGNAL);
    if (put < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (put < 0) return fail(Code::Unavailable, "send");
    c.sent += static_cast<std::size_t>(put);
  }
  c.output.clear();
  c.sent = 0;
  return {};
}

Result<Load::Mark> Load::mark() const {
  Mark m{.at_ns = now_ns()};
  if (options_.server_pid != 0) {
    const auto server = cpu_ns_of(options_.server_pid);
    if (!server) return tl::unexpected(server.error());
    m.server_ns = *server;
  }
  const auto own = cpu_ns_of(::getpid());
  if (!own) return tl::unexpected(own.error());
  m.generator_ns = *own;
  return m;
}

Result<void> Load::start_measuring() {
  auto m = mark();
  if (!m) return tl::unexpected(m.error());
  start_ = *m;
  is_measuring_ = true;
  return {};
}

Result<void> Load::stop_measuring() {
  auto m = mark();
  if (!m) return tl::unexpected(m.error());
  result_.wall_ns = m->at_ns - start_.at_ns;
  result_.server_cpu_ns = m->server_ns - start_.server_ns;
  result_.generator_cpu_ns = m->generator_ns - start_.generator_ns;
  is_done_ = true;
  return {};
}

}  // namespace flotilla::bench
