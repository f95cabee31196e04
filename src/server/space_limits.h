#pragma once

#include "config/config.h"
#include "info/node_view.h"

namespace flotilla::server {

/// Whether a namespace is to evict: more is used than is wanted.
bool is_too_full(const config::NamespaceConfig& config, const info::NamespaceStatistics& of);
/// Whether little is left until its writes stop.
bool is_nearly_full(const config::NamespaceConfig& config, const info::NamespaceStatistics& of);

}  // namespace flotilla::server
