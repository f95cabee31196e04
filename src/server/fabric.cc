#include "fabric.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "cluster/fabric_hello.h"

namespace flotilla::server {
namespace {

using cluster::FabricHello;
using cluster::Process;

constexpr std::size_t kHeader = 4;
constexpr Duration kHelloLimit = std::chrono::seconds(5);
constexpr Duration kRedialLeast = std::chrono::milliseconds(50);
constexpr Duration kRedialMost = std::chrono::seconds(1);
constexpr std::size_t kToldMost = 256;
constexpr std::size_t kQueuedMost = 64 << 20;  // Bytes from threads that are no reactors.

}  // namespace

/// One connection, opened by either side.
class Fabric::FabricSession : public net::Session {
 public:
  /// `to`: whom this node has dialled; zero: the other side did, and says who it is.
  FabricSession(Share& share, net::Connection& connection, const Process& to);
  ~FabricSession() override;

  Input on_bytes(Bytes in) override;
  bool is_between_nodes() const override { return true; }

  /// False: too much waits already.
  bool send(Bytes frame);
  void close();

  const Process& peer() const { return peer_; }
  bool dialled() const { return dialled_; }
  bool introduced() const { return introduced_; }
  exec::FabricPath path() const { return path_; }
  Instant opened() const { return opened_; }

 private:
  bool take_frame(Bytes frame);
  bool introduce(Bytes frame);
  void say_hello();

  Share& share_;
  net::Connection& connection_;
  exec::FabricPath path_;
  Process peer_;
  bool dialled_;
  bool introduced_ = false;  // The other side has said who it is, and it is who it should be.
  Instant opened_;
};

/// What one reactor has of the fabric; its thread alone touches it.
class Fabric::Share : public exec::FabricPort, public net::Protocol {
 public:
  Share(Fabric& fabric, net::Reactor& reactor, unsigned number)
      : fabric_(fabric), reactor_(reactor), number_(number) {}

  Fabric& fabric() { return fabric_; }
  net::Reactor& reactor() { return reactor_; }

  bool try_send(const Process& to, Bytes frame) override;
  bool answer(exec::FabricPath path, Bytes frame) override;
  /// By the own connection; waits there until it stands.
  void send(const Process& to, Bytes frame);
  /// As Fabric::send() on this thread.
  void send_best(const Process& to, Bytes frame);

  void set_peers(const std::vector<FabricPeer>& peers);
  void tick();
  /// A connection that was dialled: `dialling_` says to whom.
  std::unique_ptr<net::Session> open(net::Connection& connection) override;
  exec::FabricPath add(FabricSession& session);
  void remove(const FabricSession& session);
  void handle(FabricSession& session, Bytes frame);

 private:
  struct Peer {
    std::vector<net::Target> at;
    std::size_t next = 0;  // Of its addresses.
    FabricSession* session = nullptr;
    Instant redial_at{};
    Duration pause = kRedialLeast;
  };

  void dial(const Process& process, Peer& peer);

  Fabric& fabric_;
  net::Reactor& reactor_;
  unsigned number_;
  std::map<Process, Peer> peers_;
  std::map<exec::FabricPath, FabricSession*> sessions_;
  std::uint64_t next_path_ = 1;
  Process dialling_{};
  FabricSession* handling_ = nullptr;  // Whose frame is being handled.
};

/// Opens accepted connections with the share of the reactor that got them.
class Fabric::Door : public net::Protocol {
 public:
  explicit Door(Fabric& fabric) : fabric_(fabric) {}
  std::unique_ptr<net::Session> open(net::Connection& connection) override {
    fabric_.wants_tick_.store(true, std::memory_order_relaxed);
    return std::make_unique<FabricSession>(*fabric_.share_of(&connection.reactor()), connection,
                                           Process{});
  }

