// Metrics are made from the answers of the info commands, so that both always say the same.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "addresses.h"
#include "base/parse.h"
#include "config/parameter.h"
#include "families.h"
#include "histogram_names.h"
#include "info/http.h"

namespace flotilla::info {
namespace {

using Type = Families::Type;

// Users name sets; a monitoring system must survive them.
constexpr std::size_t kSetsMost = 200;

std::string metric_name(std::string_view prefix, std::string_view name) {
  std::string out = fmt::format("{}_{}", prefix, name);
  std::ranges::replace_if(out, [](char c) { return c == '-' || c == '.'; }, '_');
  return out;
}

// Numbers as they are, flags as 0 and 1; nothing for words.
std::optional<std::string> number_of(std::string_view text) {
  if (text == "true") return "1";
  if (text == "false") return "0";
  const std::size_t dot = text.find('.');
  const bool fits = parse_i64(text.substr(0, dot)) &&
                    (dot == std::string_view::npos || parse_u64(text.substr(dot + 1)));
  return fits ? std::optional(std::string(text)) : std::nullopt;
}

std::string_view engine_of(const config::NamespaceConfig& ns) {
  return ns.engine() == config::Engine::Device ? "device" : "memory";
}

class Scrape {
 public:
  explicit Scrape(NodeView& node) : node_(node) {
    Connection nobody;
    Context context{node, nobody};
    const auto own = service_endpoints(context);
    service_ = own.empty() ? fmt::format("127.0.0.1:{}", node.config().network.service_port())
                           : text_of_endpoint(own.front());
    cluster_name_ = node.config().service.cluster_name();
    labels_ = print_labels({{"cluster_name", cluster_name_}, {"service", service_}});
  }

  std::string text() {
    add_node();
    for (const auto& ns : node_.config().namespaces) {
      add_namespace(*ns);
      add_sets(*ns);
      add_latencies(*ns);
    }
    add_sindexes();
    add_own();
    return out_.text();
  }

 private:
  static std::string text_of_endpoint(const Endpoint& e) {
    return fmt::format("{}:{}", e.address, e.port);
  }

  std::string labels_with(std::initializer_list<Label> more) const {
    return labels_ + "," + print_labels(more);
  }

  // A statistic or parameter, if it is a number.
  void add(std::string_view prefix, std::string_view name, std::string_view value,
           const std::string& labels, const StatisticRow* row) {
    if (row != nullptr && row->kind == StatisticRow::Kind::Text) return;
    const auto number = number_of(value);
    if (!number) return;
    const bool counter = row != nullptr && row->kind == StatisticRow::Kind::Counter;
    out_.add({metric_name(prefix, name), counter ? Type::Counter : Type::Gauge,
              std::string(row != nullptr ? row->help : "")},
             labels, *number);
  }

  template <class Rows>
  void add_all(std::string_view prefix, std::string_view text, const std::string& labels,
               const Rows& rows) {
    for (const std::string_view part : split(text, ';')) {
      const std::size_t at = part.find('=');
      const std::string_view name = part.substr(0, at);
      const std::string_view value = part.substr(at + 1);
      if (name.starts_with("storage-engine.")) {
        add_storage_unit(prefix, name, value, labels);
        continue;
      }
      const auto row = std::ranges::find(rows, name, &StatisticRow::name);
      add(prefix, name, value, labels, row == rows.end() ? nullptr : &*row);
    }
  }

  // storage-engine.file[0].used_bytes: the unit becomes labels.
  void add_storage_unit(std::string_view prefix, std::string_view name, std::string_view value,
                        const std::string& labels) {
    const std::size_t open = name.find('[');
    const std::size_t close = name.find("].");
    if (open == std::string_view::npos || close == std::string_view::npos) return;
    const std::string_view kind = name.substr(0, open);
    const std::string_view unit = kind.substr(std::string_view("storage-engine.").size());
    const std::string index_label = fmt::format("{}_index", unit);
    const std::string_view index = name.substr(open + 1, close - open - 1);
    const std::string metric = fmt::format("{}_{}", kind, name.substr(close + 2));
    add(prefix, metric, value,
        labels + "," + print_labels({{unit, name.substr(0, close + 1)}, {index_label, index}}),
        nullptr);
  }

  void add_parameters(std::string_view prefix, const config::Owner& owner,
                      const std::string& labels) {
    for (const config::Parameter& p : config::parameters(config::scope_of(owner))) {
      const config::Cell cell = p.cell(owner);
      const bool word = p.kind.type == config::Type::Choice || p.kind.type == config::Type::Hex;
      if (word || !std::holds_alternative<config::NumberCell*>(cell)) continue;
      out_.add({metric_name(prefix, p.name), Type::Gauge, fmt::format("configured: {}", p.help)},
               labels, fmt::format("{}", std::get<config::NumberCell*>(cell)->raw()));
    }
  }

