#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/load.h"
#include "info/info.h"

namespace flotilla::info {

/// A node whose state is plain fields that a test sets.
class FakeNode : public NodeView {
 public:
  static constexpr std::string_view kFile = R"(
service {
    cluster-name test
    node-id a1
    proto-fd-max 4096
    pidfile /run/asd.pid
}
logging {
    file /var/log/aerospike.log {
        context any info
    }
}
network {
    service {
        address 127.0.0.1
        access-address 127.0.0.1
        port 3000
    }
    admin {
        address 127.0.0.1
        port 3003
    }
    fabric {
        address 127.0.0.1
        port 3001
    }
    heartbeat {
        mode mesh
        address 127.0.0.1
        port 3002
    }
}
namespace test {
    nsup-period 120
    storage-engine memory {
        data-size 1G
    }
}
namespace bar {
    nsup-period 120
    storage-engine memory {
        data-size 512M
    }
}
)";

  explicit FakeNode(std::string_view file = kFile) {
    auto loaded = config::load({.file = file, .path = "test.conf", .machine = {.processors = 2}});
    EXPECT_TRUE(loaded) << loaded.error();
    if (loaded) config_ = std::move(loaded->config);
    cluster_view = {.key = 0x15584DC13EFF,
                    .succession = {wire::NodeId(0xA1)},
                    .partition_generation = 0,
                    .rebalance_generation = 1};
  }

  std::string ask(std::string_view command) {
    Context context{*this, connection};
    return answer(context, command);
  }
  std::string exchange(std::string_view body) {
    Context context{*this, connection};
    return handle(context, body);
  }

  config::Config& config() override { return *config_; }
  wire::NodeId node_id() const override { return wire::NodeId(config_->service.node_id()); }
  bool serving() const override { return is_serving; }
  Instant now() const override { return time; }
  WallTime wall_time() const override { return wall; }
  ClusterView cluster() const override { return cluster_view; }
  std::vector<std::string> addresses_of(std::string_view word) const override {
    const auto at = addresses.find(std::string(word));
    return at == addresses.end() ? std::vector<std::string>{std::string(word)} : at->second;
  }
  NodeStatistics node_statistics() const override { return node; }
  NamespaceStatistics namespace_statistics(const config::NamespaceConfig& ns) const override {
    const auto at = namespaces.find(ns.name);
    return at == namespaces.end() ? NamespaceStatistics{} : at->second;
  }
  std::vector<SetStatistics> set_statistics(const config::NamespaceConfig& ns) const override {
    const auto at = sets.find(ns.name);
    return at == sets.end() ? std::vector<SetStatistics>{} : at->second;
  }
  ReplicaMap replicas(const config::NamespaceConfig&) const override { return replica_map; }
  std::vector<PartitionLine> partitions(const config::NamespaceConfig&) const override {
    return partition_lines;
  }
  std::optional<LatencyWindow> latency(std::string_view name) const override {
    return latencies.find(name);
  }
  std::optional<Census> census(const config::NamespaceConfig& ns,
                               std::string_view set) const override {
    const auto at = censuses.find(ns.name + "/" + std::string(set));
    return at == censuses.end() ? std::nullopt : std::optional<Census>(at->second);
  }
  exec::QueryJobs& jobs() override { return query_jobs; }
  UserAgents& user_agents() override { return agents; }
  void count_deprecated() override { ++deprecated; }

  Result<void> truncate(std::string_view ns, std::string_view set, WallTime before) override {
    cut_offs[key_of(ns, set)] = before.ms;
    return {};
  }
  Result<void> undo_truncate(std::string_view ns, std::string_view set) override {
    cut_offs.erase(key_of(ns, set));
    return {};
  }
  Result<void> reset_eviction(std::string_view ns, std::optional<std::uint64_t> ttl) override {
    if (ttl) {
      evictions[std::string(ns)] = *ttl;
    } else {
      evictions.erase(std::string(ns));
    }
    return {};
  }
  void apply_log_levels() override { ++log_changes; }
  std::vector<std::string> failed_best_practices() const override { return best_practices; }
  void dump(std::string_view what) override { dumps.emplace_back(what); }
  Result<void> tip(const Endpoint& seed, bool) override {
    if (std::ranges::find(seeds, seed) == seeds.end()) seeds.push_back(seed);
    return {};
  }
  bool clear_tip(const Endpoint& seed) override { return std::erase(seeds, seed) > 0; }
  void forget_alumni() override { cluster_view.alumni = cluster_view.peers; }
  Result<void> recluster() override {
    ++cluster_view.rebalance_generation;
    ++cluster_view.partition_generation;
    return {};
  }

