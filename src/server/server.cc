#include "server.h"

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/log.h"
#include "base/parse.h"
#include "options.h"
#include "reactor_parts.h"
#include "store/metadata.h"
#include "store/slab_heap.h"

namespace flotilla::server {
namespace {

constexpr const char* kMetadataFile = "/metadata";
constexpr std::string_view kTruncate = "truncate";

/// A node id has the shape that clients know: BB9 and twelve more digits.
store::Identity fresh_identity() {
  std::random_device device;
  store::Identity out;
  for (auto& byte : out.uuid) byte = static_cast<std::byte>(device() & 0xFF);
  out.node = wire::NodeId(0xBB9ULL << 48 |
                          (load_be<std::uint64_t>(out.uuid.data()) & 0xFFFF'FFFF'FFFFULL));
  return out;
}

}  // namespace

/// Opens each connection with the parts of the reactor that got it.
class Server::Dealer : public net::Protocol {
 public:
  Dealer(Server& server, bool admin) : server_(server), admin_(admin) {}
  std::unique_ptr<net::Session> open(net::Connection& connection) override {
    const auto mine = std::ranges::find_if(server_.reactors_, [&](const auto& parts) {
      return &parts->reactor == &connection.reactor();
    });
    return std::make_unique<ClientSession>(connection, (*mine)->context, admin_);
  }

