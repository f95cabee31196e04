#include "cluster.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "client/info.h"
#include "network.h"
#include "process.h"
#include "status.h"

namespace flotilla::tools::dev {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kReadyLimit{20'000};
constexpr milliseconds kKillLimit{10'000};
constexpr milliseconds kPoll{10};
constexpr std::size_t kLinesShown = 15;

bool is_free(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_free = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return is_free;
}

milliseconds left_until(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
  return std::max(left, milliseconds(0));
}

}  // namespace

Outcome<Cluster> Cluster::load(const std::filesystem::path& root) {
  const auto text = read_text(root / "cluster.json");
  if (!text)
    return tl::unexpected(fmt::format("there is no cluster in '{}'; 'flotilla dev up 3' makes one",
                                      root.parent_path().string()));
  auto plan = parse_plan(*text);
  if (!plan)
    return tl::unexpected(
        fmt::format("'{}' cannot be read: {}", (root / "cluster.json").string(), plan.error()));
  return Cluster(root, *std::move(plan));
}

Outcome<void> Cluster::save() const {
  std::error_code error;
  std::filesystem::create_directories(root_, error);
  if (error) return tl::unexpected(fmt::format("cannot make the folder '{}'", root_.string()));
  return write_text(root_ / "cluster.json", to_text(plan_));
}

std::vector<Number> Cluster::all() const {
  std::vector<Number> nodes;
  for (Number node = 1; node <= plan_.nodes; ++node) nodes.push_back(node);
  return nodes;
}

bool Cluster::runs(Number node) const { return Process::find(files(node)).has_value(); }

Outcome<void> Cluster::start(const std::vector<Number>& nodes, bool empty) const {
  std::vector<Number> started;
  for (const Number node : nodes) {
    if (runs(node)) continue;
    if (auto launched = launch(node, empty); !launched) return launched;
    started.push_back(node);
  }
  for (const Number node : started)
    if (auto ready = wait_until_ready(node); !ready) return ready;
  return {};
}

Outcome<void> Cluster::launch(Number node, bool empty) const {
  if (auto checked = check_ports(node); !checked) return checked;
  const NodeFiles place = files(node);
  std::error_code error;
  if (empty) std::filesystem::remove_all(place.work(), error);
  std::filesystem::create_directories(place.work(), error);
  if (error) return tl::unexpected(fmt::format("cannot make '{}'", place.work().string()));
  if (auto written = write_text(place.config(), config_of(plan_, node, place)); !written)
    return written;
  const auto pid = spawn({plan_.binary, "--config-file", place.config().string(), "--foreground"},
                         place.log(), network_of(plan_, node));
  if (!pid) return tl::unexpected(pid.error());
  return write_text(place.pid(), fmt::format("{}\n", *pid));
}

Outcome<void> Cluster::check_ports(Number node) const {
  if (plan_.isolated) return {};  // The node has all ports of its own network.
  const Ports ports = ports_of(plan_, node);
  for (const std::uint16_t port : {ports.service, ports.fabric, ports.heartbeat, ports.http}) {
    if (!is_free(port))
      return tl::unexpected(
          fmt::format("port {}, which node {} needs, is taken by another program; --base-port "
                      "chooses other ports, before the cluster is made",
                      port, node));
  }
  return {};
}

Outcome<void> Cluster::wait_until_ready(Number node) const {
  constexpr std::string_view kStatus[] = {"status"};
  const client::Address address{
      .host = address_of(plan_, node), .port = ports_of(plan_, node).service, .tls_name = {}};
  const auto end = Clock::now() + kReadyLimit;
  while (Clock::now() < end) {
    const auto answers = client::ask(address, kStatus, milliseconds(500));
    if (answers && !answers->empty() && answers->front().value == "ok") return {};
    std::this_thread::sleep_for(kPoll);
    if (!runs(node))
      return tl::unexpected(fmt::format("node {} ended at its start. The end of {}:\n{}", node,
                                        files(node).log().string(),
                                        tail_of(files(node).log(), kLinesShown)));
  }
  return tl::unexpected(fmt::format("node {} is not ready after {} s. The end of {}:\n{}", node,
                                    kReadyLimit / std::chrono::seconds(1),
                                    files(node).log().string(),
                                    tail_of(files(node).log(), kLinesShown)));
}

Outcome<void> Cluster::wait_until_formed(Seconds limit) const {
  const auto end = Clock::now() + limit;
  while (true) {
    if (is_one_cluster(look_at(*this))) return {};
    if (Clock::now() >= end) break;
    std::this_thread::sleep_for(5 * kPoll);
  }
  return tl::unexpected(fmt::format("the nodes are not one cluster after {:.0f} s", limit.count()));
}

Outcome<void> Cluster::stop(const std::vector<Number>& nodes, Seconds limit) const {
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(limit);
  std::vector<std::pair<Number, Process>> stopping;
  for (const Number node : nodes) {
    auto process = Process::find(files(node));
    if (!process) continue;
    // A paused one would not hear it.
    process->send(SIGTERM);
    process->send(SIGCONT);
    stopping.emplace_back(node, *std::move(process));
  }
  for (const auto& [node, process] : stopping)
    if (!process.wait_for_end(left_until(end)))
      return tl::unexpected(fmt::format("node {} has not ended after {:.0f} s; 'kill {}' ends it",
                                        node, limit.count(), node));
  return {};
}

Outcome<void> Cluster::kill(const std::vector<Number>& nodes) const {
  for (const Number node : nodes) {
    const auto process = Process::find(files(node));
    if (!process) continue;
    process->send(SIGKILL);
    if (!process->wait_for_end(kKillLimit))
      return tl::unexpected(fmt::format("node {} does not end", node));
  }
  return {};
}

Outcome<void> Cluster::signal_all(const std::vector<Number>& nodes, int signal) const {
  for (const Number node : nodes) {
    const auto process = Process::find(files(node));
    if (!process || !process->send(signal))
      return tl::unexpected(fmt::format("node {} does not run", node));
  }
  return {};
}

Outcome<void> Cluster::pause(const std::vector<Number>& nodes) const {
  return signal_all(nodes, SIGSTOP);
}

Outcome<void> Cluster::resume(const std::vector<Number>& nodes) const {
  return signal_all(nodes, SIGCONT);
}

}  // namespace flotilla::tools::dev
