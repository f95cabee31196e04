#pragma once

#include "config/config.h"

namespace flotilla::config {

/// Checks between the parameters of one owner.
Outcome<void> check_together(const Owner& owner);

}  // namespace flotilla::config
