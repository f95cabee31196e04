#pragma once

#include "config/config.h"

namespace flotilla::server {

/// Opens the log files of the configuration and takes its levels and format. A file that cannot be
/// opened is a warning, not a reason to stay down.
void start_log(const config::Config& config);

}  // namespace flotilla::server