 private:
  Server& server_;
  bool admin_;
};

Server::Server(config::Config& config) : config_(config) { node_.now = net::Reactor::now; }

Server::~Server() { stop(); }

Result<void> Server::start() {
  if (!store::SlabHeap::has_room())
    return fail(Code::Unavailable, "memory: 512 GiB of addresses are refused (ulimit -v?)");
  store::SlabHeap::prefer_huge_pages();
  const unsigned count = std::max(1U, config_.service.service_threads());
  if (auto ok = take_identity(); !ok) return ok;
  if (auto ok = open_http(); !ok) return ok;
  make_view(count);
  for (unsigned i = 0; i < count; ++i)
    reactors_.push_back(std::make_unique<ReactorParts>(*this, i));
  if (auto ok = make_namespaces(count); !ok) return ok;
  if (auto ok = load_truncations(); !ok) return ok;
  if (auto ok = make_cluster(count); !ok) return ok;
  apply(config_, node_, limits_);
  const bool pin = config_.service.auto_pin() == config::AutoPin::Cpu;
  for (unsigned i = 0; i < count; ++i) reactors_[i]->reactor.start(pin ? static_cast<int>(i) : -1);
  view_->set_serving(true);
  log_info("as", "node {:X}, {} reactor(s), port {}", view_->node_id().raw(), count,
           config_.network.service_port());
  if (auto ok = open_ports(); !ok) return ok;
  maintenance_ = std::thread([this] { maintain(); });
  sweeper_->start();
  return {};
}

Result<void> Server::take_identity() {
  const store::Identity fresh = fresh_identity();
  const std::string data_folder = config_.service.data_folder();
  const bool keeps_data =
      std::ranges::any_of(config_.namespaces, [](const auto& ns) { return ns->keeps_data(); });
  std::error_code error;
  std::filesystem::create_directories(data_folder, error);
  folder_ = std::make_unique<PosixFolder>(data_folder);
  auto slot = store::DataFolder::take(*folder_, fresh);
  if (!slot && keeps_data) {
    log(LogLevel::Critical, "storage", "data-folder {}: {}", data_folder, slot.error().why);
    return tl::unexpected(slot.error());
  }
  if (slot) {
    slot_.emplace(std::move(*slot));
    slot_folder_ = data_folder + "/" + slot_->slot();
  } else {
    log_info("storage", "no data folder at {}: the node gets a new identity at each start",
             data_folder);
  }
  const store::Identity& identity = slot_ ? slot_->identity() : fresh;
  instance_ = identity.uuid;
  const std::uint64_t configured = config_.service.node_id();
  id_ = configured != 0 ? wire::NodeId(configured) : identity.node;
  return {};
}

Result<void> Server::load_truncations() {
  if (!slot_) return {};
  const auto metadata = store::load_metadata(*folder_, slot_->slot() + kMetadataFile);
  if (!metadata) return tl::unexpected(metadata.error());
  for (const auto& [key, value] : *metadata) {
    const auto parts = split(key, '\0');
    const auto cut_off = parse_u64(value);
    if (parts.size() != 3 || parts[0] != kTruncate || !cut_off) continue;
    exec::Namespace* const ns = node_.find(parts[1]);
    if (ns == nullptr) continue;
    if (const auto set = ns->records.sets().find_or_add(parts[2]))
      ns->records.truncate_before(*set, store::HlcTime(*cut_off));
    node_.clock.saw(store::HlcTime(*cut_off));
  }
  return {};
}

void Server::make_view(unsigned reactors) {
  view_ =
      std::make_unique<ServerView>(ServerView::Sources{.config = config_,
                                                       .node = node_,
                                                       .id = id_,
                                                       .durable = durable_,
                                                       .counters = [this] { return counters(); },
                                                       .batches = [this] { return batches(); },
                                                       .connections = connections_,
                                                       .admin_connections = admin_connections_,
                                                       .reactors = reactors,
                                                       .wall = wall_now});
  info_ = std::make_unique<InfoPort>(*view_);
  sweeper_ = std::make_unique<Sweeper>(node_, config_, *view_);
  view_->apply_log_levels();
}

Result<void> Server::make_namespaces(unsigned reactors) {
  for (const auto& ns_config : config_.namespaces) {
    node_.namespaces.push_back(
        std::make_unique<exec::Namespace>(ns_config->name, node_.clock, reactors));
    if (!ns_config->keeps_data()) continue;
    DurableNamespace::Hooks hooks{.durable = [this] { notify_reactors(); },
                                  .failed =
                                      [this] {
                                        storage_failed_.store(true);
                                        notify_reactors();
                                      },
                                  .before_write = [this] { sync_terms(); },
                                  .reads_back =
                                      [this](std::string_view progress) {
                                        const std::scoped_lock lock(progress_mutex_);
                                        progress_ = progress;
                                      }};
    auto durable = DurableNamespace::open(*ns_config, node_.namespaces.back()->records,
                                          slot_folder_, instance_, std::move(hooks));
    if (!durable) return tl::unexpected(durable.error());
    durable_.push_back(std::move(*durable));
  }
  return {};
}

void Server::notify_reactors() {
  for (const auto& parts : reactors_) parts->reactor.notify();
}

/// Jobs that nobody waits for may be waiting for their time.
void Server::wake_background() {
  for (const auto& parts : reactors_) parts->reactor.wake_background();
}

info::Counts<exec::NodeCounter> Server::counters() const {
  using C = exec::NodeCounter;
  info::Counts<C> sum{};
  const auto at = [&](C counter) -> std::uint64_t& {
    return sum[static_cast<std::size_t>(counter)];
  };
  for (const auto& parts : reactors_) {
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += parts->executor.share().counters.get(static_cast<C>(i));
    at(C::reaped_fds) += parts->reactor.counts().reaped.load();
  }
  at(C::client_connections_opened) = connections_opened_.load();
  at(C::client_connections_closed) = connections_opened_.load() - connections_.load();
  at(C::admin_connections_opened) = admin_connections_opened_.load();
  at(C::admin_connections_closed) = admin_connections_opened_.load() - admin_connections_.load();
  return sum;
}

Histogram::Snapshot Server::batches() const {
  Histogram::Snapshot sum;
  for (const auto& parts : reactors_) sum += parts->executor.share().batches.snapshot();
  return sum;
}

Result<void> Server::open_door(const std::string& address, std::uint16_t port, bool admin,
                               std::vector<net::Acceptor::Door>& doors) {
  auto listener = net::listen_on(address, port);
  if (!listener) return tl::unexpected(listener.error());
  constexpr std::uint64_t kAdminConnectionsMost = 100;
  doors.push_back({.listener = std::move(*listener),
                   .protocol = admin ? admin_door_.get() : service_door_.get(),
                   .open_count = admin ? &admin_connections_ : &connections_,
                   .opened_total = admin ? &admin_connections_opened_ : &connections_opened_,
                   .most = [this, admin]() -> std::uint64_t {
                     return admin ? kAdminConnectionsMost : config_.service.proto_fd_max();
                   }});
  return {};
}

/// Before records are read back: that may take a while, and probes are not to take it for a hang.
Result<void> Server::open_http() {
  const config::NetworkConfig& network = config_.network;
  if (network.http_port() == 0 || network.http_address().empty()) return {};
  const auto answer = [this](std::string_view path) {
    if (viewable_.load()) return info::http_answer(*view_, path);
    const std::scoped_lock lock(progress_mutex_);
    return info::http_answer_at_start(progress_, path);
  };
  return http_.start(answer, network.http_address().front(), network.http_port());
}

Result<void> Server::open_ports() {
  const config::NetworkConfig& network = config_.network;
  std::vector<net::Reactor*> reactors;
  for (const auto& parts : reactors_) reactors.push_back(&parts->reactor);
  acceptor_ = std::make_unique<net::Acceptor>(reactors);
  service_door_ = std::make_unique<Dealer>(*this, false);
  admin_door_ = std::make_unique<Dealer>(*this, true);
  std::vector<net::Acceptor::Door> doors;
  for (const auto& address : network.service_address())
    if (auto ok = open_door(address, network.service_port(), false, doors); !ok) return ok;
  if (network.admin_port() != 0)
    for (const auto& address : network.admin_address())
      if (auto ok = open_door(address, network.admin_port(), true, doors); !ok) return ok;
  viewable_.store(true);
  if (auto ok = open_cluster_ports(doors); !ok) return ok;
  acceptor_->start(std::move(doors));
  return {};
}

void Server::stop() {
  if (view_) view_->set_serving(false);
  if (acceptor_) acceptor_->stop();
  http_.stop();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  ending_.notify_all();
  if (maintenance_.joinable()) maintenance_.join();
  if (sweeper_) sweeper_->stop();
  for (const auto& parts : reactors_) parts->reactor.stop();
  if (cluster_) cluster_->stop();
  if (copies_) copies_->stop();
  durable_.clear();
}

}  // namespace flotilla::server
