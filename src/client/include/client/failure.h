#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "base/result.h"

namespace flotilla::client {

/// What a call can fail with. Positive numbers come from the server (docs/formats/wire.md); the
/// negative ones are found here, with the numbers that users of other clients of this protocol
/// know.
enum class Status : std::int16_t {
  BatchFailed = -16,  // Some rows of a batch failed; each row says how.
  NoResponse = -15,   // A batch row that no node answered.
  MaxRetries = -12,   // Every attempt failed; the message tells the last failure.
  Connection = -10,   // No connection, or it broke.
  Tls = -9,
  NoNode = -8,             // No node owns the partition at present.
  NoMoreConnections = -7,  // The node's pool is exhausted.
  Aborted = -5,            // The caller stopped a scan.
  InvalidHost = -4,        // The name does not resolve.
  Parameter = -2,          // Arguments that cannot be sent.
  Client = -1,             // Anything else on this side, e.g. an answer that does not parse.
};

/// Why a call failed.
struct Failure {
  std::int16_t code = 0;  // Status, or the server's result code.
  std::string message;    // For people. Never empty.
  std::string
      node;  // "address:port" of the node that answered or failed; empty when none was reached.
  bool in_doubt = false;  // A write may have been applied although the call failed.

  bool is(Status status) const { return code == static_cast<std::int16_t>(status); }
  bool is(Code server_code) const { return code == static_cast<std::int16_t>(server_code); }
};

/// Success or Failure. Unlike Result, whose errors are literals for a server's log, these carry
/// what a user needs.
template <class T>
using Expected = tl::expected<T, Failure>;

/// "AEROSPIKE_ERR_RECORD_NOT_FOUND" and so on, as established tools print them; a generic name for
/// unknown numbers.
std::string_view status_name(std::int16_t code);

tl::unexpected<Failure> fail(Status status, std::string message, std::string node = {});
/// A server's result code, with its name as the message.
tl::unexpected<Failure> fail_with_code(std::int16_t code, std::string node = {});

}  // namespace flotilla::client
