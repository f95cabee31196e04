#pragma once

#include "config/config.h"
#include "exec/node.h"
#include "net/reactor.h"

namespace flotilla::server {

/// Copies what requests look at from the configuration; at start and after each change.
void apply(const config::Config& config, exec::Node& node, net::Reactor::Limits& limits);

}  // namespace flotilla::server
