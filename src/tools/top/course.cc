#include "tools/top/course.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "admin/answers.h"
#include "base/parse.h"
#include "tools/admin/histogram.h"

namespace flotilla::tools::top {
namespace {

using admin::Answers;
using admin::NodeFacts;
using admin::number_of;

constexpr std::string_view kReads[] = {
    "client_read_success",    "client_read_not_found",    "client_read_filtered_out",
    "batch_sub_read_success", "batch_sub_read_not_found", "batch_sub_read_filtered_out",
    "client_udf_complete",
};
constexpr std::string_view kWrites[] = {
    "client_write_success",         "client_write_filtered_out",  "client_delete_success",
    "client_delete_not_found",      "client_delete_filtered_out", "batch_sub_write_success",
    "batch_sub_write_filtered_out", "batch_sub_delete_success",   "batch_sub_delete_not_found",
};
constexpr std::string_view kQueries[] = {
    "pi_query_short_basic_complete", "pi_query_long_basic_complete", "pi_query_aggr_complete",
    "si_query_short_basic_complete", "si_query_long_basic_complete", "si_query_aggr_complete",
};
constexpr std::string_view kErrors[] = {
    "client_read_error",      "client_read_timeout",      "client_write_error",
    "client_write_timeout",   "client_delete_error",      "client_delete_timeout",
    "client_tsvc_error",      "client_tsvc_timeout",      "client_udf_error",
    "client_proxy_error",     "client_proxy_timeout",     "batch_sub_read_error",
    "batch_sub_read_timeout", "batch_sub_write_error",    "batch_sub_write_timeout",
    "batch_sub_delete_error", "batch_sub_delete_timeout", "batch_sub_tsvc_error",
    "batch_sub_tsvc_timeout", "batch_sub_proxy_error",    "batch_sub_proxy_timeout",
};
constexpr std::string_view kProxied[] = {"client_proxy_complete", "batch_sub_proxy_complete"};

double total_of(const NodeFacts& node, std::span<const std::string_view> names) {
  double total = 0;
  for (const auto& [ns, statistics] : node.namespaces)
    for (const std::string_view name : names) total += number_of(statistics, name);
  return total;
}

/// A counter that went back was begun anew: the node was restarted.
double per_second(double before, double now, double seconds) {
  return now >= before && seconds > 0 ? (now - before) / seconds : 0;
}

Rates rates_between(const NodeFacts& before, const NodeFacts& now, double seconds) {
  const auto rate = [&](std::span<const std::string_view> names) {
    return per_second(total_of(before, names), total_of(now, names), seconds);
  };
  return {.reads = rate(kReads),
          .writes = rate(kWrites),
          .queries = rate(kQueries),
          .errors = rate(kErrors),
          .proxied = rate(kProxied)};
}

Percentile p99_of(const NodeFacts& node, std::string_view kind) {
  std::vector<admin::Histogram> histograms;
  for (const std::string_view part : split(node.latencies, ';'))
    if (auto histogram = admin::parse_histogram(part);
        histogram && histogram->name == kind && histogram->per_second > 0)
      histograms.push_back(*std::move(histogram));
  if (histograms.empty()) return {};
  const admin::Histogram all = admin::sum(histograms);
  const auto enough = std::ranges::find_if(all.shares, [](double slower) { return slower <= 1; });
  const bool is_open = enough == all.shares.end();
  const auto power = std::distance(all.shares.begin(), enough) - (is_open ? 1 : 0);
  return {.limit = static_cast<double>(std::uint64_t{1} << power),
          .unit = all.unit,
          .is_open = is_open};
}

double sum_of(const NodeFacts& node, std::string_view name) { return total_of(node, {&name, 1}); }

double fullest(const NodeFacts& node) {
  double percent = 0;
  for (const auto& [ns, statistics] : node.namespaces)
    percent = std::max(percent, number_of(statistics, "data_used_pct"));
  return percent;
}

double migrations_of(const NodeFacts& node) {
  return sum_of(node, "migrate_tx_partitions_remaining") +
         sum_of(node, "migrate_rx_partitions_remaining");
}

NodeLine::State state_of(const NodeFacts& node, double largest_cluster) {
  if (!node.answers) return NodeLine::State::Silent;
  if (number_of(node.statistics, "cluster_size") < largest_cluster) return NodeLine::State::Alone;
  const bool quiesced = std::ranges::any_of(node.namespaces, [](const auto& ns) {
    return admin::truth_of(ns.second, "effective_is_quiesced");
  });
  if (quiesced) return NodeLine::State::Quiesced;
  return migrations_of(node) > 0 ? NodeLine::State::Migrates : NodeLine::State::Serves;
}

NodeLine line_of(const NodeFacts& node, double largest_cluster) {
  return {.name = node.member.name,
          .state = state_of(node, largest_cluster),
          .is_principal = node.member.is_principal,
          .read_p99 = p99_of(node, "read"),
          .write_p99 = p99_of(node, "write"),
          .objects = sum_of(node, "objects"),
          .data_used_percent = fullest(node),
          .migrations = migrations_of(node),
          .clients = number_of(node.statistics, "client_connections"),
          .uptime_seconds = number_of(node.statistics, "uptime")};
}

double seconds_between(Course::Time from, Course::Time to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Every node says the same of the whole cluster; what one holds is added up.
void add_to(NamespaceLine& line, const Answers& statistics) {
  line.replication_factor =
      std::max(line.replication_factor, number_of(statistics, "effective_replication_factor"));
  line.masters += number_of(statistics, "master_objects");
  line.copies += number_of(statistics, "prole_objects");
  line.tombstones += number_of(statistics, "tombstones");
  line.used_bytes += number_of(statistics, "data_used_bytes");
  line.total_bytes += number_of(statistics, "data_total_bytes");
  line.unavailable = std::max(line.unavailable, number_of(statistics, "unavailable_partitions") +
                                                    number_of(statistics, "dead_partitions"));
  line.stop_writes = line.stop_writes || admin::truth_of(statistics, "stop_writes");
}

}  // namespace

Rates& Rates::operator+=(const Rates& other) {
  reads += other.reads;
  writes += other.writes;
  queries += other.queries;
  errors += other.errors;
  proxied += other.proxied;
  return *this;
}

void Course::add(const std::vector<NodeFacts>& facts, Time when) {
  double largest = 0;
  for (const NodeFacts& node : facts)
    largest = std::max(largest, number_of(node.statistics, "cluster_size"));
  nodes_.clear();
  total_ = {};
  for (const NodeFacts& node : facts) {
    NodeLine line = line_of(node, largest);
    const auto before = seen_.find(node.member.id);
    if (before != seen_.end() && node.answers)
      line.rates =
          rates_between(before->second.facts, node, seconds_between(before->second.when, when));
    total_ += line.rates;
    nodes_.push_back(std::move(line));
    if (!node.answers) continue;
    cluster_name_ = node.cluster_name == "null" ? "" : node.cluster_name;
    if (number_of(node.statistics, "cluster_size") == largest)
      cluster_key_ = admin::value_of(node.statistics, "cluster_key");
  }
  if (++samples_ > 1) history_.push_back(total_.operations());
  if (history_.size() > kHistory) history_.pop_front();
  add_namespaces(facts, when);
  findings_ = admin::diagnose(facts);
  add_lost_nodes(facts, when);
  for (const NodeFacts& node : facts)
    if (node.answers) seen_[node.member.id] = {.facts = node, .when = when};
}

/// A client forgets a node that is gone: whoever watches does not.
void Course::add_lost_nodes(const std::vector<NodeFacts>& facts, Time when) {
  std::erase_if(seen_, [&](const auto& entry) { return when - entry.second.when > kGone; });
  for (const auto& entry : seen_) {
    const auto& member = entry.second.facts.member;
    const bool is_there = std::ranges::any_of(facts, [&](const NodeFacts& node) {
      return node.member.id == entry.first || node.member.name == member.name;
    });
    if (!is_there) nodes_.push_back({.name = member.name, .state = NodeLine::State::Gone});
  }
}

void Course::add_namespaces(const std::vector<NodeFacts>& facts, Time when) {
  std::map<std::string, NamespaceLine> lines;
  for (const NodeFacts& node : facts) {
    const auto before = seen_.find(node.member.id);
    for (const auto& [name, statistics] : node.namespaces) {
      NamespaceLine& line = lines.try_emplace(name, NamespaceLine{.name = name}).first->second;
      add_to(line, statistics);
      if (before == seen_.end()) continue;
      const auto old = before->second.facts.namespaces.find(name);
      if (old == before->second.facts.namespaces.end()) continue;
      const double seconds = seconds_between(before->second.when, when);
      const auto rate = [&was = old->second, &is = statistics, seconds](std::string_view what) {
        return per_second(number_of(was, what), number_of(is, what), seconds);
      };
      line.expired += rate("expired_objects");
      line.evicted += rate("evicted_objects");
    }
  }
  namespaces_.clear();
  for (auto& [name, line] : lines) namespaces_.push_back(std::move(line));
}

}  // namespace flotilla::tools::top
