#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "answers.h"
#include "base/parse.h"
#include "command_tables.h"
#include "info_sheets.h"

/// `show` for where records are: partitions, racks, rosters, and how records spread.
namespace flotilla::tools::admin {
namespace {

Sheet sheet_with(std::string title, std::initializer_list<Column> columns) {
  return {.title = std::move(title), .columns = columns, .rows = {}};
}

struct Owned {
  std::size_t primary = 0;
  std::size_t secondary = 0;
};

/// The partitions of a namespace that a node has, by partition-info; its head names the columns.
Owned count_partitions(std::string_view info, std::string_view ns, std::string_view node) {
  Owned owned;
  const auto rows = split(info, ';');
  const auto head = split(rows.empty() ? std::string_view() : rows[0], ':');
  const auto place = [&](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(head, name) - head.begin());
  };
  const std::size_t replica = place("replica");
  const std::size_t master = place("working_master");
  for (const std::string_view row : rows) {
    const auto fields = split(row, ':');
    if (fields.size() != head.size() || std::max(replica, master) >= fields.size() ||
        fields[0] != ns)
      continue;
    if (fields[master] == node)
      ++owned.primary;
    else if (parse_i64(fields[replica]).value_or(-1) >= 0)
      ++owned.secondary;
  }
  return owned;
}

bool partition_map(Console& console, const Request& request) {
  const auto members = select(console.fleet.members(), request.with);
  const auto names = namespaces_of(console, members, request);
  std::vector<std::string> commands = {"partition-info", "statistics"};
  for (const std::string& ns : names) commands.push_back("namespace/" + ns);
  const auto answers = console.fleet.ask(members, commands);
  Sheet sheet = sheet_with("Partition Map Analysis", {{"", "Namespace", Align::Left},
                                                      {"", "Node"},
                                                      {"", "Cluster Key"},
                                                      {"Partitions", "Primary"},
                                                      {"Partitions", "Secondary"},
                                                      {"Partitions", "Unavailable"},
                                                      {"Partitions", "Dead"}});
  for (const std::string& ns : names) {
    Owned total;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const Owned owned =
          count_partitions(value_of(answers[i], "partition-info"), ns, members[i].id);
      const Answers stats = pairs_of(answers[i], "namespace/" + ns);
      total.primary += owned.primary;
      total.secondary += owned.secondary;
      const auto stat = [&](std::string_view name) {
        return Cell{.text = std::string(value_of(stats, name)),
                    .tint = number_of(stats, name) > 0 ? Tint::Alert : Tint::None};
      };
      sheet.rows.push_back({.cells = {{.text = ns},
                                      name_cell(members[i]),
                                      {.text = std::string(value_of(
                                           pairs_of(answers[i], "statistics"), "cluster_key"))},
                                      {.text = std::to_string(owned.primary)},
                                      {.text = std::to_string(owned.secondary)},
                                      stat("unavailable_partitions"),
                                      stat("dead_partitions")}});
    }
    sheet.rows.push_back({.cells = {{.text = ns},
                                    {},
                                    {},
                                    {.text = std::to_string(total.primary)},
                                    {.text = std::to_string(total.secondary)},
                                    {},
                                    {}},
                          .is_total = true});
  }
  console.show(sheet);
  return true;
}

/// The first answer that is none of an error. Complains with the error when all are.
const Answers* first_answer(Console& console, const std::vector<Answers>& answers,
                            std::string_view command) {
  for (const Answers& answer : answers)
    if (answer.contains(command) && !client::is_info_error(value_of(answer, command)))
      return &answer;
  client::InfoError error{.code = 0, .message = "no node answers"};
  if (!answers.empty()) client::is_info_error(value_of(answers.front(), command), &error);
  console.complain(error.message);
  return nullptr;
}

