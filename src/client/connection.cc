#include "connection.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "access_state.h"

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

Connection::Connection(Connection&& from) noexcept
    : fd_(std::exchange(from.fd_, -1)),
      peer_(std::move(from.peer_)),
      access_(std::move(from.access_)),
      tls_(std::move(from.tls_)),
      opening_(std::move(from.opening_)),
      wants_(from.wants_),
      in_(std::move(from.in_)),
      taken_(from.taken_),
      filled_(from.filled_) {}

Connection& Connection::operator=(Connection from) noexcept {
  std::swap(fd_, from.fd_);
  std::swap(peer_, from.peer_);
  std::swap(access_, from.access_);
  std::swap(tls_, from.tls_);
  std::swap(opening_, from.opening_);
  std::swap(wants_, from.wants_);
  std::swap(in_, from.in_);
  std::swap(taken_, from.taken_);
  std::swap(filled_, from.filled_);
  return *this;
}

Connection::~Connection() {
  if (fd_ != -1) ::close(fd_);
}

Expected<Connection> Connection::begin_to(const addrinfo& to, const Address& address,
                                          const std::shared_ptr<Access>& access) {
  const int fd = ::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd == -1) return broken(address.text(), "socket", errno);
  Connection connection(fd, address.text());
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(fd, to.ai_addr, to.ai_addrlen) != 0 && errno != EINPROGRESS)
    return broken(address.text(), "connect", errno);
  connection.wants_ = POLLOUT;
  if (access == nullptr) return connection;
  connection.access_ = access;
  const AccessState& state = *access->state_;
  if (const TlsContext* const tls = state.tls(); tls != nullptr) {
    auto stream = tls->open(fd, address);
    if (!stream) return connection.told_by(std::move(stream.error()));
    connection.tls_ = *std::move(stream);
    connection.opening_ = std::make_unique<Opening>();
  } else if (state.login().auth != Auth::None) {
    connection.begin_login(true);
  }
  return connection;
}

