#pragma once

#include "tools/admin/fleet.h"
#include "tools/admin/sheet.h"

/// The sheets of `info`, each from what it asks the members.
namespace flotilla::tools::admin {

Sheet network_sheet(const Fleet& fleet, const std::vector<Member>& members);
Sheet namespace_usage_sheet(const Fleet& fleet, const std::vector<Member>& members);
Sheet namespace_object_sheet(const Fleet& fleet, const std::vector<Member>& members);
/// Counts of transactions, of strongly consistent namespaces alone.
Sheet transaction_sheet(const Fleet& fleet, const std::vector<Member>& members);
Sheet set_sheet(const Fleet& fleet, const std::vector<Member>& members);
Sheet sindex_sheet(const Fleet& fleet, const std::vector<Member>& members);
Sheet release_sheet(const Fleet& fleet, const std::vector<Member>& members);

/// "@localhost:3000", "*localhost:3001": the node asked first, and the principal.
Cell name_cell(const Member& member);
/// The same for the id.
Cell id_cell(const Member& member);

}  // namespace flotilla::tools::admin
