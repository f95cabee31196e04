#include "scan_encode.h"

#include "client/codec.h"
#include "wire/request_writer.h"

namespace flotilla::client {
namespace {

using wire::FieldType;
using wire::ParticleType;

constexpr std::size_t kBinNameSizeMax = 15;

template <std::unsigned_integral T>
void number_field(wire::RequestWriter& out, FieldType type, T value) {
  Buffer bytes;
  append_be(bytes, value);
  out.field(type, bytes);
}

template <std::unsigned_integral T>
void append_le(Buffer& to, T value) {
  const std::size_t at = to.size();
  to.resize(at + sizeof value);
  store_le(to.data() + at, value);
}

/// One end of a range: integers as they are, GeoJSON as bare text.
Expected<EncodedValue> encode_end(const Value& value) {
  if (const auto* geo = value.get_if<GeoJson>())
    return EncodedValue{ParticleType::GeoJson,
                        Buffer(as_bytes(geo->text).begin(), as_bytes(geo->text).end())};
  auto encoded = encode(value);
  if (!encoded) return fail(Status::Parameter, std::string(encoded.error().why));
  return *std::move(encoded);
}

Expected<void> write_range(wire::RequestWriter& out, const IndexRange& range) {
  const auto begin = encode_end(range.begin);
  if (!begin) return tl::unexpected(begin.error());
  const auto end = encode_end(range.end);
  if (!end) return tl::unexpected(end.error());
  if (begin->type != end->type)
    return fail(Status::Parameter, "the ends of a range differ in type");
  if (range.bin.size() > kBinNameSizeMax) return fail(Status::Parameter, "a bin name is too long");
  if (range.elements != IndexRange::Elements::Default)
    number_field(out, FieldType::IndexType, static_cast<std::uint8_t>(range.elements));
  Buffer bytes{std::byte{1}};
  const std::string_view name =
      range.index_name.empty() ? std::string_view(range.bin) : std::string_view();
  append_be(bytes, static_cast<std::uint8_t>(name.size()));
  append(bytes, name);
  append_be(bytes, static_cast<std::uint8_t>(begin->type));
  for (const EncodedValue* value : {&*begin, &*end}) {
    append_be(bytes, static_cast<std::uint32_t>(value->bytes.size()));
    append(bytes, value->bytes);
  }
  out.field(FieldType::IndexRange, bytes);
  if (!range.index_name.empty()) out.field(FieldType::IndexName, as_bytes(range.index_name));
  return {};
}

void write_partitions(wire::RequestWriter& out, const ScanSpec& spec, const ScanCursor& cursor,
                      const ScanShare& share) {
  Buffer whole;
  Buffer digests;
  Buffer values;
  for (const wire::PartitionId partition : share.partitions) {
    const ScanCursor::Position& position = cursor.position(partition);
    if (!position.after) {
      append_le(whole, partition.raw());
      continue;
    }
    append(digests, position.after->view());
    append_le(values, static_cast<std::uint64_t>(position.after_value));
  }
  if (!whole.empty()) out.field(FieldType::Partitions, whole);
  if (digests.empty()) return;
  out.field(FieldType::Digests, digests);
  if (spec.where) out.field(FieldType::IndexValues, values);
}

}  // namespace

Expected<void> encode_scan(OutBuffer& out, const ScanSpec& spec, const ScanPolicy& policy,
                           const ScanCursor& cursor, const ScanShare& share) {
  wire::MessageHeader header{
      .info1 = wire::info1::kRead, .info3 = wire::info3::kPartitionDone, .ttl = 0xFFFF'FFFF};
  if (!policy.with_bins) header.info1 |= wire::info1::kGetNoBins;
  header.transaction_ttl = static_cast<std::uint32_t>(policy.command.total_timeout.count());
  wire::RequestWriter writer(out);
  writer.begin(header);
  writer.field(FieldType::Namespace, as_bytes(spec.ns));
  if (!spec.set.empty()) writer.field(FieldType::Set, as_bytes(spec.set));
  if (policy.records_per_second != 0)
    number_field(writer, FieldType::RecordsPerSecond, policy.records_per_second);
  number_field(writer, FieldType::SocketTimeout,
               static_cast<std::uint32_t>(policy.command.socket_timeout.count()));
  number_field(writer, FieldType::TaskId, share.task_id);
  if (spec.where) {
    if (auto written = write_range(writer, *spec.where); !written) return written;
  }
  if (!policy.command.filter.empty()) writer.field(FieldType::Filter, policy.command.filter);
  write_partitions(writer, spec, cursor, share);
  if (share.max_records != 0) number_field(writer, FieldType::MaxRecords, share.max_records);
  if (policy.with_bins) {
    for (const std::string& name : spec.bin_names) {
      if (name.size() > kBinNameSizeMax) return fail(Status::Parameter, "a bin name is too long");
      writer.op(wire::OpType::Read, name, ParticleType::Null, {});
    }
  }
  writer.end();
  writer.finish();
  return {};
}

}  // namespace flotilla::client