  std::vector<SindexLine> sindexes() const override { return sindex_lines; }
  Result<void> create_sindex(const SindexDefinition& definition) override {
    const auto described = [](const SindexDefinition& d) {
      return std::tie(d.ns, d.set, d.bin, d.type, d.index_type, d.context, d.expression);
    };
    for (SindexLine& line : sindex_lines) {
      const bool same = described(line.definition) == described(definition);
      if (same) line.definition.name = definition.name;
      if (same) return {};
      if (line.definition.name == definition.name)
        return fail(Code::IndexExists, "'indexname' already exists with different definition");
    }
    sindex_lines.push_back({.definition = definition});
    return {};
  }
  Result<void> delete_sindex(std::string_view ns, std::string_view name) override {
    std::erase_if(sindex_lines, [&](const SindexLine& l) {
      return l.definition.ns == ns && l.definition.name == name;
    });
    return {};
  }
  std::vector<UdfModule> udf_modules() const override { return modules; }
  Result<void> put_udf(std::string_view filename, std::string content,
                       UdfProblem& problem) override {
    if (content.find("broken") != std::string::npos) {
      problem = {std::string(filename), 2, "')' expected near 'return'"};
      return fail(Code::UdfFailed, "does not compile");
    }
    static_cast<void>(remove_udf(filename));
    modules.push_back({std::string(filename), std::move(content), std::string(40, 'a')});
    return {};
  }
  Result<void> remove_udf(std::string_view filename) override {
    std::erase_if(modules, [&](const UdfModule& m) { return m.filename == filename; });
    return {};
  }
  std::vector<std::pair<std::string, std::string>> metadata(
      std::string_view module) const override {
    std::vector<std::pair<std::string, std::string>> out;
    const auto add_all = [&](const std::map<std::string, std::uint64_t>& from) {
      for (const auto& [key, value] : from) out.emplace_back(key, std::to_string(value));
    };
    if (module == "truncate") add_all(cut_offs);
    if (module == "evict") add_all(evictions);
    return out;
  }

  Connection connection{.local = {"127.0.0.1", 3000}, .remote = {"127.0.0.1", 40000}};
  ClusterView cluster_view;
  NodeStatistics node;
  std::map<std::string, NamespaceStatistics> namespaces;
  std::map<std::string, std::vector<SetStatistics>> sets;
  ReplicaMap replica_map;
  std::vector<PartitionLine> partition_lines;
  LatencyWindows latencies;
  std::map<std::string, Census> censuses;  // By "namespace/set".
  exec::QueryJobs query_jobs;
  UserAgents agents;
  std::vector<SindexLine> sindex_lines;
  std::vector<UdfModule> modules;
  std::vector<Endpoint> seeds;
  std::vector<std::string> best_practices;
  std::vector<std::string> dumps;
  std::map<std::string, std::uint64_t> cut_offs;
  std::map<std::string, std::uint64_t> evictions;
  std::map<std::string, std::vector<std::string>> addresses;
  bool is_serving = true;
  int deprecated = 0;
  int log_changes = 0;
  Instant time{std::chrono::seconds(100)};
  WallTime wall{533'038'843'000};

 private:
  static std::string key_of(std::string_view ns, std::string_view set) {
    return set.empty() ? std::string(ns) : std::string(ns) + "|" + std::string(set);
  }
  std::unique_ptr<config::Config> config_;
};

}  // namespace flotilla::info
