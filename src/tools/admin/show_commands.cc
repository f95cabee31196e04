#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/parse.h"
#include "command_tables.h"
#include "info_sheets.h"

namespace flotilla::tools::admin {
namespace {

/// A figure of each member under one name; a column a member.
struct Comparison {
  std::string title;
  std::vector<Answers> stats;  // By member.
};

bool is_like(std::string_view name, const std::vector<std::string>& like) {
  return like.empty() || std::ranges::any_of(like, [&](const std::string& part) {
           return name.find(part) != std::string_view::npos;
         });
}

Sheet sheet_of(const Comparison& comparison, const std::vector<Member>& members,
               const Request& request) {
  Sheet sheet{.title = comparison.title,
              .columns = {{.group = {}, .title = "Node", .align = Align::Left}},
              .rows = {}};
  for (const Member& member : members)
    sheet.columns.push_back({.group = {}, .title = member.name, .align = Align::Left});
  std::set<std::string> names;
  for (const Answers& stats : comparison.stats)
    for (const auto& [name, value] : stats)
      if (is_like(name, request.like)) names.insert(name);
  for (const std::string& name : names) {
    Row row{.cells = {{.text = name}}};
    bool differs = false;
    for (const Answers& stats : comparison.stats) {
      row.cells.push_back({.text = stats.contains(name) ? stats.at(name) : "--"});
      differs |= row.cells.back().text != row.cells[1].text;
    }
    if (differs || !request.diff) sheet.rows.push_back(std::move(row));
  }
  return sheet;
}

std::vector<Answers> pairs_of_all(const std::vector<Answers>& answers, std::string_view command) {
  std::vector<Answers> pairs;
  for (const Answers& answer : answers) pairs.push_back(pairs_of(answer, command));
  return pairs;
}

std::set<std::string> namespaces_of(Console& console, const std::vector<Member>& members,
                                    const Request& request) {
  std::set<std::string> names;
  for (const Answers& answer : console.fleet.ask(members, {"namespaces"}))
    for (const std::string_view name : split(value_of(answer, "namespaces"), ';'))
      if (!name.empty() && is_like(name, request.only)) names.emplace(name);
  return names;
}

bool compare(Console& console, const Request& request, std::string title,
             const std::string& command) {
  const auto members = select(console.fleet.members(), request.with);
  const auto answers = console.fleet.ask(members, {command});
  console.show(sheet_of({std::move(title), pairs_of_all(answers, command)}, members, request));
  return true;
}

bool service_statistics(Console& c, const Request& r) {
  return compare(c, r, "Service Statistics", "statistics");
}

bool each_namespace(Console& console, const Request& request, std::string_view title,
                    std::string_view command) {
  const auto members = select(console.fleet.members(), request.with);
  for (const std::string& ns : namespaces_of(console, members, request)) {
    const std::string asked = fmt::format(fmt::runtime(command), ns);
    const auto answers = console.fleet.ask(members, {asked});
    console.show(sheet_of({fmt::format("{} {}", ns, title), pairs_of_all(answers, asked)}, members,
                          request));
  }
  return true;
}

bool namespace_statistics(Console& c, const Request& r) {
  return each_namespace(c, r, "Namespace Statistics", "namespace/{}");
}
bool statistics(Console& c, const Request& r) {
  return service_statistics(c, r) && namespace_statistics(c, r);
}

bool service_config(Console& c, const Request& r) {
  return compare(c, r, "Service Configuration", "get-config:context=service");
}
bool network_config(Console& c, const Request& r) {
  return compare(c, r, "Network Configuration", "get-config:context=network");
}
bool security_config(Console& c, const Request& r) {
  return compare(c, r, "Security Configuration", "get-config:context=security");
}
bool namespace_config(Console& c, const Request& r) {
  return each_namespace(c, r, "Namespace Configuration",
                        "get-config:context=namespace;namespace={}");
}
bool config(Console& c, const Request& r) {
  return service_config(c, r) && network_config(c, r) && namespace_config(c, r);
}

/// The whole answer of each member, in one column.
bool answers_sheet(Console& console, const Request& request, std::string title,
                   const std::string& command) {
  const auto members = select(console.fleet.members(), request.with);
  const auto answers = console.fleet.ask(members, {command});
  Sheet sheet{.title = std::move(title),
              .columns = {{.group = {}, .title = "Node"},
                          {.group = {}, .title = "Response", .align = Align::Left}},
              .rows = {}};
  for (std::size_t i = 0; i < members.size(); ++i)
    sheet.rows.push_back(
        {.cells = {name_cell(members[i]), {.text = std::string(value_of(answers[i], command))}}});
  console.show(sheet);
  return true;
}

bool best_practices(Console& c, const Request& r) {
  return answers_sheet(c, r, "Best Practices", "best-practices");
}

/// Records "k=v:k=v;..." as rows, once each, whichever members tell them.
bool records_sheet(Console& console, const Request& request, std::string title,
                   const std::string& command, char pair_separator) {
  const auto members = select(console.fleet.members(), request.with);
  const auto answers = console.fleet.ask(members, {command});
  Sheet sheet{.title = std::move(title), .columns = {{.group = {}, .title = "Node"}}, .rows = {}};
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string_view answer = value_of(answers[i], command);
    if (client::is_info_error(answer)) return console.complain(answer);
    for (const std::string_view part : split(answer, ';')) {
      Row row{.cells = {name_cell(members[i])}};
      for (auto& [name, value] : client::parse_pairs(part, pair_separator)) {
        const auto at = std::ranges::find(sheet.columns, name, &Column::title);
        const auto column = static_cast<std::size_t>(at - sheet.columns.begin());
        if (at == sheet.columns.end())
          sheet.columns.push_back({.group = {}, .title = name, .align = Align::Left});
        row.cells.resize(std::max(row.cells.size(), column + 1));
        row.cells[column].text = std::move(value);
      }
      if (row.cells.size() > 1) sheet.rows.push_back(std::move(row));
    }
  }
  for (Row& row : sheet.rows) row.cells.resize(sheet.columns.size());
  console.show(sheet);
  return true;
}

bool indexes(Console& c, const Request& r) {
  return records_sheet(c, r, "Secondary Indexes", "sindex-list:", ':');
}
bool modules(Console& c, const Request& r) {
  return records_sheet(c, r, "UDF Modules", "udf-list", ',');
}
bool jobs(Console& c, const Request& r) {
  return records_sheet(c, r, "Query Jobs", "query-show", ':');
}

bool mapping(Console& console, const Request& request) {
  Sheet sheet{.title = "IP to NODE-ID Mappings",
              .columns = {{.group = {}, .title = "IP"}, {.group = {}, .title = "Node ID"}},
              .rows = {}};
  for (const Member& member : select(console.fleet.members(), request.with))
    sheet.rows.push_back({.cells = {{.text = member.address}, {.text = member.id}}});
  console.show(sheet);
  return true;
}

/// "{ns}-read:msec,tps,%>1,%>2,%>4,...;..."
bool latencies(Console& console, const Request& request) {
  constexpr std::size_t kShown[] = {0, 3, 6};  // Of the powers of two.
  const auto members = select(console.fleet.members(), request.with);
  const auto answers = console.fleet.ask(members, {"latencies:"});
  Sheet sheet{.title = "Latency", .columns = {}, .rows = {}};
  for (const std::string_view title : {"Histogram", "Node", "ops/sec"})
    sheet.columns.push_back({.group = {}, .title = std::string(title)});
  for (const std::size_t power : kShown)
    sheet.columns.push_back({.group = {}, .title = fmt::format(">{}ms", 1U << power)});
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (const std::string_view part : split(value_of(answers[i], "latencies:"), ';')) {
      const std::size_t colon = part.rfind(':');
      const auto fields = split(part.substr(colon + 1), ',');
      if (colon == std::string_view::npos || fields.size() < 9 || !is_like(part, request.like))
        continue;
      Row row{.cells = {{.text = std::string(part.substr(0, colon))},
                        name_cell(members[i]),
                        {.text = std::string(fields[1])}}};
      for (const std::size_t power : kShown)
        row.cells.push_back({.text = std::string(fields[2 + power])});
      sheet.rows.push_back(std::move(row));
    }
  }
  std::ranges::stable_sort(sheet.rows, {}, [](const Row& row) { return row.cells[0].text; });
  console.show(sheet);
  return true;
}

constexpr Command kCommands[] = {
    {"show statistics", "Statistics of nodes and namespaces; a column a node", false, &statistics},
    {"show statistics service", "Of nodes", false, &service_statistics},
    {"show statistics namespace", "Of namespaces ('for' chooses)", false, &namespace_statistics},
    {"show config", "Configuration of service, network, and namespaces", false, &config},
    {"show config service", "Of service", false, &service_config},
    {"show config network", "Of network", false, &network_config},
    {"show config security", "Of security", false, &security_config},
    {"show config namespace", "Of namespaces ('for' chooses)", false, &namespace_config},
    {"show latencies", "Operations a second, and the share slower than 1, 8, and 64 ms", false,
     &latencies},
    {"show sindex", "Secondary indexes", false, &indexes},
    {"show udfs", "Modules of user-defined functions", false, &modules},
    {"show jobs", "Queries at work and done", false, &jobs},
    {"show mapping", "Addresses and ids of nodes", false, &mapping},
    {"show best-practices", "What nodes advise against in their own configuration", false,
     &best_practices},
};

}  // namespace

std::span<const Command> show_commands() { return kCommands; }

}  // namespace flotilla::tools::admin
