#pragma once

#include <span>

#include "tools/admin/command.h"

namespace flotilla::tools::admin {

std::span<const Command> info_commands();       // info_commands.cc
std::span<const Command> show_commands();       // show_commands.cc
std::span<const Command> placement_commands();  // placement_commands.cc
std::span<const Command> latency_commands();    // latency_commands.cc
std::span<const Command> health_commands();     // health_commands.cc
std::span<const Command> manage_commands();     // manage_commands.cc
std::span<const Command> other_commands();      // other_commands.cc

/// The end of every command about replication to other clusters: it says that there is none.
bool no_xdr(Console& console, const Request& request);

}  // namespace flotilla::tools::admin
