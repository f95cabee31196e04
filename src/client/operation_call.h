#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "client/collections.h"

namespace flotilla::client {

/// `[code, arguments...]`, with a context `[0xFF, context, [code, arguments...]]`, as the value of
/// an operation of that type.
Operation make_call(wire::OpType type, std::string_view bin, std::int64_t code,
                    std::span<const Value> arguments, const Context& context = {});

/// One bit for each, the lowest first: the flags of policies.
std::int64_t flag_bits(std::initializer_list<bool> bits);

}  // namespace flotilla::client
