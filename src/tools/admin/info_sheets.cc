#include "info_sheets.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "answers.h"
#include "base/parse.h"
#include "stat_columns.h"

namespace flotilla::tools::admin {
namespace {

constexpr StatColumn kNetwork[] = {
    {"", "Migrations", Figure::Count, "migrate_partitions_remaining", {}, Total::None, true},
    {"Cluster", "Size", Figure::Text, "cluster_size"},
    {"Cluster", "Key", Figure::Text, "cluster_key"},
    {"Cluster", "Integrity", Figure::Bool, "cluster_integrity"},
    {"Cluster", "Principal", Figure::Text, "cluster_principal", "paxos_principal"},
    {"", "Client Conns", Figure::Text, "client_connections"},
    {"", "Uptime", Figure::Seconds, "uptime"},
};

constexpr StatColumn kUsage[] = {
    {"", "Evictions", Figure::Count, "evicted_objects", {}, Total::Sum},
    {"", "Stop Writes", Figure::Bool, "stop_writes", {}, Total::None, true},
    {"System Memory", "Avail%", Figure::Percent, "system_free_mem_pct"},
    {"System Memory", "Evict%", Figure::Percent, "evict-sys-memory-pct"},
    {"System Memory", "Stop%", Figure::Percent, "stop-writes-sys-memory-pct"},
    {"Primary Index", "Type", Figure::Text, "index-type"},
    {"Primary Index", "Used", Figure::Bytes, "index_used_bytes", {}, Total::Sum},
    {"Primary Index", "Used%", Figure::Percent, "indexes_memory_used_pct"},
    {"Primary Index", "Evict%", Figure::Percent, "evict-indexes-memory-pct"},
    {"Secondary Index", "Type", Figure::Text, "sindex-type"},
    {"Secondary Index", "Used", Figure::Bytes, "sindex_used_bytes", {}, Total::Sum},
    {"Secondary Index", "Used%", Figure::Percent, "sindex_mounts_used_pct"},
    {"Secondary Index", "Evict%", Figure::Percent, "sindex-type.evict-mounts-pct"},
    {"Storage Engine", "Type", Figure::Text, "storage-engine"},
    {"Storage Engine", "Used", Figure::Bytes, "data_used_bytes", {}, Total::Sum},
    {"Storage Engine", "Used%", Figure::Percent, "data_used_pct"},
    {"Storage Engine", "Evict%", Figure::Percent, "storage-engine.evict-used-pct",
     "evict-used-pct"},
    {"Storage Engine", "Used Stop%", Figure::Percent, "storage-engine.stop-writes-used-pct",
     "stop-writes-used-pct"},
    {"Storage Engine", "Avail%", Figure::Percent, "data_avail_pct"},
    {"Storage Engine", "Avail Stop%", Figure::Percent, "storage-engine.stop-writes-avail-pct",
     "stop-writes-avail-pct"},
};

constexpr StatColumn kObjects[] = {
    {"", "Rack ID", Figure::Text, "rack-id"},
    {"", "Repl Factor", Figure::Text, "effective_replication_factor"},
    {"", "Expirations", Figure::Count, "expired_objects", {}, Total::Sum},
    {"", "Total Records", Figure::Count, "objects", {}, Total::Sum},
    {"Objects", "Master", Figure::Count, "master_objects", {}, Total::Sum},
    {"Objects", "Prole", Figure::Count, "prole_objects", {}, Total::Sum},
    {"Objects", "Non-Replica", Figure::Count, "non_replica_objects", {}, Total::Sum},
    {"Tombstones", "Master", Figure::Count, "master_tombstones", {}, Total::Sum},
    {"Tombstones", "Prole", Figure::Count, "prole_tombstones", {}, Total::Sum},
    {"Tombstones", "Non-Replica", Figure::Count, "non_replica_tombstones", {}, Total::Sum},
    {"Pending Migrates",
     "Tx",
     Figure::Count,
     "migrate_tx_partitions_remaining",
     {},
     Total::Sum,
     true},
    {"Pending Migrates",
     "Rx",
     Figure::Count,
     "migrate_rx_partitions_remaining",
     {},
     Total::Sum,
     true},
};

// What the sheet works out itself, among what the node says.
constexpr std::string_view kSizeUsed = "size quota used";
constexpr std::string_view kCountUsed = "records quota used";

constexpr StatColumn kSets[] = {
    {"", "Set Delete", Figure::Bool, "truncating"},
    {"", "Storage Engine Used", Figure::Bytes, "data_used_bytes", {}, Total::Sum},
    {"Size Quota", "Total", Figure::Bytes, "stop-writes-size"},
    {"Size Quota", "Used%", Figure::Percent, kSizeUsed},
    {"", "Total Records", Figure::Count, "objects", {}, Total::Sum},
    {"Records Quota", "Total", Figure::Count, "stop-writes-count"},
    {"Records Quota", "Used%", Figure::Percent, kCountUsed},
    {"", "Disable Eviction", Figure::Bool, "disable-eviction"},
    {"", "Set Index", Figure::Bool, "enable-index"},
};

constexpr std::string_view kQueries = "queries";
constexpr std::string_view kUpdates = "updates";

constexpr StatColumn kIndexes[] = {
    {"", "Set", Figure::Text, "set"},
    {"", "Bin", Figure::Text, "bin"},
    {"", "Bin Type", Figure::Text, "type"},
    {"", "State", Figure::Text, "state"},
    {"Entries", "Total", Figure::Count, "entries", {}, Total::Sum},
    {"Entries", "Avg Per Rec", Figure::Text, "entries_per_rec"},
    {"Entries", "Avg Per Bin Val", Figure::Text, "entries_per_bval"},
    {"Storage", "Type", Figure::Text, "sindex-type"},
    {"Storage", "Used", Figure::Bytes, "used_bytes", {}, Total::Sum},
    {"", "Context", Figure::Text, "context"},
    {"", "Expression", Figure::Text, "exp"},
    {"", "Queries", Figure::Count, kQueries, {}, Total::Sum},
    {"", "Updates", Figure::Count, kUpdates, {}, Total::Sum},
};

constexpr StatColumn kTransactions[] = {
    {"Verify Read", "Success", Figure::Count, "mrt_verify_read_success", {}, Total::Sum},
    {"Verify Read", "Error", Figure::Count, "mrt_verify_read_error", {}, Total::Sum},
    {"Verify Read", "Timeout", Figure::Count, "mrt_verify_read_timeout", {}, Total::Sum},
    {"Roll Forward", "Success", Figure::Count, "mrt_roll_forward_success", {}, Total::Sum},
    {"Roll Forward", "Error", Figure::Count, "mrt_roll_forward_error", {}, Total::Sum},
    {"Roll Forward", "Timeout", Figure::Count, "mrt_roll_forward_timeout", {}, Total::Sum},
    {"Roll Back", "Success", Figure::Count, "mrt_roll_back_success", {}, Total::Sum},
    {"Roll Back", "Error", Figure::Count, "mrt_roll_back_error", {}, Total::Sum},
    {"Roll Back", "Timeout", Figure::Count, "mrt_roll_back_timeout", {}, Total::Sum},
};

constexpr StatColumn kRelease[] = {
    {"", "Version", Figure::Text, "version"}, {"", "Edition", Figure::Text, "edition"},
    {"", "OS", Figure::Text, "os"},           {"", "Arch", Figure::Text, "arch"},
    {"", "SHA", Figure::Text, "sha"},
};

/// "C-8.1.2.0": the edition's letter before the version.
std::string build_of(const Answers& answers) {
  const Answers release = pairs_of(answers, "release");
  const auto at = answers.find("build");
  const std::string build = at == answers.end() ? std::string() : at->second;
  const std::string_view edition = value_of(release, "edition");
  for (const auto& [word, letter] : {std::pair("Enterprise", 'E'), std::pair("Federal", 'F')})
    if (edition.find(word) != std::string_view::npos) return fmt::format("{}-{}", letter, build);
  return "C-" + build;
}

/// Rows of statistics about one subject (a namespace, a set, an index): one a member, then their
/// totals.
void add_subject(Sheet& sheet, std::span<const StatColumn> columns,
                 const std::vector<Cell>& subject,
                 const std::vector<std::pair<Cell, Answers>>& rows) {
  std::vector<Answers> stats;
  for (const auto& [name, answers] : rows) {
    Row row{.cells = subject};
    row.cells.push_back(name);
    for (const StatColumn& column : columns) row.cells.push_back(cell_of(column, answers));
    sheet.rows.push_back(std::move(row));
    stats.push_back(answers);
  }
  Row total{.cells = subject, .is_total = true};
  total.cells.push_back({});
  for (Cell& cell : totals_of(columns, stats)) total.cells.push_back(std::move(cell));
  sheet.rows.push_back(std::move(total));
}

Sheet sheet_of(std::string title, std::initializer_list<std::string_view> subject,
               std::span<const StatColumn> columns) {
  Sheet sheet{.title = std::move(title), .columns = {}, .rows = {}};
  for (const std::string_view name : subject)
    sheet.columns.push_back({.group = {}, .title = std::string(name), .align = Align::Left});
  sheet.columns.push_back({.group = {}, .title = "Node", .align = Align::Right});
  for (const StatColumn& column : columns) sheet.columns.push_back(column_of(column));
  return sheet;
}

/// `only`: of namespaces whose statistics fulfil it.
Sheet namespace_sheet(
    const Fleet& fleet, const std::vector<Member>& members, std::string title,
    std::span<const StatColumn> columns,
    bool (*only)(const Answers&) = [](const Answers&) { return true; }) {
  const auto names = namespaces_of(fleet.ask(members, {"namespaces"}));
  std::vector<std::string> commands = {"statistics", "rack-ids"};
  for (const std::string& name : names) commands.push_back("namespace/" + name);
  const auto answers = fleet.ask(members, commands);
  Sheet sheet = sheet_of(std::move(title), {"Namespace"}, columns);
  for (const std::string& name : names) {
    std::vector<std::pair<Cell, Answers>> rows;
    for (std::size_t i = 0; i < members.size(); ++i) {
      Answers stats = pairs_of(answers[i], "namespace/" + name);
      if (stats.empty() || !only(stats)) continue;
      stats["system_free_mem_pct"] =
          value_of(pairs_of(answers[i], "statistics"), "system_free_mem_pct");
      rows.emplace_back(name_cell(members[i]), std::move(stats));
    }
    if (!rows.empty()) add_subject(sheet, columns, {Cell{.text = name}}, rows);
  }
  return sheet;
}

using Subject = std::pair<std::string, std::string>;
using SubjectRows = std::map<Subject, std::vector<std::pair<Cell, Answers>>>;

Sheet subjects_sheet(std::string title, std::initializer_list<std::string_view> names,
                     std::span<const StatColumn> columns, const SubjectRows& subjects) {
  Sheet sheet = sheet_of(std::move(title), names, columns);
  for (const auto& [subject, rows] : subjects)
    add_subject(sheet, columns, {Cell{.text = subject.first}, Cell{.text = subject.second}}, rows);
  return sheet;
}

/// How much of a quota is used, in percent; nothing where there is no quota.
void add_share(Answers& stats, std::string_view name, std::string_view used,
               std::string_view quota) {
  const double limit = number_of(stats, quota);
  if (limit > 0) stats[std::string(name)] = fmt::format("{}", 100 * number_of(stats, used) / limit);
}

/// The sum of statistics that there are; nothing where there is none.
void add_sum(Answers& stats, std::string_view name, std::initializer_list<std::string_view> parts) {
  double sum = 0;
  bool is_known = false;
  for (const std::string_view part : parts) {
    is_known |= stats.contains(part);
    sum += number_of(stats, part);
  }
  if (is_known) stats[std::string(name)] = fmt::format("{:.0f}", sum);
}

}  // namespace

Cell name_cell(const Member& member) {
  const std::string mark = member.is_principal ? "*" : (member.is_self ? "@" : "");
  const Tint tint = member.is_principal ? Tint::Good : (member.is_self ? Tint::Note : Tint::None);
  return {.text = mark + member.name, .raw = member.name, .tint = tint};
}

Cell id_cell(const Member& member) {
  Cell cell = name_cell(member);
  cell.text = cell.text.substr(0, cell.text.size() - member.name.size()) + member.id;
  cell.raw = member.id;
  return cell;
}

Sheet network_sheet(const Fleet& fleet, const std::vector<Member>& members) {
  const auto answers =
      fleet.ask(members, {"node", "build", "statistics", "cluster-name", "release"});
  Sheet sheet{.title = "Network Information", .columns = {}, .rows = {}};
  for (const std::string_view name : {"Node", "Node ID", "IP", "Build"})
    sheet.columns.push_back({.group = {}, .title = std::string(name), .align = Align::Right});
  for (const StatColumn& column : kNetwork) sheet.columns.push_back(column_of(column));
  for (std::size_t i = 0; i < members.size(); ++i) {
    Row row{.cells = {name_cell(members[i]),
                      id_cell(members[i]),
                      {.text = members[i].address},
                      {.text = build_of(answers[i])}}};
    const Answers statistics = pairs_of(answers[i], "statistics");
    for (const StatColumn& column : kNetwork) row.cells.push_back(cell_of(column, statistics));
    sheet.rows.push_back(std::move(row));
  }
  return sheet;
}

Sheet namespace_usage_sheet(const Fleet& fleet, const std::vector<Member>& members) {
  return namespace_sheet(fleet, members, "Namespace Usage Information", kUsage);
}

Sheet namespace_object_sheet(const Fleet& fleet, const std::vector<Member>& members) {
  return namespace_sheet(fleet, members, "Namespace Object Information", kObjects);
}

Sheet transaction_sheet(const Fleet& fleet, const std::vector<Member>& members) {
  return namespace_sheet(
      fleet, members, "Transaction Information", kTransactions,
      [](const Answers& stats) { return truth_of(stats, "strong-consistency"); });
}

Sheet set_sheet(const Fleet& fleet, const std::vector<Member>& members) {
  const auto answers = fleet.ask(members, {"sets"});
  SubjectRows subjects;
  for (std::size_t i = 0; i < members.size(); ++i)
    for (Answers& record : records_of(answers[i], "sets")) {
      add_share(record, kSizeUsed, "data_used_bytes", "stop-writes-size");
      add_share(record, kCountUsed, "objects", "stop-writes-count");
      subjects[{std::string(value_of(record, "ns")), std::string(value_of(record, "set"))}]
          .emplace_back(name_cell(members[i]), std::move(record));
    }
  return subjects_sheet("Set Information", {"Namespace", "Set"}, kSets, subjects);
}

Sheet sindex_sheet(const Fleet& fleet, const std::vector<Member>& members) {
  std::vector<std::string> questions = {"sindex-list:"};
  for (const std::string& ns : namespaces_of(fleet.ask(members, {"namespaces"})))
    questions.push_back("namespace/" + ns);
  const auto lists = fleet.ask(members, questions);
  SubjectRows subjects;
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (Answers& record : records_of(lists[i], "sindex-list:")) {
      const std::string ns(value_of(record, "ns"));
      const std::string name(value_of(record, "indexname"));
      const std::string command = fmt::format("sindex-stat:namespace={};indexname={}", ns, name);
      const auto stats = fleet.ask({members[i]}, {command});
      for (const auto& [key, value] : pairs_of(stats[0], command)) record[key] = value;
      add_sum(record, kQueries,
              {"query_reqs", "query_basic_complete", "query_basic_error", "query_basic_abort"});
      add_sum(record, kUpdates, {"write_success", "delete_success"});
      record["sindex-type"] = value_of(pairs_of(lists[i], "namespace/" + ns), "sindex-type");
      subjects[{name, ns}].emplace_back(name_cell(members[i]), std::move(record));
    }
  }
  return subjects_sheet("Secondary Index Information", {"Index Name", "Namespace"}, kIndexes,
                        subjects);
}

Sheet release_sheet(const Fleet& fleet, const std::vector<Member>& members) {
  const auto answers = fleet.ask(members, {"release"});
  Sheet sheet = sheet_of("Release Information", {}, kRelease);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Answers release = pairs_of(answers[i], "release");
    Row row{.cells = {name_cell(members[i])}};
    for (const StatColumn& column : kRelease) row.cells.push_back(cell_of(column, release));
    sheet.rows.push_back(std::move(row));
  }
  return sheet;
}

}  // namespace flotilla::tools::admin
