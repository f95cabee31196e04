#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flotilla::discovery {

/// A node's refusal (client/login.h) in words, and the option that mends it.
std::string security_failure(std::uint8_t code, std::string_view user);

}  // namespace flotilla::discovery
