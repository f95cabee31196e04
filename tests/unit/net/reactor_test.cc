#include "net/reactor.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "net/address.h"

namespace flotilla::net {
namespace {

using namespace std::chrono_literals;

/// Sessions that greet, and say what came and that they ended.
class Greeter : public Protocol {
 public:
  class GreeterSession : public Session {
   public:
    GreeterSession(Greeter& greeter, Connection& connection)
        : greeter_(greeter), connection_(connection) {
      connection.out().append(as_bytes(greeter.greeting_));
    }
    ~GreeterSession() override { greeter_.note("|"); }
    Input on_bytes(Bytes in) override {
      greeter_.arrived_.store(connection_.arrived());
      greeter_.note(as_text(in));
      return {.consumed = in.size()};
    }

   private:
    Greeter& greeter_;
    Connection& connection_;
  };

  explicit Greeter(std::string greeting) : greeting_(std::move(greeting)) {}
  std::unique_ptr<Session> open(Connection& connection) override {
    last_ = &connection;
    return std::make_unique<GreeterSession>(*this, connection);
  }
  Connection* last() const { return last_; }
  /// What the session was offered last.
  Instant arrived() const { return arrived_; }
  void wait_for(std::string_view text) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 20s, [&] { return heard_ == text; })) << heard_;
  }

 private:
  void note(std::string_view text) {
    const std::scoped_lock lock(mutex_);
    heard_ += text;
    changed_.notify_all();
  }

  std::string greeting_;
  std::atomic<Connection*> last_{nullptr};
  std::atomic<Instant> arrived_{Instant{}};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string heard_;
};

struct Dialled : testing::Test {
  void SetUp() override {
    reactor.start(-1);
    acceptor.emplace(std::vector<Reactor*>{&reactor});
    auto listener = listen_on("127.0.0.1", 0);
    ASSERT_TRUE(listener);
    at = {"127.0.0.1", listener->port};
    std::vector<Acceptor::Door> doors;
    doors.push_back({.listener = std::move(*listener),
                     .protocol = &server,
                     .open_count = &open,
                     .opened_total = &opened,
                     .most = [] { return 10; }});
    acceptor->start(std::move(doors));
  }
  void TearDown() override {
    acceptor->stop();
    reactor.stop();
  }
  void dial(const Target& to) {
    reactor.run_on_thread([this, to] {
      auto fd = begin_connect(*numeric_address(to));
      ASSERT_TRUE(fd);
      reactor.attach(std::move(*fd), client);
    });
  }

  Reactor::Limits limits;
  Greeter client{"hello"};
  Greeter server{"welcome"};
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> opened{0};
  Reactor reactor{limits};
  std::optional<Acceptor> acceptor;
  Target at;
};

TEST_F(Dialled, ConnectionsCarryBytesBothWays) {
  dial(at);
  server.wait_for("hello");
  client.wait_for("welcome");
}

TEST_F(Dialled, BytesWrittenOutsideOfTheSessionAreSent) {
  dial(at);
  client.wait_for("welcome");
  reactor.run_on_thread([this] {
    client.last()->out().append(as_bytes(", world"));
    reactor.send_soon(*client.last());
  });
  server.wait_for("hello, world");
}

/// A connection of one's own, without a reactor.
class Plain {
 public:
  explicit Plain(const Target& to) : fd_(std::move(*begin_connect(*numeric_address(to)))) {
    pollfd writable{.fd = fd_.raw(), .events = POLLOUT, .revents = 0};
    ::poll(&writable, 1, 20'000);
  }
  void say(std::string_view text) const {
    ASSERT_EQ(::send(fd_.raw(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }

 private:
  Fd fd_;
};

TEST_F(Dialled, WhatWaitedWhileTheReactorStoodStillArrivedBefore) {
  const Plain known(at);
  known.say("first");
  server.wait_for("first");
  std::atomic<bool> stands{false};
  std::atomic<Instant> goes_on{Instant{}};
  reactor.run_on_thread([&] {
    stands = true;
    std::this_thread::sleep_for(400ms);
    goes_on = Reactor::now();
  });
  while (!stands) std::this_thread::yield();
  known.say(", second");
  server.wait_for("first, second");
  EXPECT_LT(server.arrived(), goes_on.load());
}

TEST_F(Dialled, WhatWaitedToBeAcceptedArrivedBefore) {
  acceptor->stop();
  auto listener = listen_on("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  const Plain early({"127.0.0.1", listener->port});
  early.say("early");
  std::this_thread::sleep_for(400ms);
  const Instant accepted = Reactor::now();
  Fd fd(::accept4(listener->fd.raw(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  open = 1;
  reactor.adopt(std::move(fd), server, &open);
  server.wait_for("early");
  EXPECT_LT(server.arrived(), accepted);
}

TEST_F(Dialled, ClosingTellsBothSessions) {
  dial(at);
  client.wait_for("welcome");
  reactor.run_on_thread([this] { reactor.close_soon(*client.last()); });
  client.wait_for("welcome|");
  server.wait_for("hello|");
}

TEST_F(Dialled, ARefusedConnectionEndsItsSession) {
  Target nobody;
  {
    const auto listener = listen_on("127.0.0.1", 0);
    nobody = {"127.0.0.1", listener->port};
  }
  dial(nobody);
  client.wait_for("|");
}

}  // namespace
}  // namespace flotilla::net
