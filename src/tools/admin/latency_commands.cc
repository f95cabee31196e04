#include <fmt/format.h>

#include <algorithm>

#include "answers.h"
#include "base/parse.h"
#include "command_tables.h"
#include "info_sheets.h"
#include "tools/admin/histogram.h"

namespace flotilla::tools::admin {
namespace {

/// Which powers of two are shown: `count` of them, `step` apart.
struct Buckets {
  std::uint64_t step = 3;
  std::uint64_t count = 3;
};

Buckets buckets_of(const Request& request) {
  Buckets buckets;
  buckets.step = std::clamp<std::uint64_t>(parse_u64(request.after("-e")).value_or(3), 1, 16);
  buckets.count = std::clamp<std::uint64_t>(parse_u64(request.after("-b")).value_or(3), 1, 17);
  return buckets;
}

using Rows = std::vector<std::pair<Cell, Histogram>>;

void add_rows(Sheet& sheet, const Rows& rows, const Buckets& buckets) {
  const auto line = [&](const Histogram& h, const Cell& node, bool is_total) {
    Row row{.cells = {{.text = h.ns},
                      {.text = h.name},
                      node,
                      {.text = fmt::format("{:.1f}", h.per_second)}},
            .is_total = is_total};
    for (std::uint64_t i = 0; i < buckets.count; ++i) {
      const std::uint64_t power = i * buckets.step;
      row.cells.push_back(
          {.text = power < h.shares.size() ? fmt::format("{:.2f}", h.shares[power]) : "--"});
    }
    sheet.rows.push_back(std::move(row));
  };
  std::vector<Histogram> all;
  for (const auto& [node, h] : rows) {
    line(h, node, false);
    all.push_back(h);
  }
  line(sum(all), {}, true);
}

std::vector<std::string> questions(Console& console, const std::vector<Member>& members,
                                   const Request& request) {
  std::vector<std::string> commands = {"latencies:"};
  if (!request.has("-v")) return commands;
  for (const std::string& ns : namespaces_of(console, members, request))
    for (const std::string_view kind :
         {"proxy", "benchmarks-read", "benchmarks-write", "benchmarks-udf", "benchmarks-batch-sub",
          "benchmarks-ops-sub", "benchmarks-udf-sub"})
      commands.push_back(fmt::format("latencies:hist={{{}}}-{}", ns, kind));
  commands.emplace_back("latencies:hist=benchmarks-fabric");
  return commands;
}

bool latencies(Console& console, const Request& request) {
  const Buckets buckets = buckets_of(request);
  const auto members = select(console.fleet.members(), request.with);
  const auto commands = questions(console, members, request);
  const auto answers = console.fleet.ask(members, commands);
  std::map<std::pair<std::string, std::string>, Rows> by_name;
  std::string unit = "ms";
  for (std::size_t i = 0; i < members.size(); ++i)
    for (const std::string& command : commands)
      for (const std::string_view part : split(value_of(answers[i], command), ';')) {
        auto histogram = parse_histogram(part);
        if (!histogram || !is_like(histogram->name, request.like) ||
            !is_like(histogram->ns, request.only))
          continue;
        unit = histogram->unit;
        by_name[{histogram->ns, histogram->name}].emplace_back(name_cell(members[i]),
                                                               *std::move(histogram));
      }
  Sheet sheet{.title = "Latency", .columns = {}, .rows = {}};
  sheet.columns = {{"", "Namespace", Align::Left},
                   {"", "Histogram", Align::Left},
                   {"", "Node"},
                   {"", "ops/sec"}};
  for (std::uint64_t i = 0; i < buckets.count; ++i)
    sheet.columns.push_back(
        {"", fmt::format(">{}{}", std::uint64_t{1} << (i * buckets.step), unit)});
  for (const auto& [name, rows] : by_name) add_rows(sheet, rows, buckets);
  console.show(sheet);
  return true;
}

constexpr Command kCommands[] = {
    {"show latencies",
     "[-e step] [-b count] [-v]: operations a second, and the share slower than 1, 8, 64 ms", false,
     &latencies, Words::Any},
};

}  // namespace

std::span<const Command> latency_commands() { return kCommands; }

}  // namespace flotilla::tools::admin
