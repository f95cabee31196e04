#pragma once

#include <cstdint>

#include "client/record.h"
#include "tools/sql/settings.h"

namespace flotilla::tools::sql {

/// A record as the cells of a row: PK first (when the key is known), then the bins, then what is
/// known about it. With named bins PK comes behind them.
std::vector<client::Bin> row_of(const client::Record& record, const Settings& settings,
                                bool with_named_bins);

}  // namespace flotilla::tools::sql
