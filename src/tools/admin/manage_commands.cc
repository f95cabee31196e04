#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "base/bytes.h"
#include "command_tables.h"
#include "info_sheets.h"

namespace flotilla::tools::admin {
namespace {

enum class Scope : std::uint8_t { Everybody, Anybody };

/// Sends one command and shows who answered what.
bool send(Console& console, const Request& request, const std::string& command, Scope scope,
          std::string_view done) {
  auto members = select(console.fleet.members(), request.with);
  if (members.empty()) return console.complain("no node is meant by 'with'");
  if (scope == Scope::Anybody) members.resize(1);
  const auto answers = console.fleet.ask(members, {command});
  Sheet sheet{.title = std::string(done),
              .columns = {{.group = {}, .title = "Node"},
                          {.group = {}, .title = "Response", .align = Align::Left}},
              .rows = {}};
  bool all_done = true;
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::string text(value_of(answers[i], command));
    client::InfoError error;
    if (answers[i].empty())
      text = "no answer";
    else if (client::is_info_error(text, &error))
      text = error.message;
    else if (text != "ok")
      text = text.empty() ? "ok" : text;
    const bool refused = answers[i].empty() || client::is_info_error(value_of(answers[i], command));
    all_done = all_done && !refused;
    sheet.rows.push_back({.cells = {name_cell(members[i]),
                                    {.text = text, .tint = refused ? Tint::Alert : Tint::None}}});
  }
  console.show(sheet);
  return all_done;
}

/// Lets a person think again: the name must be typed. True: go on.
bool confirm(Console& console, const Request& request, std::string_view what,
             std::string_view name) {
  if (!request.warns) return true;
  if (!console.is_interactive)
    return console.complain(
        fmt::format("{} cannot be undone: add --no-warn to do it unattended", what));
  console.out << what << " cannot be undone. Type '" << name << "' to go on: " << std::flush;
  std::string typed;
  std::getline(std::cin, typed);
  return typed == name || console.complain("not confirmed");
}

bool truncate(Console& console, const Request& request) {
  const std::string_view ns = request.after("ns");
  const std::string_view set = request.after("set");
  if (ns.empty())
    return console.complain(
        "usage: manage truncate ns <ns> [set <set>] [before <ns since 1970>] [undo]");
  const bool undo = request.has("undo");
  std::string command = set.empty() ? "truncate-namespace" : "truncate";
  if (undo) command += "-undo";
  command += fmt::format(":namespace={}", ns);
  if (!set.empty()) command += fmt::format(";set={}", set);
  if (const auto before = request.after("before"); !before.empty())
    command += fmt::format(";lut={}", before);
  if (!undo && !confirm(console, request, fmt::format("Truncating {}", set.empty() ? ns : set),
                        set.empty() ? ns : set))
    return false;
  return send(console, request, command, Scope::Anybody, undo ? "Truncate Undo" : "Truncate");
}

bool create_index(Console& console, const Request& request) {
  const auto ns = request.after("ns");
  const auto bin = request.after("bin");
  if (request.words.size() < 2 || ns.empty() || bin.empty())
    return console.complain(
        "usage: manage sindex create <type> <name> ns <ns> [set <set>] bin <bin> [in "
        "<collection>]");
  std::string command = fmt::format("sindex-create:indexname={};", request.words[1]);
  if (const auto in = request.after("in"); !in.empty()) command += fmt::format("indextype={};", in);
  command += fmt::format("namespace={};", ns);
  if (const auto set = request.after("set"); !set.empty()) command += fmt::format("set={};", set);
  command += fmt::format("bin={};type={}", bin, request.words[0]);
  return send(console, request, command, Scope::Anybody, "Create Secondary Index");
}

bool delete_index(Console& console, const Request& request) {
  const auto ns = request.after("ns");
  if (request.words.empty() || ns.empty())
    return console.complain("usage: manage sindex delete <name> ns <ns> [set <set>]");
  std::string command = fmt::format("sindex-delete:namespace={};", ns);
  if (const auto set = request.after("set"); !set.empty()) command += fmt::format("set={};", set);
  return send(console, request, command + fmt::format("indexname={}", request.words[0]),
              Scope::Anybody, "Delete Secondary Index");
}

/// "param <name> to <value>" behind the context.
bool set_config(Console& console, const Request& request, const std::string& context) {
  const auto parameter = request.after("param");
  const auto value = request.after("to");
  if (parameter.empty() || value.empty())
    return console.complain("usage: manage config ... param <name> to <value>");
  return send(console, request, fmt::format("set-config:{};{}={}", context, parameter, value),
              Scope::Everybody, fmt::format("Set {} to {}", parameter, value));
}
bool config_service(Console& c, const Request& r) { return set_config(c, r, "context=service"); }
bool config_network(Console& c, const Request& r) { return set_config(c, r, "context=network"); }
bool config_security(Console& c, const Request& r) { return set_config(c, r, "context=security"); }
bool config_namespace(Console& console, const Request& request) {
  if (request.words.empty())
    return console.complain(
        "usage: manage config namespace <ns> [set <set>] param <name> to <value>");
  std::string context = fmt::format("context=namespace;namespace={}", request.words[0]);
  if (const auto set = request.after("set"); !set.empty()) context += fmt::format(";set={}", set);
  return set_config(console, request, context);
}

bool add_module(Console& console, const Request& request) {
  const auto path = request.after("path");
  if (request.words.empty() || path.empty())
    return console.complain("usage: manage udfs add <file name> path <path>");
  std::ifstream file{std::string(path), std::ios::binary};
  if (!file) return console.complain(fmt::format("cannot read '{}'", path));
  std::stringstream text;
  text << file.rdbuf();
  const std::string content = to_base64(as_bytes(text.str()));
  return send(console, request,
              fmt::format("udf-put:filename={};udf-type=LUA;content-len={};content={}",
                          request.words[0], content.size(), content),
              Scope::Anybody, "Add UDF Module");
}

bool remove_module(Console& console, const Request& request) {
  if (request.words.empty()) return console.complain("usage: manage udfs remove <file name>");
  return send(console, request, fmt::format("udf-remove:filename={};", request.words[0]),
              Scope::Anybody, "Remove UDF Module");
}

bool kill_jobs(Console& console, const Request& request) {
  if (request.words.empty())
    return console.complain("usage: manage jobs kill all | manage jobs kill <id> ...");
  if (request.words[0] == "all")
    return send(console, request, "query-abort-all:", Scope::Everybody, "Kill Jobs");
  bool all_done = true;
  for (const std::string& id : request.words)
    if (id != "trids")
      all_done &=
          send(console, request, "query-abort:trid=" + id, Scope::Everybody, "Kill Job " + id);
  return all_done;
}

bool recluster(Console& c, const Request& r) {
  return send(c, r, "recluster:", Scope::Everybody, "Recluster");
}

bool quiesce(Console& console, const Request& request) {
  const bool undo = request.has("undo");
  if (!send(console, request, undo ? "quiesce-undo:" : "quiesce:", Scope::Everybody,
            undo ? "Quiesce Undo" : "Quiesce"))
    return false;
  console.out << "Run 'manage recluster' for it to take effect.\n";
  return true;
}

bool revive(Console& console, const Request& request) {
  const auto ns = request.after("ns");
  if (ns.empty()) return console.complain("usage: manage revive ns <ns>");
  return send(console, request, fmt::format("revive:namespace={}", ns), Scope::Everybody, "Revive");
}

constexpr Command kCommands[] = {
    {"manage config service", "param <name> to <value>", true, &config_service},
    {"manage config network", "param <name> to <value>", true, &config_network},
    {"manage config security", "param <name> to <value>", true, &config_security},
    {"manage config namespace", "<ns> [set <set>] param <name> to <value>", true,
     &config_namespace},
    {"manage sindex create", "<type> <name> ns <ns> [set <set>] bin <bin> [in <collection>]", true,
     &create_index},
    {"manage sindex delete", "<name> ns <ns> [set <set>]", true, &delete_index},
    {"manage truncate", "ns <ns> [set <set>] [before <ns since 1970>] [undo] [--no-warn]", true,
     &truncate},
    {"manage udfs add", "<file name> path <path>", true, &add_module},
    {"manage udfs remove", "<file name>", true, &remove_module},
    {"manage jobs kill", "all | <id> ...", true, &kill_jobs},
    {"manage recluster", "Form the cluster anew", true, &recluster},
    {"manage quiesce", "[undo] with <node> ...: hand over before leaving", true, &quiesce},
    {"manage revive", "ns <ns>", true, &revive},
};

}  // namespace

std::span<const Command> manage_commands() { return kCommands; }

}  // namespace flotilla::tools::admin
