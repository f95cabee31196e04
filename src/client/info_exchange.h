#pragma once

#include "client/info.h"
#include "connection.h"

namespace flotilla::client {

/// One info request and its answers over an open connection.
Expected<std::vector<InfoAnswer>> exchange_info(Connection& connection,
                                                std::span<const std::string_view> commands,
                                                Deadline deadline);

}  // namespace flotilla::client