 private:
  Fabric& fabric_;
};

Fabric::FabricSession::FabricSession(Share& share, net::Connection& connection, const Process& to)
    : share_(share),
      connection_(connection),
      path_(share.add(*this)),
      peer_(to),
      dialled_(to != Process{}),
      opened_(net::Reactor::now()) {
  share_.fabric().counts_.open.fetch_add(1, std::memory_order_relaxed);
  share_.fabric().counts_.opened.fetch_add(1, std::memory_order_relaxed);
  if (dialled_) say_hello();
}

Fabric::FabricSession::~FabricSession() {
  share_.fabric().counts_.open.fetch_sub(1, std::memory_order_relaxed);
  share_.fabric().counts_.closed.fetch_add(1, std::memory_order_relaxed);
  share_.remove(*this);
}

void Fabric::FabricSession::say_hello() {
  const Options& options = share_.fabric().options_;
  send(FabricHello{.from = options.self, .to = peer_, .cluster_name = options.cluster_name}
           .encode());
}

net::Session::Input Fabric::FabricSession::on_bytes(Bytes in) {
  Input input;
  while (in.size() - input.consumed >= kHeader) {
    const Bytes rest = in.subspan(input.consumed);
    const std::size_t size = load_be<std::uint32_t>(rest.data());
    if (size > (introduced_ ? kFrameMost : FabricHello::kSizeMost)) {
      share_.fabric().say_garbage(connection_.peer(), "what it sends is no frame");
      input.close = true;
      return input;
    }
    if (rest.size() - kHeader < size) {
      input.wanted = kHeader + size;
      return input;
    }
    if (!take_frame(rest.subspan(kHeader, size))) {
      input.close = true;
      return input;
    }
    input.consumed += kHeader + size;
  }
  return input;
}

bool Fabric::FabricSession::take_frame(Bytes frame) {
  share_.fabric().counts_.bytes_received.fetch_add(kHeader + frame.size(),
                                                   std::memory_order_relaxed);
  if (!introduced_) return introduce(frame);
  if (!frame.empty()) share_.handle(*this, frame);
  return true;
}

bool Fabric::FabricSession::introduce(Bytes frame) {
  Fabric& fabric = share_.fabric();
  const auto hello = FabricHello::parse(frame);
  if (!hello || hello->cluster_name != fabric.options_.cluster_name) {
    fabric.say_garbage(connection_.peer(), hello ? "it belongs to another cluster"
                                                 : "what it says first is no greeting");
    return false;
  }
  // Somebody else stands there now, or takes this process for an earlier one: the next view says
  // who is where.
  if (hello->to != fabric.options_.self || (dialled_ && hello->from != peer_)) return false;
  introduced_ = true;
  peer_ = hello->from;
  if (!dialled_) say_hello();
  return true;
}

bool Fabric::FabricSession::send(Bytes frame) {
  Counts& counts = share_.fabric().counts_;
  OutBuffer& out = connection_.out();
  if (out.size() + frame.size() > kUnsentMost || frame.size() > kFrameMost) {
    counts.dropped.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  store_be<std::uint32_t>(out.grow(kHeader), static_cast<std::uint32_t>(frame.size()));
  out.append(frame);
  counts.bytes_sent.fetch_add(kHeader + frame.size(), std::memory_order_relaxed);
  share_.reactor().send_soon(connection_);
  return true;
}

void Fabric::FabricSession::close() { share_.reactor().close_soon(connection_); }

void Fabric::Share::send(const Process& to, Bytes frame) {
  const auto it = peers_.find(to);
  if (it != peers_.end() && it->second.session != nullptr) {
    it->second.session->send(frame);
  } else {
    fabric_.counts_.dropped.fetch_add(1, std::memory_order_relaxed);
  }
}

/// Only by a connection that stands: what is written to one that never comes about counts as sent.
bool Fabric::Share::try_send(const Process& to, Bytes frame) {
  const auto it = peers_.find(to);
  return it != peers_.end() && it->second.session != nullptr && it->second.session->introduced() &&
         it->second.session->send(frame);
}

bool Fabric::Share::answer(exec::FabricPath path, Bytes frame) {
  const auto it = sessions_.find(path);
  return it != sessions_.end() && it->second->send(frame);
}

void Fabric::Share::send_best(const Process& to, Bytes frame) {
  if (handling_ != nullptr && handling_->peer() == to) {
    handling_->send(frame);
  } else {
    send(to, frame);
  }
}

void Fabric::Share::set_peers(const std::vector<FabricPeer>& peers) {
  std::map<Process, Peer> before = std::exchange(peers_, {});
  for (const FabricPeer& given : peers) {
    Peer& peer = peers_[given.process];
    if (auto known = before.extract(given.process)) peer = std::move(known.mapped());
    if (peer.at == given.at) continue;
    peer.at = given.at;
    peer.next = 0;
    peer.pause = kRedialLeast;
    peer.redial_at = {};
  }
  for (auto& [process, gone] : before)
    if (gone.session != nullptr) gone.session->close();
  for (auto& [process, peer] : peers_)
    if (peer.session == nullptr) dial(process, peer);
}

void Fabric::Share::dial(const Process& process, Peer& peer) {
  if (peer.at.empty()) return;
  peer.redial_at = net::Reactor::now() + peer.pause;
  peer.pause = std::min(kRedialMost, peer.pause * 2);
  fabric_.wants_tick_.store(true, std::memory_order_relaxed);
  const net::Target& target = peer.at[peer.next++ % peer.at.size()];
  const auto address = net::numeric_address(target);
  if (!address) return;
  auto fd = net::begin_connect(*address);
  if (!fd) return;
  net::set_keep_alive(fd->raw(), fabric_.options_.keep_alive);
  dialling_ = process;
  reactor_.attach(std::move(*fd), *this);
}

std::unique_ptr<net::Session> Fabric::Share::open(net::Connection& connection) {
  auto session = std::make_unique<FabricSession>(*this, connection, dialling_);
  peers_[dialling_].session = session.get();
  return session;
}

void Fabric::Share::tick() {
  const Instant now = net::Reactor::now();
  bool more = false;
  for (auto& [process, peer] : peers_) {
    if (peer.session != nullptr && peer.session->introduced()) continue;
    more = true;
    if (peer.session == nullptr && now >= peer.redial_at) dial(process, peer);
  }
  for (const auto& [path, session] : sessions_) {
    if (session->introduced()) continue;
    more = true;
    if (now - session->opened() > kHelloLimit) session->close();
  }
  if (more) fabric_.wants_tick_.store(true, std::memory_order_relaxed);
}

exec::FabricPath Fabric::Share::add(FabricSession& session) {
  const exec::FabricPath path(next_path_++);
  sessions_.emplace(path, &session);
  return path;
}

void Fabric::Share::remove(const FabricSession& session) {
  sessions_.erase(session.path());
  if (handling_ == &session) handling_ = nullptr;
  const auto it = peers_.find(session.peer());
  if (it != peers_.end() && it->second.session == &session) {
    it->second.session = nullptr;
    fabric_.wants_tick_.store(true, std::memory_order_relaxed);
  }
  if (session.dialled()) fabric_.handler_.peer_lost(number_, session.peer());
}

void Fabric::Share::handle(FabricSession& session, Bytes frame) {
  if (session.dialled()) {
    const auto it = peers_.find(session.peer());
    if (it != peers_.end()) it->second.pause = kRedialLeast;
  }
  handling_ = &session;
  fabric_.handler_.frame(number_, session.path(), session.peer(), frame);
  handling_ = nullptr;
}

Fabric::Fabric(Options options, std::vector<net::Reactor*> reactors, Handler& handler)
    : options_(std::move(options)), handler_(handler), door_(std::make_unique<Door>(*this)) {
  for (unsigned i = 0; i < reactors.size(); ++i)
    shares_.push_back(std::make_unique<Share>(*this, *reactors[i], i));
}

Fabric::~Fabric() = default;

/// Null: no reactor of this fabric.
Fabric::Share* Fabric::share_of(const net::Reactor* reactor) const {
  for (const auto& share : shares_)
    if (&share->reactor() == reactor) return share.get();
  return nullptr;
}

net::Protocol& Fabric::door() { return *door_; }
exec::FabricPort& Fabric::port(unsigned reactor) { return *shares_[reactor]; }

void Fabric::set_peers(std::vector<FabricPeer> peers) {
  std::erase_if(peers, [&](const FabricPeer& peer) { return peer.process == options_.self; });
  for (const auto& share : shares_)
    share->reactor().run_on_thread([share = share.get(), peers] { share->set_peers(peers); });
}

void Fabric::tick() {
  if (!wants_tick_.exchange(false)) return;
  for (const auto& share : shares_)
    share->reactor().run_on_thread([share = share.get()] { share->tick(); });
}

void Fabric::send(const Process& to, Bytes frame) {
  if (Share* const share = share_of(net::Reactor::current())) return share->send_best(to, frame);
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    if (queued_bytes_ + frame.size() > kQueuedMost) {
      counts_.dropped.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    first = queued_.empty();
    queued_bytes_ += frame.size();
    queued_.emplace_back(to, Buffer(frame.begin(), frame.end()));
  }
  if (first) shares_.front()->reactor().run_on_thread([this] { send_queued(); });
}

void Fabric::send_queued() {
  std::vector<std::pair<Process, Buffer>> queued;
  {
    const std::scoped_lock lock(mutex_);
    queued.swap(queued_);
    queued_bytes_ = 0;
  }
  for (const auto& [to, frame] : queued) shares_.front()->send(to, frame);
}

void Fabric::say_garbage(const std::string& peer, std::string_view what) {
  counts_.garbage.fetch_add(1, std::memory_order_relaxed);
  const std::string host = peer.substr(0, peer.rfind(':'));
  {
    const std::scoped_lock lock(mutex_);
    if (told_of_.size() >= kToldMost || std::ranges::find(told_of_, host) != told_of_.end()) return;
    told_of_.push_back(host);
  }
  log_warning("fabric", "{} is no node of this cluster: {}; its connections are closed", host,
              what);
}

}  // namespace flotilla::server
