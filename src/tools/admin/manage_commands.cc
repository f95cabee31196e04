#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/bytes.h"
#include "base/parse.h"
#include "command_tables.h"
#include "info_sheets.h"

namespace flotilla::tools::admin {
namespace {

enum class Scope : std::uint8_t { Everybody, Anybody };

Sheet response_sheet(std::string title) {
  return {.title = std::move(title),
          .columns = {{.group = {}, .title = "Node"},
                      {.group = {}, .title = "Response", .align = Align::Left}},
          .rows = {}};
}

/// A row for what a member answered; false when it refused or was silent.
bool add_response(Sheet& sheet, const Member& member, const Answers& answers,
                  std::string_view command) {
  std::string text(value_of(answers, command));
  client::InfoError error;
  const bool refused = answers.empty() || client::is_info_error(text, &error);
  if (answers.empty())
    text = "no answer";
  else if (refused)
    text = error.message;
  else if (text.empty())
    text = "ok";
  sheet.rows.push_back(
      {.cells = {name_cell(member),
                 {.text = std::move(text), .tint = refused ? Tint::Alert : Tint::None}}});
  return !refused;
}

/// Sends one command and shows who answered what.
bool send(Console& console, const Request& request, const std::string& command, Scope scope,
          std::string_view done) {
  auto members = select(console.fleet.members(), request.with);
  if (members.empty()) return console.complain("no node answers");
  if (scope == Scope::Anybody) members.resize(1);
  const auto answers = console.fleet.ask(members, {command});
  Sheet sheet = response_sheet(std::string(done));
  bool all_done = true;
  for (std::size_t i = 0; i < members.size(); ++i)
    all_done &= add_response(sheet, members[i], answers[i], command);
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
  console.err << what << " cannot be undone. Type '" << name << "' to go on: " << std::flush;
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
        "<collection>] [ctx <base64>]");
  std::string command = fmt::format("sindex-create:indexname={};", request.words[1]);
  if (const auto in = request.after("in"); !in.empty()) command += fmt::format("indextype={};", in);
  command += fmt::format("namespace={};", ns);
  if (const auto set = request.after("set"); !set.empty()) command += fmt::format("set={};", set);
  if (const auto context = request.after("ctx"); !context.empty())
    command += fmt::format("context={};", context);
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

/// file <sink> param <context> to <level>; each node numbers its sinks itself.
bool config_logging(Console& console, const Request& request) {
  const auto file = request.after("file");
  const auto context = request.after("param");
  const auto level = request.after("to");
  if (file.empty() || context.empty() || level.empty())
    return console.complain("usage: manage config logging file <log> param <context> to <level>");
  const auto members = select(console.fleet.members(), request.with);
  const auto logs = console.fleet.ask(members, {"logs"});
  Sheet sheet = response_sheet(fmt::format("Set {} of {} to {}", context, file, level));
  bool all_done = true;
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::string command;
    for (const std::string_view part : split(value_of(logs[i], "logs"), ';')) {
      const std::size_t colon = part.find(':');
      if (colon != std::string_view::npos && part.substr(colon + 1) == file)
        command = fmt::format("log-set:id={};{}={}", part.substr(0, colon), context, level);
    }
    const auto answers = command.empty()
                             ? Answers{{"", fmt::format("ERROR:4:it has no log '{}'", file)}}
                             : console.fleet.ask({members[i]}, {command})[0];
    all_done &= add_response(sheet, members[i], answers, command);
  }
  console.show(sheet);
  return all_done;
}

bool tip(Console& console, const Request& request) {
  const bool clear = request.has("clear");
  if (!clear && (request.words.size() != 2 || !parse_u64(request.words[1])))
    return console.complain("usage: manage tip <host> <heartbeat port> | manage tip clear");
  const std::string command =
      clear ? "tip-clear:" : fmt::format("tip:host={};port={}", request.words[0], request.words[1]);
  return send(console, request, command, Scope::Everybody, clear ? "Clear Tips" : "Tip");
}

/// The words between `nodes` and `ns`.
std::vector<std::string> named_nodes(const Request& request) {
  std::vector<std::string> nodes;
  auto at = std::ranges::find(request.words, "nodes");
  if (at == request.words.end()) return nodes;
  for (++at; at != request.words.end() && *at != "ns"; ++at) nodes.push_back(*at);
  return nodes;
}

std::vector<std::string> roster_list(const Answers& roster, std::string_view name) {
  std::vector<std::string> nodes;
  for (const std::string_view node : split(value_of(roster, name), ','))
    if (!node.empty() && node != "null") nodes.emplace_back(node);
  return nodes;
}

enum class RosterChange : std::uint8_t { Add, Remove, StageNodes, StageObserved };

bool change_roster(Console& console, const Request& request, RosterChange change) {
  const auto ns = request.after("ns");
  auto nodes = named_nodes(request);
  if (ns.empty() || (nodes.empty() && change != RosterChange::StageObserved))
    return console.complain(
        "usage: manage roster add|remove nodes <id> ... ns <ns> | manage roster stage nodes <id> "
        "... "
        "ns <ns> | manage roster stage observed ns <ns>");
  const auto members = select(console.fleet.members(), request.with);
  const std::string question = fmt::format("roster:namespace={}", ns);
  const auto answers = console.fleet.ask(members, {question});
  const std::string_view answer =
      answers.empty() ? std::string_view() : value_of(answers[0], question);
  client::InfoError error;
  if (client::is_info_error(answer, &error)) return console.complain(error.message);
  Answers roster;
  for (auto& [name, value] : client::parse_pairs(answer, ':')) roster[name] = value;
  std::vector<std::string> next = nodes;
  if (change == RosterChange::StageObserved) next = roster_list(roster, "observed_nodes");
  if (change == RosterChange::Add || change == RosterChange::Remove) {
    next = roster_list(roster, "pending_roster");
    for (const std::string& node : nodes) {
      std::erase(next, node);
      if (change == RosterChange::Add) next.push_back(node);
    }
  }
  if (!send(console, request,
            fmt::format("roster-set:namespace={};nodes={}", ns, fmt::join(next, ",")),
            Scope::Anybody, "Roster"))
    return false;
  if (!console.json) console.out << "Run 'manage recluster' for it to take effect.\n";
  return true;
}
bool roster_add(Console& c, const Request& r) { return change_roster(c, r, RosterChange::Add); }
bool roster_remove(Console& c, const Request& r) {
  return change_roster(c, r, RosterChange::Remove);
}
bool roster_stage_nodes(Console& console, const Request& request) {
  Request whole = request;
  whole.words.insert(whole.words.begin(), "nodes");
  return change_roster(console, whole, RosterChange::StageNodes);
}
bool roster_stage_observed(Console& c, const Request& r) {
  return change_roster(c, r, RosterChange::StageObserved);
}

bool no_masking(Console& console, const Request&) {
  return console.complain("masking is not available in this version");
}

bool no_users(Console& console, const Request&) {
  return console.complain("users and roles are not available in this version");
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

/// The principal starts it, whatever the others answer.
bool recluster(Console& console, const Request& request) {
  if (!send(console, request, "recluster:", Scope::Everybody, "Recluster")) return false;
  if (!console.json) console.out << "Successfully started recluster\n";
  return true;
}

bool quiesce(Console& console, const Request& request) {
  const bool undo = request.has("undo");
  if (!send(console, request, undo ? "quiesce-undo:" : "quiesce:", Scope::Everybody,
            undo ? "Quiesce Undo" : "Quiesce"))
    return false;
  if (!console.json) console.out << "Run 'manage recluster' for it to take effect.\n";
  return true;
}

bool revive(Console& console, const Request& request) {
  const auto ns = request.after("ns");
  if (ns.empty()) return console.complain("usage: manage revive ns <ns>");
  return send(console, request, fmt::format("revive:namespace={}", ns), Scope::Everybody, "Revive");
}

constexpr Command kCommands[] = {
    {"manage config service", "param <name> to <value>", true, &config_service, Words::Any},
    {"manage config network", "param <name> to <value>", true, &config_network, Words::Any},
    {"manage config security", "param <name> to <value>", true, &config_security, Words::Any},
    {"manage config namespace", "<ns> [set <set>] param <name> to <value>", true, &config_namespace,
     Words::Any},
    {"manage config logging", "file <log> param <context> to <level>", true, &config_logging,
     Words::Any},
    {"manage config xdr", "Replication to other clusters", true, &no_xdr, Words::Any},
    {"manage masking", "Rules that hide values", true, &no_masking, Words::Any},
    {"manage acl", "Users and roles", true, &no_users, Words::Any},
    {"manage roster add", "nodes <id> ... ns <ns>", true, &roster_add, Words::Any},
    {"manage roster remove", "nodes <id> ... ns <ns>", true, &roster_remove, Words::Any},
    {"manage roster stage nodes", "<id> ... ns <ns>", true, &roster_stage_nodes, Words::Any},
    {"manage roster stage observed", "ns <ns>", true, &roster_stage_observed, Words::Any},
    {"manage tip", "<host> <heartbeat port> | clear: where heartbeats go, too", true, &tip,
     Words::Any},
    {"manage sindex create",
     "<type> <name> ns <ns> [set <set>] bin <bin> [in <collection>] [ctx <base64>]", true,
     &create_index, Words::Any},
    {"manage sindex delete", "<name> ns <ns> [set <set>]", true, &delete_index, Words::Any},
    {"manage truncate", "ns <ns> [set <set>] [before <ns since 1970>] [undo] [--no-warn]", true,
     &truncate, Words::Any},
    {"manage udfs add", "<file name> path <path>", true, &add_module, Words::Any},
    {"manage udfs remove", "<file name>", true, &remove_module, Words::Any},
    {"manage jobs kill", "all | <id> ...", true, &kill_jobs, Words::Any},
    {"manage recluster", "Form the cluster anew", true, &recluster},
    {"manage quiesce", "[undo] with <node> ...: hand over before leaving", true, &quiesce,
     Words::Any},
    {"manage revive", "ns <ns>", true, &revive, Words::Any},
};

}  // namespace

std::span<const Command> manage_commands() { return kCommands; }

}  // namespace flotilla::tools::admin
