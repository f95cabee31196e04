#include "server.h"

#include <time.h>

#include <algorithm>
#include <array>

#include "background.h"
#include "base/log.h"
#include "first_info.h"
#include "options.h"
#include "store/sweep.h"

namespace flotilla::server {
namespace {

constexpr std::uint32_t kSweepPeriodDefault = 120;  // Seconds for one walk over a namespace, when none is configured.

}  // namespace

WallTime wall_now() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  const std::uint64_t ms = static_cast<std::uint64_t>(t.tv_sec) * 1000 + static_cast<std::uint64_t>(t.tv_nsec) / 1'000'000;
  return {ms - kEpochUnixSeconds * 1000};
}

/// What belongs to one reactor.
struct Server::ReactorParts {
  ReactorParts(Server& server, unsigned number)
      : reactor(server.limits_),
        executor(server.node_, number),
        context{.executor = executor,
                .info = *server.info_,
                .counters = counters,
                .wall = wall_now,
                .run_in_background =
                    [this](std::unique_ptr<exec::Task> task) {
                      background.add(std::move(task));
                      reactor.wake_background();
                    },
                .storage_failed = server.storage_failed_} {
    reactor.set_background([this] { return run_background(); });
    reactor.set_look_ahead([this](std::span<const Bytes> received) { look_ahead(executor, received); });
  }

  bool run_background() { return background.run(net::Reactor::now()).more; }

  net::Reactor reactor;
  exec::NodeCounters counters;
  exec::Executor executor;
  Background background;
  ReactorContext context;
};

/// Opens each connection with the parts of the reactor that got it.
class Server::Dealer : public net::Protocol {
 public:
  Dealer(Server& server, bool admin) : server_(server), admin_(admin) {}
  std::unique_ptr<net::Session> open(net::Connection& connection) override {
    const auto mine = std::ranges::find_if(
        server_.reactors_, [&](const auto& parts) { return &parts->reactor == &connection.reactor(); });
    return std::make_unique<ClientSession>(connection, (*mine)->context, admin_);
  }

 private:
  Server& server_;
  bool admin_;
};

Server::Server(config::Config& config) : config_(config) { node_.now = net::Reactor::now; }

Server::~Server() { stop(); }

Result<void> Server::start() {
  store::RecordHeap::prefer_huge_pages();
  const unsigned asked = config_.service.service_threads();
  const unsigned count = asked != 0 ? asked : std::max(1U, std::thread::hardware_concurrency());
  info_ = std::make_unique<FirstInfo>(node_);
  make_reactors(count);
  if (auto ok = make_namespaces(count); !ok) return ok;
  apply(config_, node_, limits_);
  for (unsigned i = 0; i < count; ++i)
    reactors_[i]->reactor.start(config_.service.auto_pin() == config::AutoPin::Cpu ? static_cast<int>(i) : -1);
  if (auto ok = open_ports(); !ok) return ok;
  maintenance_ = std::thread([this] { maintain(); });
  log_info("as", "service ready: soon there will be cake!");
  return {};
}

Result<void> Server::make_namespaces(unsigned reactors) {
  const std::string folder = config_.service.data_folder();
  for (const auto& ns_config : config_.namespaces) {
    node_.namespaces.push_back(std::make_unique<exec::Namespace>(ns_config->name, node_.clock, reactors));
    if (ns_config->storage_files().empty()) continue;
    DurableNamespace::Hooks hooks{.durable = [this] { notify_reactors(); },
                                  .failed = [this] {
                                    storage_failed_.store(true);
                                    notify_reactors();
                                  }};
    auto durable = DurableNamespace::open(*ns_config, node_.namespaces.back()->records, folder, {}, std::move(hooks));
    if (!durable) return tl::unexpected(durable.error());
    durable_.push_back(std::move(*durable));
  }
  return {};
}

void Server::notify_reactors() {
  for (const auto& parts : reactors_) parts->reactor.notify();
}

void Server::make_reactors(unsigned count) {
  for (unsigned i = 0; i < count; ++i) reactors_.push_back(std::make_unique<ReactorParts>(*this, i));
}

Result<void> Server::open_ports() {
  std::vector<net::Reactor*> reactors;
  for (const auto& parts : reactors_) reactors.push_back(&parts->reactor);
  acceptor_ = std::make_unique<net::Acceptor>(reactors);
  std::vector<net::Acceptor::Door> doors;
  service_door_ = std::make_unique<Dealer>(*this, false);
  admin_door_ = std::make_unique<Dealer>(*this, true);
  const auto open = [&](const std::string& address, std::uint16_t port, bool admin) -> Result<void> {
    auto listener = net::listen_on(address, port);
    if (!listener) return tl::unexpected(listener.error());
    doors.push_back({.listener = std::move(*listener),
                     .protocol = admin ? admin_door_.get() : service_door_.get(),
                     .open_count = admin ? &admin_connections_ : &connections_,
                     .opened_total = admin ? &admin_connections_opened_ : &connections_opened_,
                     .most = [this, admin]() -> std::uint64_t {
                       return admin ? 100 : config_.service.proto_fd_max();
                     }});
    return {};
  };
  for (const auto& address : config_.network.service_address())
    if (auto ok = open(address, config_.network.service_port(), false); !ok) return ok;
  if (config_.network.admin_port() != 0)
    for (const auto& address : config_.network.admin_address())
      if (auto ok = open(address, config_.network.admin_port(), true); !ok) return ok;
  acceptor_->start(std::move(doors));
  return {};
}

void Server::stop() {
  if (acceptor_) acceptor_->stop();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  ending_.notify_all();
  if (maintenance_.joinable()) maintenance_.join();
  for (const auto& parts : reactors_) parts->reactor.stop();
  durable_.clear();
}

void Server::maintain() {
  std::unique_lock lock(mutex_);
  for (std::uint64_t second = 1; !stopping_; ++second) {
    lock.unlock();
    maintain_once(second);
    lock.lock();
    ending_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; });
  }
}

/// Everything that is due once a second: changed settings, a share of the walk for expired records.
void Server::maintain_once(std::uint64_t second) {
  if (const std::uint64_t changes = config_.changes(); changes != config_seen_) {
    config_seen_ = changes;
    apply(config_, node_, limits_);
  }
  for (const auto& parts : reactors_)
    if (!parts->background.empty()) parts->reactor.wake_background();
  for (const auto& ns : node_.namespaces) {
    const auto* const ns_config = config_.find_namespace(ns->name());
    const std::uint32_t configured = ns_config == nullptr ? 0 : ns_config->nsup_period();
    const std::uint64_t period = configured == 0 ? kSweepPeriodDefault : configured;
    const std::uint64_t share = (wire::kPartitions + period - 1) / period;
    for (std::uint64_t i = 0; i < share; ++i) {
      const auto id = static_cast<std::uint16_t>((second * share + i) % wire::kPartitions);
      store::sweep_partition(ns->records, wire::PartitionId(id), wall_now());
    }
  }
}

}  // namespace flotilla::server
