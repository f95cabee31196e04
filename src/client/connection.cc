#include "connection.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace flotilla::client {
namespace {

constexpr std::size_t kReadSize = 16 << 10;
/// An idle connection does not keep the memory of a large reply.
constexpr std::size_t kKeepSize = 256 << 10;

tl::unexpected<Failure> broken(const std::string& peer, std::string_view what, int error) {
  return fail(Status::Connection,
              fmt::format("{}: {}", what, error == 0 ? "closed by the node" : std::strerror(error)),
              peer);
}

tl::unexpected<Failure> timed_out(const std::string& peer, std::string_view what) {
  return tl::unexpected<Failure>(Failure{.code = static_cast<std::int16_t>(Code::Timeout),
                                         .message = fmt::format("{} timed out", what),
                                         .node = peer});
}

using AddressInfo = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Expected<AddressInfo> resolve(const Address& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0)
    return fail(Status::InvalidHost, fmt::format("{}: {}", address.host, gai_strerror(error)),
                address.text());
  return AddressInfo(found, &freeaddrinfo);
}

}  // namespace

Connection::~Connection() {
  if (fd_ != -1) ::close(fd_);
}

Expected<Connection> Connection::open(const Address& address, Deadline deadline) {
  const auto found = resolve(address);
  if (!found) return tl::unexpected(found.error());
  Expected<Connection> last = fail(Status::Connection, "no address", address.text());
  // A name may have several addresses, of which one does not answer: the next gets its turn.
  for (const addrinfo* at = found->get(); at != nullptr; at = at->ai_next) {
    const int fd = ::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1) return broken(address.text(), "socket", errno);
    Connection connection(fd, address.text());
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(fd, at->ai_addr, at->ai_addrlen) == 0) return connection;
    if (errno != EINPROGRESS) {
      last = broken(address.text(), "connect", errno);
      continue;
    }
    if (const auto ready = connection.wait(POLLOUT, deadline); !ready) {
      last = tl::unexpected(ready.error());
      continue;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) return connection;
    last = broken(address.text(), "connect", error);
  }
  return last;
}

Expected<void> Connection::wait(short events, Deadline deadline) const {
  for (;;) {
    int wait_ms = -1;
    if (deadline) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()).count();
      if (left <= 0) return timed_out(peer_, "waiting for the node");
      wait_ms = static_cast<int>(std::min<std::int64_t>(left, 3'600'000));
    }
    pollfd watched{.fd = fd_, .events = events, .revents = 0};
    const int ready = ::poll(&watched, 1, wait_ms);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return broken(peer_, "poll", errno);
  }
}

Expected<Connection> Connection::begin(const Address& address) {
  const auto found = resolve(address);
  if (!found) return tl::unexpected(found.error());
  const addrinfo* const at = found->get();
  const int fd = ::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd == -1) return broken(address.text(), "socket", errno);
  Connection connection(fd, address.text());
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(fd, at->ai_addr, at->ai_addrlen) != 0 && errno != EINPROGRESS)
    return broken(address.text(), "connect", errno);
  return connection;
}

Expected<void> Connection::try_send(Bytes& bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0)
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return {};
    else if (errno != EINTR)
      return broken(peer_, "send", errno);
  }
  return {};
}

Expected<void> Connection::send(Bytes bytes, Deadline deadline) {
  for (;;) {
    if (auto sent = try_send(bytes); !sent || bytes.empty()) return sent;
    if (auto ready = wait(POLLOUT, deadline); !ready) return ready;
  }
}

Expected<bool> Connection::try_fill(std::size_t size) {
  if (taken_ > 0) {
    std::memmove(in_.data(), in_.data() + taken_, filled_ - taken_);
    filled_ -= taken_;
    taken_ = 0;
  }
  while (filled_ < size) {
    // The announced size is the node's word: memory grows with what really arrives.
    if (in_.size() - filled_ < kReadSize)
      in_.resize(std::max(filled_ + kReadSize, std::min(size, filled_ * 2)));
    const ssize_t got = ::recv(fd_, in_.data() + filled_, in_.size() - filled_, 0);
    if (got > 0) {
      filled_ += static_cast<std::size_t>(got);
    } else if (got == 0) {
      return broken(peer_, "receive", 0);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return false;
    } else if (errno != EINTR) {
      return broken(peer_, "receive", errno);
    }
  }
  return true;
}

Expected<std::optional<Frame>> Connection::try_receive() {
  if (taken_ == filled_ && in_.size() > kKeepSize) {
    in_ = Buffer();
    taken_ = filled_ = 0;
  }
  const auto have = [this](std::size_t size) -> Expected<bool> {
    return filled_ - taken_ >= size ? Expected<bool>(true) : try_fill(size);
  };
  const auto head = have(wire::FrameHeader::kSize);
  if (!head) return tl::unexpected(head.error());
  if (!*head) return std::nullopt;
  const auto header =
      wire::FrameHeader::parse(Bytes(in_).subspan(taken_, wire::FrameHeader::kSize));
  if (!header)
    return fail(Status::Client,
                fmt::format("what listens there is no such server ({}); is the port right?",
                            header.error().why),
                peer_);
  const std::size_t size = wire::FrameHeader::kSize + header->body_size;
  const auto whole = have(size);
  if (!whole) return tl::unexpected(whole.error());
  if (!*whole) return std::nullopt;
  const Bytes body = Bytes(in_).subspan(taken_ + wire::FrameHeader::kSize, header->body_size);
  taken_ += size;
  return Frame{.kind = header->kind, .body = body};
}

Expected<Frame> Connection::receive(Deadline deadline) {
  for (;;) {
    const auto frame = try_receive();
    if (!frame) return tl::unexpected(frame.error());
    if (*frame) return **frame;
    if (const auto ready = wait(POLLIN, deadline); !ready) return tl::unexpected(ready.error());
  }
}

bool Connection::is_stale() const {
  if (taken_ != filled_) return true;
  std::byte one;
  const ssize_t got = ::recv(fd_, &one, 1, MSG_PEEK | MSG_DONTWAIT);
  return !(got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

}  // namespace flotilla::client
