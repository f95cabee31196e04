#include "encode.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/codec.h"
#include "wire/request_writer.h"

namespace flotilla::client {
namespace {

namespace info1 = wire::info1;
namespace info2 = wire::info2;
namespace info3 = wire::info3;
using wire::FieldType;
using wire::MessageHeader;
using wire::OpType;
using wire::ParticleType;

constexpr std::size_t kBinNameSizeMax = 15;

std::uint32_t wire_timeout(const CommandPolicy& policy) {
  const auto total = policy.total_timeout.count();
  const auto socket = policy.socket_timeout.count();
  const auto shortest = total == 0 ? socket : (socket == 0 ? total : std::min(total, socket));
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(shortest, 0, UINT32_MAX));
}

/// Whether the results of these operations can only be told apart when every operation answers.
bool needs_all_answers(std::span<const Operation> operations) {
  const bool reads_all = std::ranges::any_of(
      operations, [](const Operation& o) { return o.type == OpType::Read && o.bin.empty(); });
  if (reads_all) return false;
  return std::ranges::any_of(operations, [](const Operation& o) {
    switch (o.type) {
      case OpType::ExpRead:
      case OpType::ExpModify:
      case OpType::BitsRead:
      case OpType::BitsModify:
      case OpType::HllRead:
      case OpType::HllModify:
        return true;
      default:
        return false;
    }
  });
}

Expected<void> check_name(std::string_view bin) {
  if (bin.size() <= kBinNameSizeMax) return {};
  return fail(Status::Parameter,
              fmt::format("bin name '{}' is longer than {} bytes", bin, kBinNameSizeMax));
}

}  // namespace

MessageHeader read_header(Want want, const ReadPolicy& policy) {
  MessageHeader header{.info1 = info1::kRead};
  if (want == Want::AllBins) header.info1 |= info1::kGetAll;
  if (want == Want::HeaderOnly) header.info1 |= info1::kGetNoBins;
  if (policy.command.consult_all_copies) header.info1 |= info1::kConsistencyAll;
  header.ttl = static_cast<std::uint32_t>(policy.touch_below_percent);
  header.transaction_ttl = wire_timeout(policy.command);
  return header;
}

MessageHeader write_header(const WritePolicy& policy) {
  MessageHeader header{.info2 = info2::kWrite};
  if (policy.generation_check == GenerationCheck::Equal) header.info2 |= info2::kGeneration;
  if (policy.generation_check == GenerationCheck::Greater)
    header.info2 |= info2::kGenerationGreater;
  if (policy.generation_check != GenerationCheck::None) header.generation = policy.generation;
  if (policy.durable_delete) header.info2 |= info2::kDurableDelete;
  if (policy.respond_all_ops) header.info2 |= info2::kRespondAllOps;
  if (policy.commit_master) header.info3 |= info3::kCommitMaster;
  switch (policy.exists) {
    case Exists::Update:
      break;
    case Exists::CreateOnly:
      header.info2 |= info2::kCreateOnly;
      break;
    case Exists::UpdateOnly:
      header.info3 |= info3::kUpdateOnly;
      break;
    case Exists::CreateOrReplace:
      header.info3 |= info3::kCreateOrReplace;
      break;
    case Exists::ReplaceOnly:
      header.info3 |= info3::kReplaceOnly;
      break;
  }
  header.ttl = policy.ttl_seconds;
  header.transaction_ttl = wire_timeout(policy.command);
  return header;
}

MessageHeader remove_header(const WritePolicy& policy) {
  WritePolicy plain = policy;
  plain.exists = Exists::Update;
  plain.ttl_seconds = 0;
  plain.respond_all_ops = false;
  MessageHeader header = write_header(plain);
  header.info2 |= info2::kDelete;
  return header;
}

MessageHeader operate_header(std::span<const Operation> operations, const WritePolicy& policy) {
  const bool writes = std::ranges::any_of(operations, &Operation::is_write);
  MessageHeader header = writes ? write_header(policy) : MessageHeader{};
  header.transaction_ttl = wire_timeout(policy.command);
  for (const Operation& o : operations) {
    if (o.is_write()) continue;
    header.info1 |= info1::kRead;
    if (o.type == OpType::Read && o.bin.empty()) header.info1 |= info1::kGetAll;
  }
  if (policy.respond_all_ops || needs_all_answers(operations))
    header.info2 |= info2::kRespondAllOps;
  return header;
}

template <class Writer>
Expected<void> write_body(Writer& writer, const RequestBody& body, bool with_digest) {
  const Key& key = body.key;
  writer.field(FieldType::Namespace, as_bytes(key.ns));
  if (!key.set.empty()) writer.field(FieldType::Set, as_bytes(key.set));
  if (with_digest) writer.field(FieldType::Digest, key.digest.view());
  if (body.send_key && key.user_key) {
    const auto encoded = encode(*key.user_key);
    if (!encoded) return fail(Status::Parameter, std::string(encoded.error().why));
    Buffer typed{static_cast<std::byte>(encoded->type)};
    append(typed, encoded->bytes);
    writer.field(FieldType::Key, typed);
  }
  if (!body.filter.empty()) writer.field(FieldType::Filter, body.filter);
  for (const std::string& name : body.bin_names) {
    if (auto fits = check_name(name); !fits) return fits;
    writer.op(OpType::Read, name, ParticleType::Null, {});
  }
  for (const Operation& o : body.operations) {
    if (auto fits = check_name(o.bin); !fits) return fits;
    const auto value = encode(o.value);
    if (!value) return fail(Status::Parameter, std::string(value.error().why));
    writer.op(o.type, o.bin, value->type, value->bytes);
  }
  return {};
}

template Expected<void> write_body(wire::RequestWriter&, const RequestBody&, bool);
template Expected<void> write_body(wire::BatchWriter&, const RequestBody&, bool);

Expected<void> encode_request(OutBuffer& out, const MessageHeader& header,
                              const RequestBody& body) {
  wire::RequestWriter writer(out);
  writer.begin(header);
  if (auto written = write_body(writer, body, true); !written) {
    writer.abandon();
    return written;
  }
  writer.end();
  writer.finish();
  return {};
}

}  // namespace flotilla::client
