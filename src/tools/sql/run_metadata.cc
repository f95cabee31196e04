#include <fmt/format.h>

#include "base/parse.h"
#include "context.h"

namespace flotilla::tools::sql {
namespace {

using client::Bin;
using client::Value;

/// Rows that one node's answer to an info command holds.
using Rows = std::vector<std::vector<Bin>>;

Rows names(std::string_view answer, const std::string& column) {
  Rows rows;
  for (const std::string_view name : split(answer, ';'))
    if (!name.empty()) rows.push_back({{column, name}});
  return rows;
}

/// "k=v:k=v;k=v:k=v;" or with other separators.
Rows pairs(std::string_view answer, char pair_separator) {
  Rows rows;
  for (const std::string_view part : split(answer, ';')) {
    std::vector<Bin> cells;
    for (auto& [key, value] : client::parse_pairs(part, pair_separator))
      cells.push_back({std::move(key), std::move(value)});
    if (!cells.empty()) rows.push_back(std::move(cells));
  }
  return rows;
}

Rows one_row_a_pair(std::string_view answer) {
  Rows rows;
  for (auto& [key, value] : client::parse_pairs(answer))
    rows.push_back({{"name", std::move(key)}, {"value", std::move(value)}});
  return rows;
}

/// Asks every node and shows one set of rows for each that answers.
bool show_each_node(const Context& context, const std::string& command,
                    const std::function<Rows(std::string_view)>& rows_of) {
  for (const client::NodeName& node : context.client.nodes()) {
    const double start = context.clock();
    const auto answer = context.ask(node.name, command);
    if (!answer) return context.fail(answer.error());
    client::InfoError error;
    if (client::is_info_error(*answer, &error)) return context.fail(error.code, error.message);
    context.writer.begin({});
    for (const auto& cells : rows_of(*answer)) context.writer.row(cells);
    context.writer.end_rows(node.address.text(), context.clock() - start);
  }
  return context.succeed();
}

/// "ns:bin_names=2,bin_names_quota=65535,a,b;..." as servers before 7.0 have it: a row for each
/// bin.
Rows bins(std::string_view answer) {
  Rows rows;
  for (const std::string_view part : split(answer, ';')) {
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) continue;
    for (const std::string_view name : split(part.substr(colon + 1), ','))
      if (!name.empty() && name.find('=') == std::string_view::npos)
        rows.push_back({{"ns", part.substr(0, colon)}, {"bin", name}});
  }
  return rows;
}

/// Whether the nodes are too new to count the names of bins.
bool has_no_bin_names(const Context& context) {
  constexpr std::uint64_t kLast = 6;
  const auto build = context.ask({}, "build");
  if (!build) return false;
  return parse_u64(std::string_view(*build).substr(0, build->find('.'))).value_or(0) > kLast;
}

bool show_bins(const Context& context) {
  if (has_no_bin_names(context))
    return context.fail(-1,
                        "Bins command not supported on server version >= 7.0.0.0. Unique bin name "
                        "limits have been removed.");
  return show_each_node(context, "bins", &bins);
}

}  // namespace

bool change(const Context& context, const std::string& command, std::string_view message) {
  const auto answer = context.ask({}, command);
  if (!answer) return context.fail(answer.error());
  client::InfoError error;
  if (client::is_info_error(*answer, &error)) return context.fail(error.code, error.message);
  return context.succeed(message);
}

bool run(const Context& context, const Show& statement) {
  switch (statement.what) {
    case Show::What::Namespaces:
      return show_each_node(context, "namespaces",
                            [](std::string_view answer) { return names(answer, "namespaces"); });
    case Show::What::Sets:
      return show_each_node(context, "sets",
                            [](std::string_view answer) { return pairs(answer, ':'); });
    case Show::What::Indexes:
      return show_each_node(
          context,
          statement.ns.empty() ? "sindex-list:" : fmt::format("sindex-list:ns={};", statement.ns),
          [](std::string_view answer) { return pairs(answer, ':'); });
    case Show::What::Modules:
      return show_each_node(context, "udf-list",
                            [](std::string_view answer) { return pairs(answer, ','); });
    case Show::What::Jobs:
      return show_each_node(context, "query-show",
                            [](std::string_view answer) { return pairs(answer, ':'); });
    case Show::What::Bins:
      return show_bins(context);
  }
  return false;
}

bool run(const Context& context, const CreateIndex& statement) {
  std::string command = fmt::format("sindex-create:namespace={}", statement.target.ns);
  if (!statement.target.set.empty()) command += fmt::format(";set={}", statement.target.set);
  command += fmt::format(";indexname={}", statement.name);
  if (!statement.collection.empty()) command += fmt::format(";indextype={}", statement.collection);
  command += fmt::format(";bin={};type={}", statement.bin, statement.type);
  return change(context, command, "1 index added.");
}

bool run(const Context& context, const DropIndex& statement) {
  std::string command = fmt::format("sindex-delete:namespace={}", statement.target.ns);
  if (!statement.target.set.empty()) command += fmt::format(";set={}", statement.target.set);
  return change(context, command + fmt::format(";indexname={}", statement.name),
                "1 index removed.");
}

bool run(const Context& context, const Stat& statement) {
  switch (statement.what) {
    case Stat::What::System:
      return show_each_node(context, "statistics", &one_row_a_pair);
    case Stat::What::Namespace:
      return show_each_node(context, fmt::format("namespace/{}", statement.ns), &one_row_a_pair);
    case Stat::What::Index:
      return show_each_node(
          context,
          fmt::format("sindex-stat:namespace={};indexname={}", statement.ns, statement.index),
          &one_row_a_pair);
  }
  return false;
}

/// A job runs on every node; those where it is over already refuse.
bool run(const Context& context, const KillJob& statement) {
  const std::string command = fmt::format("query-abort:trid={}", statement.id);
  client::InfoError error{.code = static_cast<int>(Code::NotFound), .message = "no such job"};
  std::size_t killed = 0;
  for (const client::NodeName& node : context.client.nodes()) {
    const auto answer = context.ask(node.name, command);
    if (!answer) return context.fail(answer.error());
    if (!answer->empty() && !client::is_info_error(*answer, &error)) ++killed;
  }
  if (killed == 0) return context.fail(error.code, error.message);
  return context.succeed("1 job killed.");
}

bool run(const Context& context, const Asinfo& statement) {
  return show_each_node(context, statement.command, [&](std::string_view answer) {
    return Rows{{{statement.command, Value(answer)}}};
  });
}

}  // namespace flotilla::tools::sql
