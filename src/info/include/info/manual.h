#pragma once

#include <string>

namespace flotilla::info {

/// docs/manual/info.md and docs/manual/statistics.md, whole.
std::string commands_page();
std::string statistics_page();

}  // namespace flotilla::info
