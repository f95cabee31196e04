#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/address.h"

namespace flotilla::net {

// Places by DNS alone: host and port of each that offers a service (RFC 2782). Priorities and
// weights do not matter to who wants all of them.

/// _service._proto.name: its SRV records are meant, not its addresses.
bool is_service_name(std::string_view name);

/// The SRV records of a DNS answer. Parameter: bytes that are no answer.
Result<std::vector<Target>> parse_srv(Bytes answer);

/// What such a name stands for now; the targets are names as a rule. Blocks. NotFound: it has no
/// records. Unavailable: nobody answers.
Result<std::vector<Target>> look_up_srv(const std::string& name);

}  // namespace flotilla::net
