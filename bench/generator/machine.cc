#include "generator/machine.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>

#include "base/check.h"

namespace flotilla::bench {
namespace {

std::uint64_t in_ns(const timespec& t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace

Fd::~Fd() {
  if (raw_ != -1) ::close(raw_);
}

std::uint64_t now_ns() {
  timespec now{};
  FLOTILLA_CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return in_ns(now);
}

Result<std::uint64_t> cpu_ns_of(int pid) {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
    return fail(Code::Unknown, "the server's CPU clock cannot be read");
  return in_ns(used);
}

Result<void> pin_to_core(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    return fail(Code::Unknown, "cannot pin to that core");
  return {};
}

Result<Fd> connect_to(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.raw() < 0) return fail(Code::Unknown, "socket");
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.raw(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
    return fail(Code::Unavailable, "cannot connect");
  const int one = 1;
  if (::setsockopt(fd.raw(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
      ::fcntl(fd.raw(), F_SETFL, O_NONBLOCK) != 0)
    return fail(Code::Unknown, "cannot set up the connection");
  return fd;
}

}  // namespace flotilla::bench