  void add_node() {
    const NodeStatistics statistics = node_.node_statistics();
    out_.add(
        {"aerospike_node_up", Type::Gauge, "1 while the node answers"},
        labels_with({{"build", kBuild}, {"node_id", fmt::format("{:X}", node_.node_id().raw())}}),
        "1");
    add_all("aerospike_node_stats", print(statistics), labels_, node_statistic_rows());
    add_parameters("aerospike_node_stats", &node_.config().service, labels_);
    out_.add({"aerospike_build_info", Type::Gauge, "what runs here"},
             labels_with({{"build", kBuild}, {"edition", kEdition}, {"version", kVersion}}), "1");
    const std::uint64_t now = kEpochUnixSeconds + node_.wall_time().seconds();
    out_.add({"aerospike_start_time_seconds", Type::Gauge, "start of the node, Unix seconds"},
             labels_, fmt::format("{}", now - std::min(now, statistics.uptime)));
  }

  void add_namespace(config::NamespaceConfig& ns) {
    const std::string labels = labels_with({{"ns", ns.name},
                                            {"storage_engine", engine_of(ns)},
                                            {"index_type", "mem"},
                                            {"sindex_type", "mem"}});
    add_all("aerospike_namespace", print(node_.namespace_statistics(ns)), labels,
            namespace_statistic_rows());
    add_parameters("aerospike_namespace", &ns, labels);
  }

  void add_set(const std::string& ns, std::string_view name, const SetStatistics& s) {
    const std::string labels = labels_with({{"ns", ns}, {"set", name}});
    const auto put = [&](std::string_view what, std::uint64_t value, std::string_view help) {
      out_.add({metric_name("aerospike_sets", what), Type::Gauge, std::string(help)}, labels,
               fmt::format("{}", value));
    };
    put("objects", s.objects, "records of the set on this node");
    put("tombstones", s.tombstones, "tombstones likewise");
    put("data_used_bytes", s.data_used_bytes, "space that they take");
    put("truncate_lut", s.truncate_lut, "records last updated before are truncated, ms since 2010");
    put("truncating", s.truncating, "1 while that goes on");
    put("sindexes", s.sindexes, "secondary indexes of the set");
    put("index_populating", s.index_populating, "1 while the set's index is filled");
  }

  void add_sets(const config::NamespaceConfig& ns) {
    static config::SetConfig not_configured("");
    std::vector<SetStatistics> sets = node_.set_statistics(ns);
    std::ranges::stable_sort(sets, std::greater{}, &SetStatistics::objects);
    SetStatistics others;
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if (i < kSetsMost) {
        add_set(ns.name, sets[i].name, sets[i]);
        config::SetConfig* configured = ns.find_set(sets[i].name);
        add_parameters("aerospike_sets", configured != nullptr ? configured : &not_configured,
                       labels_with({{"ns", ns.name}, {"set", sets[i].name}}));
        continue;
      }
      others.objects += sets[i].objects;
      others.tombstones += sets[i].tombstones;
      others.data_used_bytes += sets[i].data_used_bytes;
    }
    if (sets.size() > kSetsMost) add_set(ns.name, "other", others);
  }

  void add_sindexes() {
    for (const SindexLine& line : node_.sindexes()) {
      const std::string labels =
          labels_with({{"ns", line.definition.ns}, {"sindex", line.definition.name}});
      const auto put = [&](std::string_view what, std::uint64_t value, Type type) {
        out_.add({metric_name("aerospike_sindex", what), type, ""}, labels,
                 fmt::format("{}", value));
      };
      put("entries", line.entries, Type::Gauge);
      put("used_bytes", line.used_bytes, Type::Gauge);
      put("entries_per_bval", line.entries_per_bval, Type::Gauge);
      put("entries_per_rec", line.entries_per_rec, Type::Gauge);
      put("load_pct", line.load_pct, Type::Gauge);
      put("load_time", line.load_seconds, Type::Gauge);
      put("stat_gc_recs", line.collected, Type::Counter);
    }
  }

  void add_latencies(const config::NamespaceConfig& ns) {
    const bool us = node_.config().service.microsecond_histograms();
    for (const std::string_view kind : kNamespaceLatencies) {
      const auto window = node_.latency(fmt::format("{{{}}}-{}", ns.name, kind));
      if (!window) continue;
      add_rates(*window, ns.name, kind, us);
      add_histogram(*window, ns.name, kind);
    }
  }

