#include "report.h"

#include <fmt/format.h>

#include <algorithm>

namespace flotilla::discovery {
namespace {

double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

Json member_json(const MemberStatus& member) {
  const Desired& desired = member.desired;
  const Observed& seen = member.observed;
  Json out = {{"id", desired.id},
              {"name", desired.name},
              {"host", desired.host},
              {"service_port", desired.service_port},
              {"mesh_port", desired.mesh_port},
              {"network", desired.network},
              {"state", desired.state},
              {"ready", member.ready},
              {"why_not", member.why_not}};
  if (!member.ready) return out;
  Json seeds = Json::array();
  for (const Seed& seed : seen.seeds) seeds.push_back(host_and_port(seed.host, seed.port));
  out.update({{"node", seen.node},
              {"build", seen.build},
              {"cluster_name", seen.cluster_name},
              {"cluster_key", seen.cluster_key},
              {"cluster_size", seen.cluster_size},
              {"migrations_left", seen.migrations_left},
              {"seeds", std::move(seeds)}});
  return out;
}

Json cluster_json(const ClusterStatus& cluster) {
  Json members = Json::array();
  for (const MemberStatus& member : cluster.members) members.push_back(member_json(member));
  return {{"name", cluster.name},
          {"desired", cluster.members.size()},
          {"ready", cluster.ready},
          {"converged", cluster.converged},
          {"settled", cluster.settled},
          {"why", cluster.why},
          {"components", cluster.components},
          {"members", std::move(members)}};
}

Json plugin_json(const PluginStatus& plugin, Instant now) {
  const Reconciler::Status& status = plugin.status;
  Json clusters = Json::array();
  for (const ClusterStatus& cluster : status.clusters) clusters.push_back(cluster_json(cluster));
  Json steps = Json::array();
  for (std::size_t i = 0; i < status.steps.size(); ++i)
    steps.push_back({{"what", status.steps[i].summary()},
                     {"reason", status.steps[i].reason},
                     {"due", i < status.steps_due}});
  const auto ago = [&](const std::optional<Instant>& at) {
    return at ? Json(seconds(now - *at)) : Json();
  };
  return {{"plugin", plugin.plugin},
          {"rounds", status.rounds},
          {"settled", status.settled},
          {"sources_complete", status.complete},
          {"problems", status.problems},
          {"seconds_since_last_round", ago(status.last_round)},
          {"seconds_since_last_success", ago(status.last_success)},
          {"clusters", std::move(clusters)},
          {"steps", std::move(steps)}};
}

std::string cell(const Json& json, const char* key) {
  const Json& value = at(json, key);
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : to_text(value);
}

}  // namespace

std::string table(const std::vector<std::vector<std::string>>& rows) {
  constexpr std::size_t kLeast = 8;
  constexpr std::size_t kPadding = 3;
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths.resize(std::max(widths.size(), i + 1), kLeast);
      widths[i] = std::max(widths[i], row[i].size() + kPadding);
    }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      out += fmt::format("{:<{}}", row[i], widths[i]);
    out += (row.empty() ? "" : row.back()) + '\n';
  }
  return out;
}

Json to_json(const Report& report, Instant now) {
  Json plugins = Json::array();
  for (const PluginStatus& plugin : report.plugins) plugins.push_back(plugin_json(plugin, now));
  return {{"version", FLOTILLA_VERSION},
          {"uptime_seconds", seconds(now - report.started)},
          {"plugins", std::move(plugins)}};
}

std::string to_people(const Json& status) {
  std::string out;
  for (const Json& plugin : elements(at(status, "plugins"))) {
    for (const Json& text : elements(at(plugin, "problems"))) out += "! " + text_of(text) + '\n';
    for (const Json& cluster : elements(at(plugin, "clusters"))) {
      out += fmt::format("{} cluster {}: {}, {} of {} ready\n", cell(plugin, "plugin"),
                         cell(cluster, "name"),
                         at(cluster, "converged") == Json(true) ? "converged" : "not converged",
                         cell(cluster, "ready"), cell(cluster, "desired"));
      std::vector<std::vector<std::string>> rows;
      for (const Json& member : elements(at(cluster, "members"))) {
        const bool ready = at(member, "ready") == Json(true);
        rows.push_back(
            {"  " + cell(member, "name"), cell(member, "host") + ':' + cell(member, "service_port"),
             cell(member, "state"), ready ? cell(member, "node") : cell(member, "why_not")});
      }
      out += table(rows);
      for (const Json& text : elements(at(cluster, "why"))) out += "  - " + text_of(text) + '\n';
    }
    for (const Json& step : elements(at(plugin, "steps")))
      out += fmt::format("{}: {} ({})\n", at(step, "due") == Json(true) ? "to do" : "later",
                         cell(step, "what"), cell(step, "reason"));
  }
  return out.empty() ? "no members\n" : out;
}

}  // namespace flotilla::discovery
