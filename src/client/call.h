#pragma once

#include "base/out_buffer.h"
#include "client/operation.h"
#include "client/policy.h"
#include "client/record.h"
#include "wire/message.h"

namespace flotilla::client {

/// What the single-record calls have in common: one request, one reply. Borrows all it names.
struct Call {
  const Key& key;
  wire::MessageHeader header;
  const CommandPolicy& policy;
  std::span<const std::string> bin_names = {};
  std::span<const Operation> operations = {};
  bool is_write = false;
  bool send_key = false;
};

Expected<void> encode_call(OutBuffer& request, const Call& call);
/// Fills in bins, generation, and void-time. A failure with a server's code leaves the connection
/// usable.
Expected<void> read_call_reply(Record& record, Bytes reply, const std::string& node);

std::vector<Operation> writes_of(std::span<const Bin> bins);

}  // namespace flotilla::client
