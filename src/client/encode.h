#pragma once

#include <span>

#include "base/out_buffer.h"
#include "client/failure.h"
#include "client/key.h"
#include "client/operation.h"
#include "client/policy.h"
#include "wire/message.h"

/// Calls to request bytes. No sockets, no clocks: whoever sends the bytes decides how to wait.
namespace flotilla::client {

/// What a read wants of the record.
enum class Want : std::uint8_t { Bins, AllBins, HeaderOnly };

/// The header a single-record request or a batch row has; the same in both.
wire::MessageHeader read_header(Want want, const ReadPolicy& policy);
wire::MessageHeader write_header(const WritePolicy& policy);
wire::MessageHeader remove_header(const WritePolicy& policy);
/// Reads and writes mixed: flags follow from the operations.
wire::MessageHeader operate_header(std::span<const Operation> operations,
                                   const WritePolicy& policy);

/// What a single-record request or a batch row says after its header.
struct RequestBody {
  const Key& key;
  bool send_key = false;
  Bytes filter = {};
  std::span<const std::string> bin_names = {};  // Of a read: one READ each.
  std::span<const Operation> operations = {};
};

/// One whole request. Parameter: a bin name is too long, or a value cannot be sent.
Expected<void> encode_request(OutBuffer& out, const wire::MessageHeader& header,
                              const RequestBody& body);

/// The same into any writer with field() and op(): the row of a batch. The digest is the row's, not
/// a field. Instantiated for wire::RequestWriter and wire::BatchWriter.
template <class Writer>
Expected<void> write_body(Writer& writer, const RequestBody& body, bool with_digest);

}  // namespace flotilla::client