Expected<Connection> Connection::open(const Address& address, Deadline deadline,
                                      const std::shared_ptr<Access>& access) {
  const auto found = resolve(address);
  if (!found) return tl::unexpected(found.error());
  Expected<Connection> last = fail(Status::Connection, "no address", address.text());
  // A name may have several addresses, of which one does not answer: the next gets its turn.
  for (const addrinfo* at = found->get(); at != nullptr; at = at->ai_next) {
    last = begin_to(*at, address, access);
    if (!last) continue;
    if (const auto ready = last->wait(POLLOUT, deadline); !ready) {
      last = tl::unexpected(ready.error());
      continue;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(last->fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      last = broken(address.text(), "connect", error);
      continue;
    }
    for (;;) {
      const auto opened = last->try_open();
      if (!opened) return tl::unexpected(opened.error());
      if (*opened) return last;
      if (auto ready = last->wait(last->wants_, deadline); !ready)
        return tl::unexpected(ready.error());
    }
  }
  return last;
}

Expected<Connection> Connection::begin(const Address& address,
                                       const std::shared_ptr<Access>& access) {
  const auto found = resolve(address);
  if (!found) return tl::unexpected(found.error());
  return begin_to(**found, address, access);
}

tl::unexpected<Failure> Connection::told_by(Failure failure) const {
  failure.node = peer_;
  return tl::unexpected<Failure>(std::move(failure));
}

void Connection::begin_login(bool with_session) {
  const AccessState& state = *access_->state_;
  const std::string token = with_session ? state.session(peer_) : std::string();
  opening_ = std::make_unique<Opening>(
      Opening{.step = Opening::Step::Sending, .shows_session = !token.empty()});
  opening_->message = token.empty() ? login_request(state.login())
                                    : authenticate_request(state.login().user, token);
  opening_->left = opening_->message;
}

Expected<bool> Connection::try_open() {
  while (opening_) {
    switch (opening_->step) {
      case Opening::Step::Handshake: {
        const auto done = tls_->try_handshake();
        if (!done) return told_by(done.error());
        wants_ = tls_->wants();
        if (!*done) return false;
        opening_.reset();
        if (access_->state_->login().auth != Auth::None) begin_login(true);
        break;
      }
      case Opening::Step::Sending: {
        if (auto sent = push(opening_->left); !sent) return tl::unexpected(sent.error());
        if (!opening_->left.empty()) return false;
        opening_->step = Opening::Step::Receiving;
        break;
      }
      case Opening::Step::Receiving: {
        const auto frame = try_receive();
        if (!frame) return tl::unexpected(frame.error());
        if (!*frame) return false;
        if (auto taken = take_login_reply(**frame); !taken) return tl::unexpected(taken.error());
        break;
      }
    }
  }
  return true;
}

Expected<void> Connection::take_login_reply(const Frame& frame) {
  if (frame.kind != wire::FrameKind::Security)
    return fail(Status::Client, "the node answered the login with something else", peer_);
  AccessState& state = *access_->state_;
  const auto reply = parse_login_reply(frame.body);
  if (!reply) return told_by(reply.error());
  if (reply->code == kLoginOk && !opening_->shows_session) state.keep_session(peer_, *reply);
  // A node without security demands nothing.
  if (reply->code == kLoginOk || reply->code == kSecurityNotEnabled ||
      reply->code == kSecurityNotSupported) {
    opening_.reset();
    return {};
  }
  if (opening_->shows_session) {
    // The node has forgotten the session, by a restart for one: a login gives another.
    state.forget_session(peer_);
    begin_login(false);
    return {};
  }
  return told_by({.code = reply->code,
                  .message = "the node " + login_failure(reply->code, state.login().user),
                  .node = {}});
}

void Connection::forget_session() {
  if (access_) access_->state_->forget_session(peer_);
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

Expected<void> Connection::push(Bytes& bytes) {
  while (!bytes.empty()) {
    if (tls_) {
      const auto step = tls_->try_send(bytes);
      if (!step) return told_by(step.error());
      wants_ = step->wants;
      if (step->size == 0) return {};
      bytes = bytes.subspan(step->size);
      continue;
    }
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wants_ = POLLOUT;
      return {};
    } else if (errno != EINTR) {
      return broken(peer_, "send", errno);
    }
  }
  return {};
}

Expected<std::optional<std::size_t>> Connection::pull(MutableBytes into) {
  if (tls_) {
    const auto step = tls_->try_receive(into);
    if (!step) return told_by(step.error());
    wants_ = step->wants;
    return step->size == 0 ? std::nullopt : std::optional(step->size);
  }
  for (;;) {
    const ssize_t got = ::recv(fd_, into.data(), into.size(), 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return broken(peer_, "receive", 0);
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wants_ = POLLIN;
      return std::nullopt;
    }
    if (errno != EINTR) return broken(peer_, "receive", errno);
  }
}

Expected<void> Connection::try_send(Bytes& bytes) {
  const auto opened = try_open();
  if (!opened) return tl::unexpected(opened.error());
  return *opened ? push(bytes) : Expected<void>();
}

Expected<void> Connection::send(Bytes bytes, Deadline deadline) {
  for (;;) {
    if (auto sent = try_send(bytes); !sent || bytes.empty()) return sent;
    if (auto ready = wait(wants_, deadline); !ready) return ready;
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
    const auto got = pull(MutableBytes(in_).subspan(filled_));
    if (!got) return tl::unexpected(got.error());
    if (!*got) return false;
    filled_ += **got;
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
    if (const auto ready = wait(wants_, deadline); !ready) return tl::unexpected(ready.error());
  }
}

bool Connection::is_stale() {
  if (taken_ != filled_) return true;
  if (tls_) return tls_->is_stale();
  std::byte one;
  const ssize_t got = ::recv(fd_, &one, 1, MSG_PEEK | MSG_DONTWAIT);
  return !(got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

}  // namespace flotilla::client