bool racks(Console& console, const Request& request) {
  const auto members = select(console.fleet.members(), request.with);
  const auto answers = console.fleet.ask(members, {"racks:"});
  const Answers* const answer = first_answer(console, answers, "racks:");
  if (answer == nullptr) return false;
  Sheet sheet = sheet_with(
      "Racks", {{"", "Namespace", Align::Left}, {"", "Rack ID"}, {"", "Nodes", Align::Left}});
  for (const Answers& record : records_of(*answer, "racks:")) {
    for (const auto& [name, nodes] : record) {
      constexpr std::string_view kPrefix = "rack_";
      if (!name.starts_with(kPrefix) || !is_like(value_of(record, "ns"), request.only)) continue;
      sheet.rows.push_back({.cells = {{.text = std::string(value_of(record, "ns"))},
                                      {.text = name.substr(kPrefix.size())},
                                      {.text = nodes}}});
    }
  }
  console.show(sheet);
  return true;
}

bool roster(Console& console, const Request& request) {
  const auto members = select(console.fleet.members(), request.with);
  const auto answers = console.fleet.ask(members, {"roster:"});
  if (first_answer(console, answers, "roster:") == nullptr) return false;
  Sheet sheet = sheet_with("Roster", {{"", "Node"},
                                      {"", "Namespace", Align::Left},
                                      {"", "Current Roster", Align::Left},
                                      {"", "Pending Roster", Align::Left},
                                      {"", "Observed Nodes", Align::Left}});
  for (std::size_t i = 0; i < members.size(); ++i)
    for (const Answers& record : records_of(answers[i], "roster:")) {
      Row row{.cells = {name_cell(members[i])}};
      for (const std::string_view name : {"ns", "roster", "pending_roster", "observed_nodes"})
        row.cells.push_back({.text = std::string(value_of(record, name))});
      if (is_like(row.cells[1].text, request.only)) sheet.rows.push_back(std::move(row));
    }
  console.show(sheet);
  return true;
}

/// "units=U:hist-width=W:bucket-width=B:buckets=n,n,...": where each tenth of the records ends, in
/// units.
std::array<std::uint64_t, 10> tenths_of(std::string_view histogram) {
  std::array<std::uint64_t, 10> ends{};
  std::uint64_t width = 1;
  std::vector<std::uint64_t> buckets;
  for (const auto& [name, value] : client::parse_pairs(histogram, ':')) {
    if (name == "bucket-width") width = parse_u64(value).value_or(1);
    if (name == "buckets")
      for (const std::string_view count : split(value, ','))
        buckets.push_back(parse_u64(count).value_or(0));
  }
  std::uint64_t total = 0;
  for (const std::uint64_t count : buckets) total += count;
  std::uint64_t seen = 0;
  std::size_t tenth = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    seen += buckets[i];
    for (; tenth < ends.size() && total > 0 && seen * 10 >= total * (tenth + 1); ++tenth)
      ends[tenth] = width * (i + 1);
  }
  return ends;
}

bool distribution(Console& console, const Request& request, std::string_view type,
                  std::string_view title) {
  const auto members = select(console.fleet.members(), request.with);
  for (const std::string& ns : namespaces_of(console, members, request)) {
    const std::string command = fmt::format("histogram:namespace={};type={}", ns, type);
    const auto answers = console.fleet.ask(members, {command});
    Sheet sheet = sheet_with(fmt::format("{} - {}", ns, title), {{"", "Node"}});
    for (int percent = 10; percent <= 100; percent += 10)
      sheet.columns.push_back({fmt::format("Percentage of records having {} less than or equal",
                                           type == "ttl" ? "a time to live" : "a size"),
                               fmt::format("{}%", percent)});
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::string_view histogram = value_of(answers[i], command);
      if (client::is_info_error(histogram)) return console.complain(histogram);
      Row row{.cells = {name_cell(members[i])}};
      for (const std::uint64_t end : tenths_of(histogram))
        row.cells.push_back({.text = std::to_string(end)});
      sheet.rows.push_back(std::move(row));
    }
    console.show(sheet);
  }
  return true;
}

bool ttl_distribution(Console& c, const Request& r) {
  return distribution(c, r, "ttl", "TTL Distribution in Seconds");
}
bool size_distribution(Console& c, const Request& r) {
  return distribution(c, r, "object-size-linear", "Object Size Distribution in Bytes");
}
bool distributions(Console& c, const Request& r) {
  return ttl_distribution(c, r) && size_distribution(c, r);
}

