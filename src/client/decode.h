#pragma once

#include "client/failure.h"
#include "client/record.h"
#include "wire/reply_reader.h"

/// Reply bytes to results. No sockets.
namespace flotilla::client {

/// The one message of a single-record reply. Client: it does not parse. A result code other than
/// success is not an error here: the header has it.
Expected<wire::MessageHeader> decode_reply(Bytes body, std::vector<Bin>& bins,
                                           const std::string& node);

/// The bins of one message. `keeps_encoded`: lists and maps become Blobs of their type.
Expected<std::vector<Bin>> decode_bins(const wire::Ops& ops, const std::string& node,
                                       bool keeps_encoded = false);

/// The key of a record that a scan brought: its fields tell.
Expected<Key> decode_key(const wire::Fields& fields, const std::string& node);

/// Whether another attempt may succeed where this code was answered.
bool is_retryable(std::int16_t code);

}  // namespace flotilla::client
