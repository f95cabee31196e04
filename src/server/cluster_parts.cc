// How a server takes part in a cluster: what it tells the others of itself, what it opens for them,
// and how it leaves.

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "base/log.h"
#include "base/parse.h"
#include "published.h"
#include "reactor_parts.h"
#include "server.h"
#include "term_file.h"

namespace flotilla::server {
namespace {

using cluster::Membership;

constexpr const char* kTermsFile = "/terms";
constexpr const char* kCopiesFile = "/copies";
constexpr const char* kClusterFile = "/cluster";
constexpr std::uint64_t kFabricConnectionsMost = 8192;
constexpr std::uint8_t kForwardedKinds = 128;  // And above; below: frames of partitions.

std::uint64_t random_u64() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

/// "host:port" or "[v6]:port", as the configuration has checked it.
cluster::Endpoint seed_of(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = parse_u64(text.substr(colon + 1)).value_or(0);
  return {std::string(host), static_cast<std::uint16_t>(port)};
}

Membership::Options options_of(const config::Config& config) {
  Membership::Options out;
  out.cluster_name = config.service.cluster_name();
  for (const std::string& seed : config.network.heartbeat_seeds())
    out.seeds.push_back(seed_of(seed));
  out.min_cluster_size = config.service.min_cluster_size();
  out.node_id_configured = config.service.node_id() != 0;
  out.random_seed = random_u64();
  out.interval = std::chrono::milliseconds(config.network.heartbeat_interval());
  out.timeout = config.network.heartbeat_timeout();
  out.drain_timeout = std::chrono::seconds(config.service.drain_timeout());
  return out;
}

net::KeepAlive keep_alive_of(const config::NetworkConfig& network) {
  return {.enabled = network.fabric_keepalive_enabled(),
          .idle_seconds = static_cast<int>(network.fabric_keepalive_time()),
          .interval_seconds = static_cast<int>(network.fabric_keepalive_intvl()),
          .probes = static_cast<int>(network.fabric_keepalive_probes())};
}

}  // namespace

cluster::NodeInfo Server::describe_self() const {
  const config::NetworkConfig& network = config_.network;
  cluster::NodeInfo out;
  out.process = process_;
  out.id = view_->node_id();
  out.heartbeat = published(network.heartbeat_address(), network.heartbeat_port());
  out.fabric = published(network.fabric_address(), network.fabric_port());
  out.service = published_service(network);
  out.alternate = published_alternate(network);
  for (const auto& ns : config_.namespaces)
    out.namespaces.push_back({.name = ns->name,
                              .replication_factor = ns->replication_factor(),
                              .rack = ns->rack_id(),
                              .durable = ns->keeps_data()});
  return out;
}

Result<void> Server::make_cluster(unsigned reactors) {
  if (config_.network.heartbeat_mode() != config::HeartbeatMode::Mesh) {
    log(LogLevel::Critical, "hb",
        "heartbeat mode multicast does not exist here: use mode mesh and mesh-seed-address-port");
    return fail(Code::Unsupported, "heartbeat mode multicast");
  }
  process_ = {.node = instance_, .boot = random_u64()};
  terms_ = std::make_unique<cluster::MemoryTermTable>();
  // Without a file of records no number outlives the process.
  if (slot_ && !durable_.empty()) {
    auto file = TermFile::open(slot_folder_ + kTermsFile);
    if (!file) return tl::unexpected(file.error());
    term_file_.store(file->get());
    terms_ = std::move(*file);
  }
  std::vector<net::Reactor*> all;
  for (const auto& parts : reactors_) all.push_back(&parts->reactor);
  copies_ = std::make_unique<Copies>(
      process_, *terms_, node_, config_,
      Copies::Outlets{
          .send = [this](const cluster::Process& to, Bytes frame) { fabric_->send(to, frame); },
          .ask = [this](const cluster::RowAsk& ask) { cluster_->ask(ask); },
          .acknowledged =
              [this] {
                if (net::Reactor* const reactor = net::Reactor::current())
                  reactor->notify();
                else
                  notify_reactors();
              },
          .nudge = [this] { notify_reactors(); },
          .wall = [this] { return cluster_wall(); },
          .prepare =
              [this](const std::vector<cluster::Term>& terms) {
                if (TermFile* const file = term_file_.load()) file->prepare(terms);
              },
          .sync_terms = [this] { sync_terms(); },
          .flush =
              [this] {
                for (const auto& durable : durable_) durable->request_flush();
              },
          .requests = [this] { return requests(); },
          .reactors = all});
  const auto place = [&](const char* file) {
    return slot_ ? Copies::Place{folder_.get(), slot_->slot() + file} : Copies::Place{};
  };
  std::set<std::string> whole;
  for (const auto& durable : durable_)
    if (durable->is_whole()) whole.insert(durable->records().name());
  if (auto ok = copies_->load(place(kCopiesFile), whole); !ok) return ok;
  fabric_ = std::make_unique<Fabric>(Fabric::Options{.self = process_,
                                                     .cluster_name = config_.service.cluster_name(),
                                                     .keep_alive = keep_alive_of(config_.network)},
                                     all, *this);
  for (unsigned i = 0; i < reactors; ++i)
    reactors_[i]->executor.forwarding().attach(&fabric_->port(i));
  auto thread = ClusterThread::open(
      {.membership = options_of(config_), .self = describe_self(), .place = place(kClusterFile)},
      *copies_, *fabric_,
      {.metadata_changed = [this](const std::string& module, const std::string& key,
                                  const Buffer* value) { take_metadata(module, key, value); },
       .renamed = [this](wire::NodeId id) { view_->set_node_id(id); },
       .answers_until = [this](Instant until) { node_.answers_until.store(until); },
       .joined = [this] { say_ready(); },
       .wall = wall_now});
  if (!thread) return tl::unexpected(thread.error());
  cluster_ = std::move(*thread);
  view_->attach(copies_.get(), cluster_.get(), fabric_.get());
  return {};
}

void Server::sync_terms() {
  if (TermFile* const file = term_file_.load()) file->sync();
}

Result<void> Server::open_cluster_ports(std::vector<net::Acceptor::Door>& doors) {
  const config::NetworkConfig& network = config_.network;
  for (const auto& address : network.fabric_address()) {
    if (network.fabric_port() == 0) break;
    auto listener = net::listen_on(address, network.fabric_port());
    if (!listener) return tl::unexpected(listener.error());
    doors.push_back({.listener = std::move(*listener),
                     .protocol = &fabric_->door(),
                     .open_count = &fabric_->accepted(),
                     .opened_total = &fabric_->accepted_total(),
                     .most = [] { return kFabricConnectionsMost; }});
  }
  std::vector<net::Listener> listeners;
  for (const auto& address : network.heartbeat_address()) {
    if (network.heartbeat_port() == 0) break;
    auto listener = net::listen_on(address, network.heartbeat_port());
    if (!listener) return tl::unexpected(listener.error());
    listeners.push_back(std::move(*listener));
  }
  copies_->start();
  cluster_->start(std::move(listeners));
  // A node that looks for nobody is in its view of one at once; others answer 11 until they are in.
  if (network.heartbeat_seeds().empty()) cluster_->wait_joined(std::chrono::seconds(2));
  return {};
}

void Server::say_ready() {
  if (said_ready_.exchange(true)) return;
  log_info("as", "service ready: soon there will be cake!");
}

/// An item that all nodes agree on: cut-offs of truncations, by namespace and set, and how far
/// eviction goes, by namespace.
void Server::take_metadata(const std::string& module, const std::string& key, const Buffer* value) {
  if (module == "evict") {
    exec::Namespace* const ns = node_.find(key);
    if (ns != nullptr && (value == nullptr || value->size() == sizeof(std::uint32_t)))
      ns->records.evict_until(value == nullptr ? 0 : load_be<std::uint32_t>(value->data()));
    return;
  }
  if (module != "truncate") return;
  const auto parts = split(key, '\0');
  exec::Namespace* const ns = parts.size() == 2 ? node_.find(parts[0]) : nullptr;
  if (ns == nullptr) return;
  if (value == nullptr) {
    if (const auto set = ns->records.sets().find(parts[1])) ns->records.undo_truncate(*set);
  } else if (value->size() == sizeof(std::uint64_t)) {
    const store::HlcTime cut_off(load_be<std::uint64_t>(value->data()), 0);
    if (const auto set = ns->records.sets().find_or_add(parts[1]))
      ns->records.truncate_before(*set, cut_off);
    node_.clock.saw(cut_off);
  }
  sweeper_->hurry();
}

WallTime Server::cluster_wall() const {
  const WallTime wall = wall_now();
  if (cluster_ == nullptr) return wall;
  return {wall.ms + static_cast<std::uint64_t>(cluster_->clock_offset_ms())};
}

void Server::frame(unsigned reactor, exec::FabricPath path, const cluster::Process& from,
                   Bytes frame) {
  if (static_cast<std::uint8_t>(frame[0]) < kForwardedKinds) return copies_->receive(from, frame);
  ReactorParts& parts = *reactors_[reactor];
  if (parts.executor.forwarding().receive(path, frame, {cluster_wall(), parts.executor.now()}))
    parts.reactor.notify();
}

void Server::peer_lost(unsigned reactor, const cluster::Process& process) {
  ReactorParts& parts = *reactors_[reactor];
  if (parts.executor.forwarding().peer_lost(process)) parts.reactor.notify();
}

std::uint64_t Server::requests() const {
  std::uint64_t out = 0;
  for (const auto& ns : node_.namespaces)
    for (std::size_t i = 0; i < static_cast<std::size_t>(exec::NamespaceCounter::kCount); ++i)
      out += ns->total(static_cast<exec::NamespaceCounter>(i));
  return out;
}

/// False: not in time, or hurried.
bool Server::wait_until(const std::function<bool()>& done, Duration limit) const {
  const Instant until = net::Reactor::now() + limit;
  while (!done()) {
    if (hurried_.load() || net::Reactor::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

void Server::leave() {
  if (cluster_ == nullptr) return;
  view_->set_stopping();
  if (cluster_->state()->members.size() < 2) return;
  constexpr Duration kQuiet = std::chrono::milliseconds(1100);
  const Instant began = net::Reactor::now();
  const Duration drain = std::chrono::seconds(config_.service.drain_timeout());
  const Duration linger = std::chrono::milliseconds(config_.service.stop_linger());
  const auto took = [&] { return (net::Reactor::now() - began).count() / 1'000'000; };
  copies_->set_leaving();
  cluster_->post(Membership::Leave{});
  if (!wait_until([this] { return cluster_->wait_drained({}); }, drain))
    log_warning("as", "after {} ms this node still serves {} partition(s) that no other node took",
                took(), copies_->primaries());
  log_info("as", "partitions handed over after {} ms; waiting for clients to follow", took());
  // Clients look at the maps once a second: they come here until they have.
  const Instant handed_over = net::Reactor::now();
  std::uint64_t seen = requests();
  Instant quiet_since = handed_over;
  const auto all_gone = [&] {
    const Instant now = net::Reactor::now();
    if (const std::uint64_t all = requests(); all != seen) {
      seen = all;
      quiet_since = now;
    }
    return now - quiet_since >= kQuiet && now - handed_over >= linger;
  };
  wait_until(all_gone, std::max(linger, drain - (handed_over - began)));
  acceptor_->stop();
  cluster_->post(Membership::Part{});
  const bool left = wait_until([this] { return cluster_->wait_left({}); }, std::chrono::seconds(2));
  log_info("as", "{} the cluster after {} ms", left ? "left" : "went without a word to", took());
}

}  // namespace flotilla::server
