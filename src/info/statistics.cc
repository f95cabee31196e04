#include "info/statistics.h"

#include <fmt/format.h>

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

template <class T>
constexpr bool kIsCounter = std::is_same_v<T, Total>;

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
  static const std::vector<StatisticRow> kRows = {
#define STATISTIC(type, name, help) {#name, help, kIsCounter<type>},
#define NODE_COUNTER(name, help) {#name, help, true},
#include "info/node_statistics.def"
  };
  return kRows;
}

const std::vector<StatisticRow>& namespace_statistic_rows() {
  static const std::vector<StatisticRow> kRows = [] {
    std::vector<StatisticRow> rows = {
#define STATISTIC(type, name, help) {#name, help, kIsCounter<type>},
#define STORAGE_UNITS()
#include "info/namespace_statistics.def"
    };
    for (const std::string_view name : kNamespaceCounters) rows.push_back({name, "", true});
    return rows;
  }();
  return kRows;
}

}  // namespace flotilla::info
