#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/view.h"
#include "config/config.h"

namespace flotilla::server {

/// Numeric addresses for a word of the configuration: "any" (those of all interfaces, without
/// loopback unless there is no other), "local", the name of an interface; anything else is itself.
std::vector<std::string> addresses_of(std::string_view word);

/// What other nodes are told of where this one listens.
std::vector<cluster::Endpoint> published(const std::vector<std::string>& words, std::uint16_t port);
/// For clients: the access addresses, or where the service listens.
std::vector<cluster::Endpoint> published_service(const config::NetworkConfig& network);
std::vector<cluster::Endpoint> published_alternate(const config::NetworkConfig& network);

}  // namespace flotilla::server