  // As the vendor's exporter: rates of the last interval, called buckets.
  void add_rates(const LatencyWindow& window, const std::string& ns, std::string_view kind,
                 bool us) {
    constexpr std::size_t kBounds = 17;
    const double seconds = std::chrono::duration<double>(window.length).count();
    const Histogram::Buckets& buckets = us ? window.last.microseconds : window.last.milliseconds;
    const auto rate = [&](std::uint64_t n) {
      return fmt::format("{:.2f}", seconds > 0 ? static_cast<double>(n) / seconds : 0.0);
    };
    const Families::Family family{
        metric_name("aerospike_latencies", fmt::format("{}_{}", kind, us ? "us" : "ms")),
        Type::Gauge, "requests a second of the last interval that took at most so long"};
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kBounds; ++i) {
      sum += buckets[i];
      out_.add(family, labels_with({{"ns", ns}, {"le", fmt::format("{}", std::uint64_t{1} << i)}}),
               rate(sum), "_bucket");
    }
    for (std::size_t i = kBounds; i < Histogram::kBuckets; ++i) sum += buckets[i];
    out_.add(family, labels_with({{"ns", ns}, {"le", "+Inf"}}), rate(sum), "_bucket");
    out_.add(family, labels_with({{"ns", ns}}), rate(sum), "_count");
  }

  void add_histogram(const LatencyWindow& window, const std::string& ns, std::string_view kind) {
    const Families::Family family{
        "aerospike_op_duration_seconds", Type::Histogram,
        "durations of requests since the start; the sum is estimated from the buckets"};
    std::uint64_t count = 0;
    double sum = 0;
    for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
      const double upper = static_cast<double>(std::uint64_t{1} << i) / 1e6;
      count += window.since_start.microseconds[i];
      sum += static_cast<double>(window.since_start.microseconds[i]) * upper * 0.75;
      out_.add(family, labels_with({{"ns", ns}, {"op", kind}, {"le", fmt::format("{}", upper)}}),
               fmt::format("{}", count), "_bucket");
    }
    const std::uint64_t rest = window.since_start.microseconds.back();
    count += rest;
    sum += static_cast<double>(rest) *
           static_cast<double>(std::uint64_t{1} << (Histogram::kBuckets - 1)) / 1e6;
    out_.add(family, labels_with({{"ns", ns}, {"op", kind}, {"le", "+Inf"}}),
             fmt::format("{}", count), "_bucket");
    out_.add(family, labels_with({{"ns", ns}, {"op", kind}}), fmt::format("{:.6f}", sum), "_sum");
    out_.add(family, labels_with({{"ns", ns}, {"op", kind}}), fmt::format("{}", count), "_count");
  }

  void add_own() {
    const ClusterView cluster = node_.cluster();
    out_.add({"flotilla_serving", Type::Gauge, "1 while the node takes client traffic"}, labels_,
             node_.serving() ? "1" : "0");
    out_.add({"flotilla_ready", Type::Gauge, "1 while the node serves and has caught up"}, labels_,
             node_.ready() ? "1" : "0");
    out_.add({"flotilla_configuration_changes", Type::Counter, "changes by set-config"}, labels_,
             fmt::format("{}", node_.config().changes()));
    out_.add({"flotilla_peers", Type::Gauge, "other nodes that clients are told of"}, labels_,
             fmt::format("{}", cluster.peers.size()));
    out_.add({"flotilla_queries_active", Type::Gauge, "queries that run"}, labels_,
             fmt::format("{}", node_.jobs().active()));
  }

  NodeView& node_;
  Families out_;
  std::string cluster_name_;
  std::string service_;
  std::string labels_;
};

constexpr std::string_view kPlain = "text/plain; charset=utf-8";

HttpAnswer verdict(bool good, std::string_view otherwise) {
  return {good ? 200 : 503, std::string(kPlain), fmt::format("{}\n", good ? "ok" : otherwise)};
}

}  // namespace

std::string metrics(NodeView& node) { return Scrape(node).text(); }

HttpAnswer http_answer(NodeView& node, std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (path == "/metrics") return {200, "text/plain; version=0.0.4; charset=utf-8", metrics(node)};
  if (path == "/livez" || path == "/health") return verdict(true, "");
  if (path == "/readyz") return verdict(node.ready(), "not ready");
  if (path == "/") return {200, std::string(kPlain), "/metrics\n/livez\n/readyz\n"};
  return {404, std::string(kPlain), "not found\n"};
}

HttpAnswer http_answer_at_start(std::string_view progress, std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (path == "/livez" || path == "/health") return verdict(true, "");
  if (path == "/readyz")
    return verdict(false, progress.empty() ? "starting" : fmt::format("starting: {}", progress));
  return {503, std::string(kPlain), "starting\n"};
}

}  // namespace flotilla::info
