#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <span>

#include "base/parse.h"
#include "cluster.h"
#include "command_line.h"
#include "network.h"
#include "process.h"
#include "status.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

using dev::Cluster;
using dev::Outcome;
using dev::Plan;
namespace fs = std::filesystem;

constexpr int kFailed = 1;
constexpr int kUsageError = 2;

struct Arguments {
  std::string action;
  std::vector<std::string> words;
  std::string folder = ".flotilla";
  std::optional<std::uint16_t> base_port;
  std::optional<int> replication_factor;
  std::optional<std::string> data_size;
  std::string binary;
  double timeout_seconds = 60;
  bool stored = false;
  bool isolated = false;
  bool empty = false;
  bool no_wait = false;
  bool json = false;
};

constexpr std::string_view kActionsHelp =
    R"(Actions. Nodes are numbers from 1 on: 2, 1,3, 2-4.
  up N       Start N nodes, or as many more as are missing
  stop I...  By SIGTERM, and wait for the end; down: all of them
  kill I...  By SIGKILL
  start I... Again, with the files it had
  pause I... By SIGSTOP; resume I...: by SIGCONT
  split I... Cut the network between these and the others; heal: mend it
  status     What each node is doing

Node I serves clients on port 3000 + 100 (I - 1), with namespace test. What 'up' was told when
the cluster was made holds until 'down --empty', which forgets the cluster.
)";

void add_options(CommandLine& line, Arguments& a) {
  line.app().add_option("action", a.action)->group("");
  line.app().add_option("words", a.words)->group("");
  line.option("--base-port", a.base_port, "PORT",
              "up: of node 1 (3000); fabric is one above, heartbeat two, http four");
  line.option("--replication-factor", a.replication_factor, "N", "up: copies of each record (2)");
  line.option("--data-size", a.data_size, "SIZE", "up: for the records of each node (1G)");
  line.flag("--stored", a.stored, "up: with a file behind the memory: nodes keep their data");
  line.flag("--isolated", a.isolated,
            "up: each node in a network namespace, which split needs; as root");
  line.option("--binary", a.binary, "PATH", "up: the server; else that beside this program");
  line.flag("--empty", a.empty, "up, start: without the files they had; down: remove them");
  line.flag("--no-wait", a.no_wait, "up, start: return before one cluster is formed");
  line.option("--timeout", a.timeout_seconds, "SECONDS", "stop, down: wait so long (60)");
  line.flag("-j,--json", a.json, "up, status: as JSON");
  line.option("--folder", a.folder, "PATH", "Where the cluster's files are (.flotilla)");
}

/// Nothing: help or version was asked for.
Outcome<std::optional<Arguments>> parse(const Invocation& invocation) {
  Arguments a;
  CommandLine line(invocation, {.arguments = "ACTION [nodes] [options]",
                                .about = "Runs a cluster of flotillad processes on this machine; "
                                         "its files are in the current folder.",
                                .notes = std::string(kActionsHelp),
                                .examples = {"up 3", "kill 2", "start 2", "down"}});
  add_options(line, a);
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  if (!(a.timeout_seconds > 0 && a.timeout_seconds < 1e6))
    return tl::unexpected<std::string>("--timeout wants a number of seconds above zero");
  a.folder = fs::absolute(a.folder).lexically_normal().string();
  return a;
}

/// The flotillad that was named, or the one beside this program.
Outcome<std::string> server_binary(const std::string& named) {
  std::error_code error;
  const fs::path own = fs::read_symlink("/proc/self/exe", error);
  const fs::path wanted = named.empty() ? own.parent_path() / "flotillad" : fs::path(named);
  const fs::path path = fs::canonical(wanted, error);
  if (error || ::access(path.c_str(), X_OK) != 0)
    return tl::unexpected(
        fmt::format("there is no server '{}'; --binary says where it is", wanted.string()));
  if (path.filename() != "flotillad")
    return tl::unexpected<std::string>("the server's program must be called flotillad");
  return path.string();
}

void show(const Cluster& cluster, bool json) {
  const auto sheet =
      dev::sheet_of(dev::look_at(cluster), fmt::format("Cluster in {}", cluster.root().string()));
  if (json) {
    std::cout << admin::json_text(sheet);
  } else {
    std::cout << admin::print(
        sheet, {.colours = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr});
  }
}

/// The plan for `nodes`: what the folder says already, and what is asked for now.
Outcome<Plan> plan_for(const Arguments& a, int nodes) {
  Plan plan;
  const auto known = Cluster::load(a.folder);
  const bool exists = fs::exists(fs::path(a.folder) / "cluster.json");
  if (exists && !known) return tl::unexpected(known.error());
  if (exists) plan = known->plan();
  const Plan before = plan;
  plan.base_port = a.base_port.value_or(plan.base_port);
  plan.replication_factor = a.replication_factor.value_or(plan.replication_factor);
  plan.data_size = a.data_size.value_or(plan.data_size);
  plan.stored = plan.stored || a.stored;
  plan.isolated = plan.isolated || a.isolated;
  if (exists && plan != before)
    return tl::unexpected<std::string>(
        "the cluster in this folder was made with other options; 'down --empty' forgets it");
  plan.nodes = std::max(plan.nodes, nodes);
  auto binary = server_binary(a.binary);
  if (!binary) return tl::unexpected(binary.error());
  plan.binary = *std::move(binary);
  if (auto checked = check(plan); !checked) return tl::unexpected(checked.error());
  return plan;
}

