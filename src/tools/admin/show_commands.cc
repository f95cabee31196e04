#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <set>

#include "answers.h"
#include "base/bytes.h"
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
    client::InfoError error;
    if (client::is_info_error(answer, &error)) return console.complain(error.message);
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

bool module_text(Console& console, const Request& request) {
  const auto members = select(console.fleet.members(), request.with);
  const std::string command = "udf-get:filename=" + request.words[0];
  for (const Answers& answer : console.fleet.ask(members, {command})) {
    Buffer content;
    const Answers pairs = pairs_of(answer, command);
    if (!from_base64(value_of(pairs, "content"), content) || content.empty()) continue;
    console.out << as_text(content) << '\n';
    return true;
  }
  return console.complain(fmt::format("there is no module '{}'", request.words[0]));
}

bool indexes(Console& c, const Request& r) {
  return records_sheet(c, r, "Secondary Indexes", "sindex-list:", ':');
}
bool modules(Console& c, const Request& r) {
  if (!r.words.empty()) return module_text(c, r);
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

/// Statistics of things that records of an answer name: one sheet for each.
bool each_record(Console& console, const Request& request, const std::string& command,
                 std::initializer_list<std::string_view> keys, std::string_view title) {
  const auto members = select(console.fleet.members(), request.with);
  const auto answers = console.fleet.ask(members, {command});
  std::map<std::string, std::vector<Answers>> by_name;
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (Answers& record : records_of(answers[i], command)) {
      if (!is_like(value_of(record, "ns"), request.only)) continue;
      std::string name;
      for (const std::string_view key : keys) {
        name += fmt::format("{}{}", name.empty() ? "" : " ", value_of(record, key));
        record.erase(std::string(key));
      }
      auto& rows = by_name[name];
      rows.resize(members.size());
      rows[i] = std::move(record);
    }
  }
  for (auto& [name, stats] : by_name)
    console.show(sheet_of({fmt::format("{} {}", name, title), std::move(stats)}, members, request));
  if (by_name.empty()) console.show(sheet_of({std::string(title), {}}, members, request));
  return true;
}

bool set_statistics(Console& c, const Request& r) {
  return each_record(c, r, "sets", {"ns", "set"}, "Set Statistics");
}
bool index_statistics(Console& c, const Request& r) {
  return each_record(c, r, "sindex-list:", {"ns", "indexname"}, "Sindex Statistics");
}

bool logging_config(Console& console, const Request& request) {
  const auto members = select(console.fleet.members(), request.with);
  const auto logs = console.fleet.ask(members, {"logs"});
  std::set<std::string> sinks;
  for (const Answers& answer : logs)
    for (const std::string_view part : split(value_of(answer, "logs"), ';'))
      if (!part.empty()) sinks.emplace(part);
  for (const std::string& sink : sinks) {
    const std::string command = "log/" + sink.substr(0, sink.find(':'));
    const auto answers = console.fleet.ask(members, {command});
    std::vector<Answers> levels;
    for (const Answers& answer : answers) {
      Answers pairs;
      for (const std::string_view part : split(value_of(answer, command), ';'))
        if (const std::size_t colon = part.find(':'); colon != std::string_view::npos)
          pairs[std::string(part.substr(0, colon))] = part.substr(colon + 1);
      levels.push_back(std::move(pairs));
    }
    console.show(sheet_of({fmt::format("{} Logging Configuration", sink.substr(sink.find(':') + 1)),
                           std::move(levels)},
                          members, request));
  }
  return true;
}

bool user_agents(Console& console, const Request& request) {
  const auto members = select(console.fleet.members(), request.with);
  const auto answers = console.fleet.ask(members, {"user-agents"});
  Sheet sheet{.title = "User Agents", .columns = {}, .rows = {}};
  for (const std::string_view title : {"Node", "Client Version", "App ID", "Count"})
    sheet.columns.push_back({.group = {}, .title = std::string(title)});
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (const Answers& record : records_of(answers[i], "user-agents")) {
      // "format,client,application" in base64, or a plain word.
      Buffer bytes;
      const std::string_view coded = value_of(record, "user-agent");
      const std::string text =
          from_base64(coded, bytes) ? std::string(as_text(bytes)) : std::string(coded);
      const auto parts = split(text, ',');
      const bool whole = parts.size() >= 3;
      sheet.rows.push_back({.cells = {name_cell(members[i]),
                                      {.text = std::string(whole ? parts[1] : parts[0])},
                                      {.text = std::string(whole ? parts[2] : "--")},
                                      {.text = std::string(value_of(record, "count"))}}});
    }
  }
  console.show(sheet);
  return true;
}

bool no_bins(Console& console, const Request&) {
  return console.complain("servers count the names of bins no more: there is no limit to them");
}

bool masking(Console& c, const Request& r) {
  return records_sheet(c, r, "Masking Rules", "masking-show:", ':');
}

bool no_users(Console& console, const Request&) {
  return console.complain("users and roles are not available in this version");
}

constexpr Command kCommands[] = {
    {"show statistics", "Statistics of nodes and namespaces; a column a node", false, &statistics},
    {"show statistics service", "Of nodes", false, &service_statistics},
    {"show statistics namespace", "Of namespaces ('for' chooses)", false, &namespace_statistics},
    {"show statistics sets", "Of sets ('for' chooses namespaces)", false, &set_statistics},
    {"show statistics sindex", "Of secondary indexes", false, &index_statistics},
    {"show statistics xdr", "Of replication to other clusters", false, &no_xdr},
    {"show statistics bins", "Of bins", false, &no_bins},
    {"show config", "Configuration of service, network, and namespaces", false, &config},
    {"show config service", "Of service", false, &service_config},
    {"show config network", "Of network", false, &network_config},
    {"show config security", "Of security", false, &security_config},
    {"show config namespace", "Of namespaces ('for' chooses)", false, &namespace_config},
    {"show config xdr", "Of replication to other clusters", false, &no_xdr},
    {"show config logging", "Levels of the logs", false, &logging_config},
    {"show user-agents", "Which clients are connected", false, &user_agents},
    {"show users", "Who may log in", false, &no_users, Words::Any},
    {"show roles", "What users may do", false, &no_users, Words::Any},
    {"show sindex", "Secondary indexes", false, &indexes},
    {"show udfs", "Modules of user-defined functions", false, &modules, Words::Any},
    {"show jobs", "Queries at work and done", false, &jobs},
    {"show jobs queries", "The same", false, &jobs},
    {"show masking", "Rules that hide values", false, &masking},
    {"show mapping", "Addresses and ids of nodes", false, &mapping},
    {"show best-practices", "What nodes advise against in their own configuration", false,
     &best_practices},
};

}  // namespace

std::span<const Command> show_commands() { return kCommands; }

}  // namespace flotilla::tools::admin
