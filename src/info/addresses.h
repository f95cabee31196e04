#pragma once

#include <vector>

#include "info/info.h"

namespace flotilla::info {

/// What clients are told of this node. Configured access addresses if there are any; else the
/// addresses it listens on, and first the one that the asker came to, which works for the asker
/// whatever lies in between.
std::vector<Endpoint> service_endpoints(Context& context);
/// The second set of addresses; empty when none is configured.
std::vector<Endpoint> alternate_endpoints(Context& context);
/// Addresses of the admin port; empty when there is none.
std::vector<Endpoint> admin_endpoints(Context& context);

}  // namespace flotilla::info