Outcome<void> up(const Arguments& a) {
  const auto nodes = a.words.size() == 1 ? parse_u64(a.words[0]) : std::nullopt;
  if (!nodes || *nodes > dev::kNodesMax)
    return tl::unexpected(fmt::format("how many nodes? 'up' wants 1 to {}", dev::kNodesMax));
  auto plan = plan_for(a, static_cast<int>(*nodes));
  if (!plan) return tl::unexpected(plan.error());
  const Cluster cluster(a.folder, *std::move(plan));
  if (auto saved = cluster.save(); !saved) return saved;
  if (auto made = make_network(cluster.plan()); !made) return made;
  std::vector<dev::Number> wanted = cluster.all();
  wanted.resize(*nodes);
  if (auto started = cluster.start(wanted, a.empty); !started) return started;
  const auto formed = a.no_wait ? Outcome<void>() : cluster.wait_until_formed(Cluster::Seconds(10));
  if (!a.no_wait) show(cluster, a.json);
  return formed;
}

Outcome<void> down(const Cluster& cluster, const Arguments& a) {
  const auto stopped = cluster.stop(cluster.all(), Cluster::Seconds(a.timeout_seconds));
  if (!stopped) {
    std::cerr << stopped.error() << ", which is done now\n";
    if (auto killed = cluster.kill(cluster.all()); !killed) return killed;
  }
  remove_network(cluster.plan());
  if (!a.empty) return {};
  std::error_code error;
  fs::remove_all(cluster.root(), error);
  if (error) return tl::unexpected(fmt::format("cannot remove '{}'", cluster.root().string()));
  return {};
}

Outcome<void> status(const Cluster& cluster, const Arguments& a) {
  show(cluster, a.json);
  return {};
}

Outcome<void> heal(const Cluster& cluster, const Arguments& /*a*/) { return heal(cluster.plan()); }

using Nodes = std::vector<dev::Number>;

Outcome<void> start(const Cluster& cluster, const Nodes& nodes, const Arguments& a) {
  if (auto started = cluster.start(nodes, a.empty); !started) return started;
  return a.no_wait ? Outcome<void>() : cluster.wait_until_formed(Cluster::Seconds(10));
}
Outcome<void> stop(const Cluster& cluster, const Nodes& nodes, const Arguments& a) {
  return cluster.stop(nodes, Cluster::Seconds(a.timeout_seconds));
}
Outcome<void> kill(const Cluster& cluster, const Nodes& nodes, const Arguments& /*a*/) {
  return cluster.kill(nodes);
}
Outcome<void> pause(const Cluster& cluster, const Nodes& nodes, const Arguments& /*a*/) {
  return cluster.pause(nodes);
}
Outcome<void> resume(const Cluster& cluster, const Nodes& nodes, const Arguments& /*a*/) {
  return cluster.resume(nodes);
}
Outcome<void> split(const Cluster& cluster, const Nodes& nodes, const Arguments& /*a*/) {
  return cut(cluster.plan(), nodes);
}

/// What is done to the cluster as a whole, and what to some of its nodes.
struct Action {
  std::string_view name;
  Outcome<void> (*on_cluster)(const Cluster&, const Arguments&);
  Outcome<void> (*on_nodes)(const Cluster&, const Nodes&, const Arguments&);
};
constexpr Action kActions[] = {
    {"down", &down, nullptr},   {"heal", &heal, nullptr},     {"kill", nullptr, &kill},
    {"pause", nullptr, &pause}, {"resume", nullptr, &resume}, {"split", nullptr, &split},
    {"start", nullptr, &start}, {"status", &status, nullptr}, {"stop", nullptr, &stop},
};

Outcome<void> carry_out(const Action& action, const Arguments& a) {
  const auto cluster = Cluster::load(a.folder);
  if (!cluster) return tl::unexpected(cluster.error());
  if (action.on_cluster != nullptr) return action.on_cluster(*cluster, a);
  const auto nodes = dev::parse_numbers(a.words, cluster->plan());
  if (!nodes) return tl::unexpected(nodes.error());
  return action.on_nodes(*cluster, *nodes, a);
}

int report(const Invocation& invocation, const Outcome<void>& outcome) {
  if (outcome) return 0;
  std::cerr << invocation.program << ": " << outcome.error() << '\n';
  return kFailed;
}

int refuse(const Invocation& invocation, std::string_view why) {
  std::cerr << invocation.program << ": " << why << "; --help tells more\n";
  return kUsageError;
}

}  // namespace

int run_dev(const Invocation& invocation) {
  const auto parsed = parse(invocation);
  if (!parsed) return refuse(invocation, parsed.error());
  if (!*parsed) return 0;
  const Arguments& arguments = **parsed;
  if (arguments.action == "up") return report(invocation, up(arguments));
  const auto* const action = std::ranges::find(kActions, arguments.action, &Action::name);
  if (action != std::end(kActions)) return report(invocation, carry_out(*action, arguments));
  return refuse(invocation, arguments.action.empty()
                                ? std::string("what is to be done?")
                                : fmt::format("there is no action '{}'", arguments.action));
}

}  // namespace flotilla::tools
