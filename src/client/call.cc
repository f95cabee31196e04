#include "call.h"

#include "decode.h"
#include "encode.h"

namespace flotilla::client {

Expected<void> encode_call(OutBuffer& request, const Call& call) {
  return encode_request(request, call.header,
                        {.key = call.key,
                         .send_key = call.send_key,
                         .filter = call.policy.filter,
                         .bin_names = call.bin_names,
                         .operations = call.operations});
}

Expected<void> read_call_reply(Record& record, Bytes reply, const std::string& node) {
  const auto header = decode_reply(reply, record.bins, node);
  if (!header) return tl::unexpected(header.error());
  if (header->result != 0) return fail_with_code(header->result, node);
  record.generation = header->generation;
  record.void_time = header->ttl;
  return {};
}

std::vector<Operation> writes_of(std::span<const Bin> bins) {
  std::vector<Operation> operations;
  operations.reserve(bins.size());
  for (const Bin& bin : bins) operations.push_back(op::write(bin.name, bin.value));
  return operations;
}

}  // namespace flotilla::client
