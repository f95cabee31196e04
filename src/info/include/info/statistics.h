#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exec/counters.h"

namespace flotilla::info {

// How a statistic is printed and what it is to a monitoring system.
using Number = std::uint64_t;  // A gauge.
struct Total {                 // A counter: only rises.
  std::uint64_t value = 0;
};
struct Hex {  // Capital hexadecimal digits, without leading zeros.
  std::uint64_t value = 0;
};
struct Percent {  // Two decimals.
  double value = 0;
};
struct Ratio {  // Three decimals.
  double value = 0;
};
using Names = std::vector<std::string>;                              // "a,b"; none: "null".
using Pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // "1:2,3:4"

/// Values of the counters of one family, by their enum.
template <class Counter>
using Counts = std::array<std::uint64_t, static_cast<std::size_t>(Counter::kCount)>;

/// What `statistics` answers. A snapshot: whoever makes it fills in what it knows, the rest stays
/// zero.
struct NodeStatistics {
#define STATISTIC(type, name, help) type name{};
#define NODE_COUNTER(name, help)
#include "info/node_statistics.def"
  Counts<exec::NodeCounter> counters{};
};

/// A file, or a share of memory, that holds data of a namespace.
struct StorageUnit {
  std::string name;       // As get-config names it: "file[0]", "stripe[3]".
  bool is_backed = true;  // Has a file behind it.
  std::uint64_t used_bytes = 0;
  std::uint64_t free_wblocks = 0;  // Free segments.
  std::uint64_t write_q = 0;
  std::uint64_t writes = 0;
  std::uint64_t defrag_q = 0;
  std::uint64_t defrag_reads = 0;
  std::uint64_t defrag_writes = 0;
  std::uint64_t read_errors = 0;
};

/// What `namespace/<name>` answers before the configuration. A snapshot, as above.
struct NamespaceStatistics {
#define STATISTIC(type, name, help) type name{};
#define STORAGE_UNITS()
#include "info/namespace_statistics.def"
  std::vector<StorageUnit> storage_units;
  Counts<exec::NamespaceCounter> counters{};
};

/// One set on this node.
struct SetStatistics {
  std::string name;
  std::uint64_t objects = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t data_used_bytes = 0;
  std::uint64_t truncate_lut = 0;  // Milliseconds since 2010; 0: not truncated.
  std::uint64_t sindexes = 0;
  bool index_populating = false;
  bool truncating = false;
};

/// "name=value;name=value", without final separator.
std::string print(const NodeStatistics& statistics);
std::string print(const NamespaceStatistics& statistics);

/// A row of docs/manual/statistics.md, and what the metrics need to know of a statistic.
struct StatisticRow {
  enum class Kind : std::uint8_t { Gauge, Counter, Text };
  std::string_view name;
  std::string_view help;
  Kind kind;
};
const std::vector<StatisticRow>& node_statistic_rows();
const std::vector<StatisticRow>& namespace_statistic_rows();

}  // namespace flotilla::info
