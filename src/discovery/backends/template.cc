// Renders a file from the members by a Mustache template, as the HAProxy plug-in of old did for its
// one program. The file itself is the state: it is written when what it holds is not what it ought
// to hold.

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <kainjow/mustache.hpp>
#include <map>
#include <optional>
#include <thread>

#include "backends/backends.h"

extern char** environ;

namespace flotilla::discovery {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::list;

constexpr std::size_t kTemplateMost = 1U << 20;
constexpr std::chrono::seconds kReloadMost{30};
// An empty list is believed only after a while: it is what an engine says that has just come up.
constexpr std::chrono::seconds kEmptyStands{10};

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (in.bad()) return std::nullopt;
  return text;
}

/// All or nothing: readers see the old file or the new one. Where a file cannot be replaced, as one
/// that is mounted alone, it is written over.
Expected<void> write_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  {
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush())
      return problem(fmt::format("cannot write {}: {}", fresh, std::strerror(errno)));
  }
  if (::rename(fresh.c_str(), path.c_str()) == 0) return {};
  ::unlink(fresh.c_str());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) return problem(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  return {};
}

/// By /bin/sh when there is one; else the words are the program and its arguments, for images that
/// hold no shell.
std::vector<std::string> command_line(const std::string& command) {
  if (::access("/bin/sh", X_OK) == 0) return {"/bin/sh", "-c", command};
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = command.find_first_not_of(' ', at)) != std::string::npos) {
    const std::size_t end = std::min(command.find(' ', at), command.size());
    words.push_back(command.substr(at, end - at));
    at = end;
  }
  return words;
}

Expected<void> run(const std::string& command) {
  std::vector<std::string> words = command_line(command);
  if (words.empty()) return {};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // The service blocks the signals it waits for; the command must not inherit that.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int failed =
      ::posix_spawnp(&child, arguments[0], nullptr, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0)
    return problem(fmt::format("cannot run '{}': {}", command, std::strerror(failed)));
  const auto end = std::chrono::steady_clock::now() + kReloadMost;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return problem(fmt::format("'{}' took longer than {} s", command, kReloadMost.count()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return problem(fmt::format("'{}' failed with {}", command,
                             WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                                               : "signal " + std::to_string(WTERMSIG(status))));
}

Plan plan_template(const std::string& text, const PlanInput& input) {
  Plan plan;
  std::map<std::string, ClusterStatus> clusters;
  for (const Desired& member : input.listing.members) {
    ClusterStatus& cluster = clusters[member.cluster];
    cluster.name = member.cluster;
    cluster.converged = cluster.settled = true;
    cluster.ready += member.is_usable() ? 1 : 0;
    cluster.members.push_back({.desired = member,
                               .observed = {},
                               .ready = member.is_usable(),
                               .why_not = member.problem});
  }
  for (auto& [name, cluster] : clusters) plan.clusters.push_back(std::move(cluster));
  // Half of the truth would take live members away.
  if (!input.listing.complete) return plan;
  const auto wanted = render_template(text, input.listing);
  if (!wanted || *wanted == input.observation.rendered) return plan;
  Step step{.verb = Step::Verb::Render,
            .member = {},
            .about = {},
            .seed = {},
            .text = *wanted,
            .reason = fmt::format("the members are others: {} now", input.listing.members.size())};
  if (input.listing.members.empty()) step.must_have_stood = kEmptyStands;
  plan.steps.push_back(std::move(step));
  return plan;
}

class Template : public Backend {
 public:
  Template(std::string text, std::string output, std::string reload)
      : text_(std::move(text)), output_(std::move(output)), reload_(std::move(reload)) {}

  Planner planner() const override {
    return [this](const PlanInput& input) { return plan_template(text_, input); };
  }
  Observation observe(std::span<const Desired>) override {
    return {.nodes = {}, .rendered = read_file(output_).value_or("")};
  }
  Reconciler::Outcome carry_out(const Step& step) override {
    const auto before = read_file(output_);
    if (const auto written = write_file(output_, step.text); !written)
      return {Reconciler::Outcome::Kind::Refused, written.error().text};
    if (const auto reloaded = run(reload_); !reloaded) {
      // The old text back, so that the next look finds the difference and tries again.
      const auto restored = before ? write_file(output_, *before) : Expected<void>();
      if (!before) ::unlink(output_.c_str());
      return {Reconciler::Outcome::Kind::Refused,
              reloaded.error().text + (restored ? "" : "; " + restored.error().text)};
    }
    return {Reconciler::Outcome::Kind::Done, "wrote " + output_};
  }

 private:
  const std::string text_;
  const std::string output_;
  const std::string reload_;
};

}  // namespace

Expected<std::string> render_template(const std::string& text, const Listing& listing) {
  kainjow::mustache::mustache mustache(text);
  if (!mustache.is_valid()) return problem("the template is wrong: " + mustache.error_message());
  // Configuration is no HTML: nothing is escaped.
  mustache.set_custom_escape([](const std::string& plain) { return plain; });
  std::vector<const Desired*> members;
  for (const Desired& member : listing.members)
    if (member.is_usable()) members.push_back(&member);
  std::ranges::sort(members, {},
                    [](const Desired* m) { return std::tie(m->cluster, m->name, m->id); });
  data all(data::type::list);
  std::map<std::string, data> clusters;
  for (const Desired* member : members) {
    data one;
    one.set("id", member->id);
    one.set("name", member->name);
    one.set("cluster", member->cluster);
    one.set("host", canonical_host(member->host));
    one.set("address", host_and_port(canonical_host(member->host), member->service_port));
    one.set("service-port", std::to_string(member->service_port));
    one.set("mesh-port", std::to_string(member->mesh_port));
    one.set("state", member->state);
    one.set("healthy", member->state == "unhealthy" || member->state == "paused"
                           ? data::type::bool_false
                           : data::type::bool_true);
    all.push_back(one);
    clusters.try_emplace(member->cluster, data::type::list).first->second.push_back(one);
  }
  data root;
  root.set("members", all);
  data by_cluster(data::type::list);
  for (auto& [name, those] : clusters) {
    data one;
    one.set("cluster", name);
    one.set("members", those);
    by_cluster.push_back(one);
  }
  root.set("clusters", by_cluster);
  return mustache.render(root);
}

Expected<std::unique_ptr<Backend>> make_template(const Options& options) {
  if (options.template_file.empty() || options.template_output.empty())
    return problem("the plug-in template needs --template and --template-output");
  const auto text = read_file(options.template_file);
  if (!text)
    return problem(fmt::format("cannot read the template {}: {}", options.template_file,
                               std::strerror(errno)));
  if (text->size() > kTemplateMost)
    return problem(fmt::format("the template {} is larger than 1 MiB", options.template_file));
  if (const auto tried = render_template(*text, {}); !tried)
    return problem(options.template_file + ": " + tried.error().text);
  return std::make_unique<Template>(*text, options.template_output, options.template_reload);
}

}  // namespace flotilla::discovery
