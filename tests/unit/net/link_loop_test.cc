#include "net/link_loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace flotilla::net {
namespace {

using namespace std::chrono_literals;

/// Writes down what happens; tests wait for it.
class Recorder : public LinkLoop::Handler {
 public:
  void link_up(LinkNumber link, const std::optional<Target>& dialled,
               const std::string& remote_host) override {
    note((dialled ? "dialled " + dialled->host : "accepted " + remote_host), link);
  }
  void link_down(LinkNumber link, bool reset) override { note(reset ? "reset" : "ended", link); }
  void dial_failed(const Target&, LinkLoop::Refusal refusal) override {
    note(refusal == LinkLoop::Refusal::Refused    ? "refused"
         : refusal == LinkLoop::Refusal::TimedOut ? "timed out"
                                                  : "unreachable",
         {});
  }
  void frame(LinkNumber link, Bytes bytes) override {
    note("frame " + std::string(as_text(bytes)), link);
  }
  Instant round(Instant now) override { return now + 1h; }

  /// The link of the first event with that text that was not asked for yet.
  LinkNumber wait_for(const std::string& text) {
    std::unique_lock lock(mutex_);
    LinkNumber found;
    const bool came = changed_.wait_for(lock, 20s, [&] {
      const auto it = std::ranges::find(events_, text, &Event::first);
      if (it == events_.end()) return false;
      found = it->second;
      events_.erase(it);
      return true;
    });
    EXPECT_TRUE(came) << "never: " << text;
    return found;
  }

 private:
  using Event = std::pair<std::string, LinkNumber>;

  void note(std::string text, LinkNumber link) {
    const std::scoped_lock lock(mutex_);
    events_.emplace_back(std::move(text), link);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
};

struct Loop {
  Loop() : links(recorder) {
    auto listener = listen_on("127.0.0.1", 0);
    EXPECT_TRUE(listener);
    at = {"127.0.0.1", listener->port};
    std::vector<Listener> listeners;
    listeners.push_back(std::move(*listener));
    links.start(std::move(listeners));
  }
  ~Loop() { links.stop(); }
  void dial(const Target& to, Duration limit = 10s) {
    links.post([this, to, limit] { links.dial(to, to, limit); });
  }
  void send(LinkNumber link, std::string text) {
    links.post([this, link, text] { links.send(link, as_bytes(text)); });
  }

  Recorder recorder;
  LinkLoop links;
  Target at;
};

/// A client that is no node.
Fd connect_to(const Target& at) {
  Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  const auto address = numeric_address(at);
  EXPECT_EQ(
      ::connect(fd.raw(), reinterpret_cast<const sockaddr*>(&address->storage), address->size), 0);
  return fd;
}

TEST(LinkLoop, CarriesFramesBothWays) {
  Loop a;
  Loop b;
  a.dial(b.at);
  const LinkNumber there = a.recorder.wait_for("dialled 127.0.0.1");
  const LinkNumber here = b.recorder.wait_for("accepted 127.0.0.1");
  a.send(there, "ping");
  b.recorder.wait_for("frame ping");
  b.send(here, std::string(LinkLoop::kFirstFrameMost, 'x'));
  b.send(here, "");
  a.recorder.wait_for("frame " + std::string(LinkLoop::kFirstFrameMost, 'x'));
  a.recorder.wait_for("frame ");
  a.send(there, std::string(LinkLoop::kFrameMost, 'y'));
  b.recorder.wait_for("frame " + std::string(LinkLoop::kFrameMost, 'y'));
}

TEST(LinkLoop, TellsWhoseLinkEnds) {
  Loop a;
  Loop b;
  a.dial(b.at);
  const LinkNumber there = a.recorder.wait_for("dialled 127.0.0.1");
  const LinkNumber here = b.recorder.wait_for("accepted 127.0.0.1");
  a.links.post([&] { a.links.hang_up(there); });
  EXPECT_EQ(b.recorder.wait_for("ended"), here);
}

TEST(LinkLoop, SaysThatAConnectionWasRefused) {
  Loop a;
  Target nobody;
  {
    const auto listener = listen_on("127.0.0.1", 0);
    nobody = {"127.0.0.1", listener->port};
  }
  a.dial(nobody);
  a.recorder.wait_for("refused");
}

TEST(LinkLoop, SaysThatAConnectionTimedOut) {
  // A listener whose queue is full answers nobody.
  const auto listener = listen_on("127.0.0.1", 0);
  ::listen(listener->fd.raw(), 0);
  const Target full{"127.0.0.1", listener->port};
  const Fd first = connect_to(full);
  Loop a;
  a.dial(full, 50ms);
  a.dial(full, 50ms);
  a.recorder.wait_for("timed out");
}

TEST(LinkLoop, CannotReachWhatIsNoNumericAddress) {
  Loop a;
  a.dial({"nowhere.invalid", 3002});
  a.recorder.wait_for("unreachable");
}

TEST(LinkLoop, ClosesConnectionsThatSendNoFrames) {
  Loop a;
  const Fd stray = connect_to(a.at);
  const LinkNumber link = a.recorder.wait_for("accepted 127.0.0.1");
  const std::string_view request = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_EQ(::send(stray.raw(), request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  EXPECT_EQ(a.recorder.wait_for("ended"), link);
  EXPECT_EQ(a.links.counts().garbage.load(), 1U);
}

TEST(LinkLoop, TakesALongFrameOnlyFromAPeerThatHasSaidSomething) {
  Loop a;
  const Fd stray = connect_to(a.at);
  std::byte header[4];
  store_be<std::uint32_t>(header, LinkLoop::kFirstFrameMost + 1);
  ASSERT_EQ(::send(stray.raw(), header, sizeof header, 0), 4);
  a.recorder.wait_for("ended");
}

}  // namespace
}  // namespace flotilla::net
