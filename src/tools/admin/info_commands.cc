#include "command_tables.h"
#include "info_sheets.h"

namespace flotilla::tools::admin {
namespace {

using MakeSheet = Sheet (*)(const Fleet&, const std::vector<Member>&);

bool show(Console& console, const Request& request, std::initializer_list<MakeSheet> sheets) {
  const auto members = select(console.fleet.members(), request.with);
  if (members.empty()) return console.complain("no node answers");
  for (const MakeSheet make : sheets) console.show(make(console.fleet, members));
  return true;
}

constexpr Command kCommands[] = {
    {"info", "Network and namespaces", false,
     [](Console& c, const Request& r) {
       return show(c, r, {&network_sheet, &namespace_usage_sheet, &namespace_object_sheet});
     }},
    {"info network", "Nodes, their builds, and the cluster they see", false,
     [](Console& c, const Request& r) { return show(c, r, {&network_sheet}); }},
    {"info namespace", "Usage and objects of namespaces", false,
     [](Console& c, const Request& r) {
       return show(c, r, {&namespace_usage_sheet, &namespace_object_sheet});
     }},
    {"info namespace usage", "What namespaces take up", false,
     [](Console& c, const Request& r) { return show(c, r, {&namespace_usage_sheet}); }},
    {"info namespace object", "What namespaces hold", false,
     [](Console& c, const Request& r) { return show(c, r, {&namespace_object_sheet}); }},
    {"info set", "Sets and their quotas", false,
     [](Console& c, const Request& r) { return show(c, r, {&set_sheet}); }},
    {"info sindex", "Secondary indexes", false,
     [](Console& c, const Request& r) { return show(c, r, {&sindex_sheet}); }},
    {"info transactions", "Transactions of strongly consistent namespaces", false,
     [](Console& c, const Request& r) { return show(c, r, {&transaction_sheet}); }},
    {"info xdr", "Replication to other clusters", false, &no_xdr},
    {"info release", "Versions and platforms", false,
     [](Console& c, const Request& r) { return show(c, r, {&release_sheet}); }},
};

}  // namespace

std::span<const Command> info_commands() { return kCommands; }

}  // namespace flotilla::tools::admin
