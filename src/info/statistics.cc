#include "info/statistics.h"

#include <fmt/format.h>

#include <algorithm>

#include "key_values.h"

namespace flotilla::info {
namespace {

void put(KeyValues& out, std::string_view name, bool value) { out.add(name, value); }
void put(KeyValues& out, std::string_view name, Number value) { out.add(name, value); }
void put(KeyValues& out, std::string_view name, Total value) { out.add(name, value.value); }
void put(KeyValues& out, std::string_view name, Hex value) {
  out.add(name, fmt::format("{:X}", value.value));
}
void put(KeyValues& out, std::string_view name, Percent value) {
  out.add(name, fmt::format("{:.2f}", value.value));
}
void put(KeyValues& out, std::string_view name, Ratio value) {
  out.add(name, fmt::format("{:.3f}", value.value));
}
void put(KeyValues& out, std::string_view name, const Names& value) {
  out.add(name, value.empty() ? "null" : fmt::format("{}", fmt::join(value, ",")));
}
void put(KeyValues& out, std::string_view name, const Pairs& value) {
  std::string text;
  for (const auto& [requests, buffers] : value)
    fmt::format_to(std::back_inserter(text), "{}{}:{}", text.empty() ? "" : ",", requests, buffers);
  out.add(name, text.empty() ? "0:0" : text);
}

using Kind = StatisticRow::Kind;

template <class T>
constexpr Kind kKindOf =
    std::is_same_v<T, Total>                                                         ? Kind::Counter
    : std::is_same_v<T, Hex> || std::is_same_v<T, Names> || std::is_same_v<T, Pairs> ? Kind::Text
                                                                                     : Kind::Gauge;

void put_units(KeyValues& out, const std::vector<StorageUnit>& units) {
  for (const StorageUnit& unit : units) {
    const auto add = [&](std::string_view what, std::uint64_t value) {
      out.add(fmt::format("storage-engine.{}.{}", unit.name, what), value);
    };
    add("used_bytes", unit.used_bytes);
    add("free_wblocks", unit.free_wblocks);
    if (unit.is_backed) add("write_q", unit.write_q);
    add("writes", unit.writes);
    add("defrag_q", unit.defrag_q);
    add("defrag_reads", unit.defrag_reads);
    add("defrag_writes", unit.defrag_writes);
    if (unit.is_backed) add("read_errors", unit.read_errors);
  }
}

// Names of counters are made of an origin, an operation, and a result.
struct Origin {
  std::string_view prefix;
  std::string_view meaning;
};
constexpr Origin kOrigins[] = {
    {"from_proxy_batch_sub_", "rows of batches that another node passed on"},
    {"xdr_from_proxy_", "writes of another cluster that another node passed on"},
    {"from_proxy_", "requests that another node passed on"},
    {"batch_sub_", "rows of batches"},
    {"xdr_client_", "writes of another cluster"},
    {"client_", "requests of clients"},
    {"udf_sub_", "records of background UDFs"},
    {"ops_sub_", "records of background operations"},
    {"pi_query_", "queries without secondary index"},
    {"si_query_", "queries by secondary index"},
    {"geo_region_query_", "queries by region"},
    {"read_touch_", "lives renewed by reads"},
    {"re_repl_", "records replicated again"},
    {"retransmit_", "messages to other nodes sent again"},
    {"dup_res_", "other copies asked before a request"},
    {"mrt_", "transactions"},
    {"fail_", "requests refused"},
};

std::string meaning_of(std::string_view counter) {
  std::string_view rest = counter;
  std::string_view origin;
  for (const Origin& o : kOrigins) {
    if (!counter.starts_with(o.prefix)) continue;
    origin = o.meaning;
    rest.remove_prefix(o.prefix.size());
    break;
  }
  std::string words(rest);
  std::ranges::replace(words, '_', ' ');
  return origin.empty() ? words : fmt::format("{}: {}", origin, words);
}

constexpr std::string_view kNamespaceCounters[] = {
#define COUNTER(name) #name,
#include "exec/namespace_counters.def"
};

}  // namespace

std::string print(const NodeStatistics& statistics) {
  KeyValues out;
#define STATISTIC(type, name, help) put(out, #name, statistics.name);
#define NODE_COUNTER(name, help) \
  put(out, #name, statistics.counters[static_cast<std::size_t>(exec::NodeCounter::name)]);
#include "info/node_statistics.def"
  return std::move(out).text();
}

std::string print(const NamespaceStatistics& statistics) {
  KeyValues out;
#define STATISTIC(type, name, help) put(out, #name, statistics.name);
#define STORAGE_UNITS() put_units(out, statistics.storage_units);
#include "info/namespace_statistics.def"
  for (std::size_t i = 0; i < std::size(kNamespaceCounters); ++i)
    out.add(kNamespaceCounters[i], statistics.counters[i]);
  return std::move(out).text();
}

const std::vector<StatisticRow>& node_statistic_rows() {
  static const std::vector<StatisticRow> table = {
#define STATISTIC(type, name, help) {#name, help, kKindOf<type>},
#define NODE_COUNTER(name, help) {#name, help, Kind::Counter},
#include "info/node_statistics.def"
  };
  return table;
}

const std::vector<StatisticRow>& namespace_statistic_rows() {
  static const std::vector<StatisticRow> table = [] {
    std::vector<StatisticRow> rows = {
#define STATISTIC(type, name, help) {#name, help, kKindOf<type>},
#define STORAGE_UNITS()
#include "info/namespace_statistics.def"
    };
    static const std::vector<std::string> meanings = [] {
      std::vector<std::string> out;
      for (const std::string_view name : kNamespaceCounters) out.push_back(meaning_of(name));
      return out;
    }();
    for (std::size_t i = 0; i < std::size(kNamespaceCounters); ++i)
      rows.push_back({kNamespaceCounters[i], meanings[i], Kind::Counter});
    return rows;
  }();
  return table;
}

}  // namespace flotilla::info
