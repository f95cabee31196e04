#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "base/log.h"
#include "net/reactor.h"

namespace flotilla::net {
namespace {

// As many as the kernel allows (net.core.somaxconn). A process that stands still for a while must
// not overflow it: what clients sent meanwhile would be sent again by their kernels, and arrive as
// if it were new.
constexpr int kBacklog = std::numeric_limits<int>::max();

Result<Listener> bind_to(const addrinfo& to, const std::string& address) {
  Fd fd(::socket(to.ai_family, to.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to.ai_protocol));
  if (!fd.valid()) return fail(Code::Unavailable, "listen: socket");
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd.raw(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (to.ai_family == AF_INET6) ::setsockopt(fd.raw(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd.raw(), to.ai_addr, to.ai_addrlen) != 0)
    return fail(Code::Unavailable, "listen: bind");
  if (::listen(fd.raw(), kBacklog) != 0) return fail(Code::Unavailable, "listen: listen");
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(fd.raw(), reinterpret_cast<sockaddr*>(&bound), &size);
  const std::uint16_t port = bound.ss_family == AF_INET6
                                 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                 : reinterpret_cast<sockaddr_in*>(&bound)->sin_port;
  return Listener{std::move(fd), address, ntohs(port)};
}

}  // namespace

Result<Listener> listen_on(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_family = address == "any" ? AF_INET : AF_UNSPEC;
  addrinfo* found = nullptr;
  const char* const host = address == "any"     ? nullptr
                           : address == "local" ? "127.0.0.1"
                                                : address.c_str();
  if (const int error = ::getaddrinfo(host, std::to_string(port).c_str(), &hints, &found);
      error != 0) {
    log_warning("socket", "cannot resolve {}: {}", address, ::gai_strerror(error));
    return fail(Code::Unavailable, "listen: resolve");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Result<Listener> listener = fail(Code::Unavailable, "listen: no address");
  for (const addrinfo* to = found; to != nullptr && !listener; to = to->ai_next)
    listener = bind_to(*to, address);
  if (!listener)
    log_warning("socket", "cannot listen on {}:{}: {}", address, port, std::strerror(errno));
  return listener;
}

Acceptor::Acceptor(std::vector<Reactor*> reactors)
    : reactors_(std::move(reactors)), event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Acceptor::~Acceptor() { stop(); }

void Acceptor::start(std::vector<Door> doors) {
  doors_ = std::move(doors);
  thread_ = std::thread([this] { loop(); });
}

void Acceptor::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  if (::write(event_.raw(), &one, sizeof one) < 0)
    log_warning("socket", "cannot wake the acceptor");
  thread_.join();
  doors_.clear();
}

void Acceptor::loop() {
  std::vector<pollfd> polled{{event_.raw(), POLLIN, 0}};
  for (const Door& door : doors_) polled.push_back({door.listener.fd.raw(), POLLIN, 0});
  for (;;) {
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
    if (polled[0].revents != 0) return;
    for (std::size_t i = 0; i < doors_.size(); ++i) {
      if (polled[i + 1].revents != 0) accept_all(doors_[i]);
    }
  }
}

void Acceptor::accept_all(Door& door) {
  for (;;) {
    Fd fd(::accept4(door.listener.fd.raw(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      // Out of descriptors: the queue stays as it is; do not spin on it.
      if (errno == EMFILE || errno == ENFILE)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      return;
    }
    if (door.open_count->load() >= door.most()) continue;
    const int on = 1;
    const int keep_idle = 60;
    const int keep_probes = 2;
    ::setsockopt(fd.raw(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd.raw(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(fd.raw(), IPPROTO_TCP, TCP_KEEPIDLE, &keep_idle, sizeof keep_idle);
    ::setsockopt(fd.raw(), IPPROTO_TCP, TCP_KEEPINTVL, &keep_idle, sizeof keep_idle);
    ::setsockopt(fd.raw(), IPPROTO_TCP, TCP_KEEPCNT, &keep_probes, sizeof keep_probes);
    door.open_count->fetch_add(1);
    door.opened_total->fetch_add(1);
    reactors_[next_++ % reactors_.size()]->adopt(std::move(fd), *door.protocol, door.open_count);
  }
}

}  // namespace flotilla::net
