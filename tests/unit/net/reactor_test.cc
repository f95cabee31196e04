#include "net/reactor.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
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

/// Connections whose requests the reactor finds ready together.
struct Together : Dialled {
  /// Answers each request with itself, after whatever `on_request` does.
  class Echo : public Protocol {
   public:
    class EchoSession : public Session {
     public:
      EchoSession(Echo& echo, Connection& connection) : echo_(echo), connection_(connection) {}
      Input on_bytes(Bytes in) override {
        echo_.on_request(as_text(in), connection_);
        connection_.out().append(in);
        return {.consumed = in.size()};
      }

     private:
      Echo& echo_;
      Connection& connection_;
    };

    std::unique_ptr<Session> open(Connection& connection) override {
      connections.push_back(&connection);
      return std::make_unique<EchoSession>(*this, connection);
    }

    std::function<void(std::string_view, Connection&)> on_request = [](std::string_view,
                                                                       Connection&) {};
    std::vector<Connection*> connections;  // In the order in which they were opened.
  };

  void SetUp() override {
    Dialled::SetUp();
    open = kClients;
    for (std::size_t i = 0; i < kClients; ++i) {
      std::array<int, 2> ends{};
      ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
      clients.emplace_back(ends[0]);
      reactor.adopt(Fd(ends[1]), echo, &open);
      say(i, "?");
      EXPECT_EQ(heard(i), "?");
    }
  }
  /// Client `i` says its letter, "a" for the first; the reactor looks when all have. Which it takes
  /// first is its own choice: `handled` says who had their turn before the one of `on_request`.
  void all_speak(const std::function<void(Connection&)>& on_request) {
    std::atomic<bool> stands{false};
    std::atomic<bool> all_said{false};
    std::atomic<std::size_t> left{
        kClients};  // Who reads sooner takes away what was_answered() sees.
    reactor.run_on_thread([&] {
      handled.clear();
      echo.on_request = [this, on_request, &left](std::string_view text, Connection& connection) {
        on_request(connection);
        handled.push_back(static_cast<std::size_t>(text[0] - 'a'));
        --left;
      };
      stands = true;
      while (!all_said) std::this_thread::yield();
    });
    while (!stands) std::this_thread::yield();
    for (std::size_t i = 0; i < kClients; ++i) say(i, letter(i));
    all_said = true;
    while (left != 0) std::this_thread::yield();
    for (std::size_t i = 0; i < kClients; ++i) EXPECT_EQ(heard(i), letter(i));
  }
  static std::string letter(std::size_t i) { return std::string(1, static_cast<char>('a' + i)); }
  void say(std::size_t who, std::string_view text) {
    ASSERT_EQ(::send(clients[who].raw(), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
  }
  /// What was said to the client, as soon as there is something. Empty: the connection is closed.
  std::string heard(std::size_t who) {
    pollfd readable{.fd = clients[who].raw(), .events = POLLIN, .revents = 0};
    ::poll(&readable, 1, 20'000);
    std::array<char, 64> text{};
    const ssize_t got = ::recv(clients[who].raw(), text.data(), text.size(), 0);
    return {text.data(), got < 0 ? 0 : static_cast<std::size_t>(got)};
  }
  bool was_answered(std::size_t i) const {
    pollfd readable{.fd = clients[i].raw(), .events = POLLIN, .revents = 0};
    return ::poll(&readable, 1, 0) == 1;
  }

  static constexpr std::size_t kClients = 3;
  Echo echo;
  std::vector<Fd> clients;
  std::vector<std::size_t> handled;
};

TEST_F(Together, AreAnsweredWhenAllAreHandled) {
  // A machine without time for this process spreads them out: then it is tried again.
  bool together = false;
  for (int tries = 0; !together && tries < 100; ++tries)
    all_speak([&](Connection&) {
      if (handled.size() == 2) together = !was_answered(handled[0]) && !was_answered(handled[1]);
    });
  EXPECT_TRUE(together);
}

TEST_F(Together, DoNotWaitForEachOtherForLong) {
  all_speak([&](Connection&) {
    if (handled.size() == 1) std::this_thread::sleep_for(2ms);
    if (handled.size() != 2) return;
    EXPECT_TRUE(was_answered(handled[0]));
    EXPECT_TRUE(was_answered(handled[1]));
  });
}

TEST_F(Together, HaveArrivedTogether) {
  Instant first_done;
  all_speak([&](Connection& connection) {
    if (handled.empty()) {
      std::this_thread::sleep_for(2ms);
      first_done = Reactor::now();
    } else {
      EXPECT_LT(connection.arrived(), first_done);
    }
  });
}

TEST_F(Together, KnowTheTimeBehindEachOther) {
  Instant first_done;
  all_speak([&](Connection&) {
    EXPECT_GE(reactor.time(), first_done);
    std::this_thread::sleep_for(1ms);
    first_done = Reactor::now();
  });
}

TEST_F(Together, AreAnsweredEvenIfAnotherHangsUpOnThem) {
  all_speak([&](Connection&) {
    if (handled.empty()) reactor.close_soon(*echo.connections[1]);
    if (handled.size() == 2) reactor.close_soon(*echo.connections[0]);
  });
  EXPECT_EQ(heard(0), "");
  EXPECT_EQ(heard(1), "");
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
