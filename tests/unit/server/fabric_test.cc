#include "fabric.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace flotilla::server {
namespace {

using namespace std::chrono_literals;
using cluster::Process;

Process process(unsigned number) {
  Process out{.boot = number};
  out.node[0] = static_cast<std::byte>(number);
  return out;
}

/// Writes down what comes; "echo" is answered by the connection that it came by.
class Recorder : public Fabric::Handler {
 public:
  Fabric* fabric = nullptr;

  void frame(unsigned reactor, exec::FabricPath path, const Process& from, Bytes bytes) override {
    const std::string text(as_text(bytes));
    if (text == "echo") fabric->port(reactor).answer(path, as_bytes("echoed"));
    if (text == "reply") fabric->send(from, as_bytes("replied"));
    note(std::to_string(reactor) + " " + std::to_string(from.boot) + " " + text);
  }
  void peer_lost(unsigned, const Process& who) override {
    note("lost " + std::to_string(who.boot));
  }

  bool wait_for(const std::string& text) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s,
                             [&] { return std::ranges::find(events_, text) != events_.end(); });
  }
  bool has(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    return std::ranges::find(events_, text) != events_.end();
  }

 private:
  void note(std::string text) {
    const std::scoped_lock lock(mutex_);
    events_.push_back(std::move(text));
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
};

/// A node with one reactor and nothing but its fabric.
struct Node {
  explicit Node(unsigned number, std::string cluster_name = "docker")
      : reactor(limits),
        fabric({.self = process(number), .cluster_name = std::move(cluster_name), .keep_alive = {}},
               {&reactor}, recorder) {
    recorder.fabric = &fabric;
    reactor.start(-1);
    acceptor.emplace(std::vector<net::Reactor*>{&reactor});
    auto listener = net::listen_on("127.0.0.1", 0);
    peer = {.process = process(number), .at = {{"127.0.0.1", listener->port}}};
    std::vector<net::Acceptor::Door> doors;
    doors.push_back({.listener = std::move(*listener),
                     .protocol = &fabric.door(),
                     .open_count = &fabric.accepted(),
                     .opened_total = &fabric.accepted_total(),
                     .most = [] { return 100; }});
    acceptor->start(std::move(doors));
  }
  ~Node() {
    acceptor->stop();
    reactor.stop();
  }
  /// Sends until the frame arrives somewhere, as machines do.
  bool send_until(const Process& to, const std::string& text, const std::function<bool()>& done) {
    for (int i = 0; i < 2000 && !done(); ++i) {
      fabric.send(to, as_bytes(text));
      fabric.tick();
      std::this_thread::sleep_for(10ms);
    }
    return done();
  }

  net::Reactor::Limits limits;
  Recorder recorder;
  net::Reactor reactor;
  Fabric fabric;
  std::optional<net::Acceptor> acceptor;
  FabricPeer peer;
};

TEST(Fabric, CarriesFramesToAPeerAndAnswersBack) {
  Node a(1);
  Node b(2);
  a.fabric.set_peers({a.peer, b.peer});
  a.fabric.send(process(2), as_bytes("echo"));
  EXPECT_TRUE(b.recorder.wait_for("0 1 echo"));
  EXPECT_TRUE(a.recorder.wait_for("0 2 echoed"));
}

TEST(Fabric, WhatIsSentWhileAFrameIsHandledLeavesByItsConnection) {
  Node a(1);
  Node b(2);  // Has no peers of its own.
  a.fabric.set_peers({b.peer});
  a.fabric.send(process(2), as_bytes("reply"));
  EXPECT_TRUE(a.recorder.wait_for("0 2 replied"));
}

TEST(Fabric, ARequestIsNotSentBeforeThePeerHasSaidWhoItIs) {
  Node a(1);
  Node b(2);
  std::atomic<bool> sent_early{true};
  a.reactor.run_on_thread(
      [&] { sent_early = a.fabric.port(0).try_send(process(2), as_bytes("r")); });
  a.fabric.set_peers({b.peer});
  a.fabric.send(process(2), as_bytes("echo"));
  ASSERT_TRUE(a.recorder.wait_for("0 2 echoed"));
  EXPECT_FALSE(sent_early);
  a.reactor.run_on_thread([&] { a.fabric.port(0).try_send(process(2), as_bytes("request")); });
  EXPECT_TRUE(b.recorder.wait_for("0 1 request"));
}

TEST(Fabric, AnotherLifeOfThePeerIsNotTalkedTo) {
  Node a(1);
  Node b(2);
  FabricPeer old = b.peer;
  old.process.boot = 99;
  a.fabric.set_peers({old});
  a.fabric.send(old.process, as_bytes("echo"));
  EXPECT_TRUE(a.recorder.wait_for("lost 99"));
  EXPECT_FALSE(b.recorder.has("0 1 echo"));
}

TEST(Fabric, AnotherClusterIsNotTalkedTo) {
  Node a(1);
  Node b(2, "other");
  a.fabric.set_peers({b.peer});
  a.fabric.send(process(2), as_bytes("echo"));
  EXPECT_TRUE(a.recorder.wait_for("lost 2"));
  EXPECT_FALSE(b.recorder.has("0 1 echo"));
  EXPECT_GE(b.fabric.counts().garbage.load(), 1U);
}

TEST(Fabric, ConnectsAgainAfterAConnectionBroke) {
  Node a(1);
  FabricPeer b_peer;
  {
    Node b(2);
    b_peer = b.peer;
    a.fabric.set_peers({b.peer});
    a.fabric.send(process(2), as_bytes("echo"));
    ASSERT_TRUE(a.recorder.wait_for("0 2 echoed"));
  }
  ASSERT_TRUE(a.recorder.wait_for("lost 2"));
  Node again(2);
  b_peer.at = again.peer.at;
  a.fabric.set_peers({b_peer});
  EXPECT_TRUE(a.send_until(process(2), "hello", [&] { return again.recorder.has("0 1 hello"); }));
}

TEST(Fabric, HangsUpOnWhoeverSendsNoGreeting) {
  Node a(1);
  const net::Fd stray(::socket(AF_INET, SOCK_STREAM, 0));
  const auto address = net::numeric_address(a.peer.at.front());
  ASSERT_EQ(
      ::connect(stray.raw(), reinterpret_cast<const sockaddr*>(&address->storage), address->size),
      0);
  const std::string_view request = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_GT(::send(stray.raw(), request.data(), request.size(), 0), 0);
  char byte = 0;
  EXPECT_LE(::recv(stray.raw(), &byte, 1, 0), 0);
  EXPECT_EQ(a.fabric.counts().garbage.load(), 1U);
}

}  // namespace
}  // namespace flotilla::server