/// What can stop writes, and how near it is.
struct Stop {
  std::string_view config;
  std::string_view metric;
  bool is_free;  // The metric is what is left, not what is used.
};
constexpr Stop kStops[] = {
    {"storage-engine.stop-writes-used-pct", "data_used_pct", false},
    {"storage-engine.stop-writes-avail-pct", "data_avail_pct", true},
    {"stop-writes-sys-memory-pct", "system_used_mem_pct", false},
    {"stop-writes-count", "objects", false},
    {"stop-writes-size", "data_used_bytes", false},
};

void add_stops(Sheet& sheet, const Member& member, const std::string& ns, const std::string& set,
               const Answers& stats) {
  for (const Stop& stop : kStops) {
    if (!stats.contains(stop.config) || !stats.contains(stop.metric)) continue;
    const double limit = number_of(stats, stop.config);
    const double is = number_of(stats, stop.metric);
    if (limit <= 0) continue;
    const bool stopped = stop.is_free ? is < limit : is >= limit;
    const double usage = stop.is_free ? 100 * (100 - is) / (100 - limit) : 100 * is / limit;
    sheet.rows.push_back(
        {.cells = {{.text = std::string(stop.config)},
                   {.text = ns},
                   {.text = set},
                   name_cell(member),
                   {.text = stopped ? "True" : "False", .tint = stopped ? Tint::Alert : Tint::None},
                   {.text = std::string(stop.metric)},
                   {.text = fmt::format("{:.1f} %", usage)},
                   {.text = fmt::format("{:.0f}", is)},
                   {.text = fmt::format("{:.0f}", limit)}}});
  }
}

bool stop_writes(Console& console, const Request& request) {
  const auto members = select(console.fleet.members(), request.with);
  const auto names = namespaces_of(console, members, request);
  std::vector<std::string> commands = {"statistics", "sets"};
  for (const std::string& ns : names) commands.push_back("namespace/" + ns);
  const auto answers = console.fleet.ask(members, commands);
  Sheet sheet = sheet_with("Stop Writes", {{"", "Config", Align::Left},
                                           {"", "Namespace", Align::Left},
                                           {"", "Set", Align::Left},
                                           {"", "Node"},
                                           {"", "Stop-Writes", Align::Left},
                                           {"", "Metric", Align::Left},
                                           {"", "Usage%"},
                                           {"", "Usage"},
                                           {"", "Threshold"}});
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Answers service = pairs_of(answers[i], "statistics");
    for (const std::string& ns : names) {
      Answers stats = pairs_of(answers[i], "namespace/" + ns);
      if (service.contains("system_free_mem_pct"))
        stats["system_used_mem_pct"] =
            fmt::format("{:.0f}", 100 - number_of(service, "system_free_mem_pct"));
      add_stops(sheet, members[i], ns, "--", stats);
    }
    for (const Answers& set : records_of(answers[i], "sets"))
      if (is_like(value_of(set, "ns"), request.only))
        add_stops(sheet, members[i], std::string(value_of(set, "ns")),
                  std::string(value_of(set, "set")), set);
  }
  console.show(sheet);
  return true;
}

constexpr Command kCommands[] = {
    {"show pmap", "How many partitions each node has", false, &partition_map},
    {"show racks", "Racks and their nodes", false, &racks},
    {"show roster", "Rosters of strongly consistent namespaces", false, &roster},
    {"show distribution", "How times to live and sizes spread", false, &distributions},
    {"show distribution time_to_live", "Tenths of the records by time to live", false,
     &ttl_distribution},
    {"show distribution object_size", "[-b]: tenths of the records by size in bytes", false,
     &size_distribution, Words::Any},
    {"show stop-writes", "How near each limit is at which writes stop", false, &stop_writes},
};

}  // namespace

std::span<const Command> placement_commands() { return kCommands; }

}  // namespace flotilla::tools::admin
