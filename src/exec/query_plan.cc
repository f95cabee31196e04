#include "query_plan.h"

#include <bitset>

#include "model/expression.h"
#include "record_view.h"
#include "write_plan.h"

namespace flotilla::exec {
namespace {

using wire::FieldType;
using wire::OpType;

std::uint64_t number(const wire::Fields& fields, FieldType type, std::size_t size,
                     std::uint64_t otherwise) {
  const Bytes field = fields.get(type);
  if (field.size() != size) return otherwise;
  return size == 8 ? load_be<std::uint64_t>(field.data()) : load_be<std::uint32_t>(field.data());
}

Result<void> add_partitions(const wire::Message& message, QueryPlan& plan) {
  std::bitset<wire::kPartitions> seen;
  const Bytes ids = message.fields.get(FieldType::Partitions);
  if (message.fields.has(FieldType::Partitions) && ids.size() < 2)
    return fail(Code::Parameter, "query: no partitions");
  for (std::size_t at = 0; at + 2 <= ids.size(); at += 2) {
    const auto id = load_le<std::uint16_t>(ids.data() + at);
    if (id >= wire::kPartitions || seen[id]) return fail(Code::Parameter, "query: partition");
    seen[id] = true;
    plan.work.push_back({wire::PartitionId(id), std::nullopt});
    ++plan.partitions;
  }
  const Bytes digests = message.fields.get(FieldType::Digests);
  if (message.fields.has(FieldType::Digests) && digests.size() < wire::Digest::kSize)
    return fail(Code::Parameter, "query: digests");
  for (std::size_t at = 0; at + wire::Digest::kSize <= digests.size(); at += wire::Digest::kSize) {
    const auto digest = wire::Digest::load(digests.data() + at);
    if (seen[digest.partition().raw()]) return fail(Code::Parameter, "query: partition twice");
    seen[digest.partition().raw()] = true;
    plan.work.push_back({digest.partition(), digest});
    ++plan.digests;
  }
  if (plan.work.empty()) return fail(Code::Unsupported, "query: names no partitions");
  return {};
}

void add_all_partitions(QueryPlan& plan) {
  for (std::uint16_t id = 0; id < wire::kPartitions; ++id)
    plan.work.push_back({wire::PartitionId(id), std::nullopt});
}

Result<void> check_basic_ops(const wire::Message& message) {
  for (const wire::Op op : message.ops) {
    if (op.name.size() > kBinNameMost) return fail(Code::Parameter, "query: bin name");
    if (!is_read(op.type)) return fail(Code::Parameter, "query: operation");
  }
  if (message.fields.has(FieldType::QueryBins) && !message.ops.empty())
    return fail(Code::Parameter, "query: bins twice");
  return {};
}

/// A record without anything: an expression is tried on it to see whether it parses.
class NoRecord : public model::RecordSource {
 public:
  Metadata metadata() const override { return {}; }
  std::optional<model::Particle> key() const override { return std::nullopt; }
  model::Particle bin(std::string_view) const override { return {}; }
};

Result<void> check_expression(const wire::Op& op) {
  if (op.type != OpType::ExpModify) return {};
  Arena arena;
  const auto outcome = model::exp_modify(arena, NoRecord(), {}, op.value);
  if (!outcome && outcome.error().code == Code::Parameter) return tl::unexpected(outcome.error());
  return {};
}

Result<void> check_background_ops(const wire::Message& message) {
  if ((message.header.info1 & wire::info1::kRead) != 0 || message.ops.empty())
    return fail(Code::Parameter, "query: background operations");
  for (const wire::Op op : message.ops) {
    if (is_read(op.type)) return fail(Code::Parameter, "query: operation");
    if (auto ok = check_expression(op); !ok) return ok;
  }
  return {};
}

/// Fields of fixed size; another size is an error where the query would run otherwise than meant.
Result<void> check_sizes(const wire::Fields& fields) {
  constexpr struct {
    FieldType type;
    std::size_t size;
  } kSized[] = {
      {FieldType::SocketTimeout, 4}, {FieldType::RecordsPerSecond, 4}, {FieldType::MaxRecords, 8}};
  for (const auto& [type, size] : kSized)
    if (fields.has(type) && fields.get(type).size() != size)
      return fail(Code::Parameter, "query: field size");
  return {};
}

Result<void> check_kind(const wire::Message& message) {
  const bool udf = message.fields.has(FieldType::UdfPackage) ||
                   message.fields.has(FieldType::UdfFunction) ||
                   message.fields.has(FieldType::UdfArguments);
  if (!udf) return {};
  const Bytes op = message.fields.get(FieldType::UdfOp);
  if (op.size() != 1 || (op[0] != std::byte{1} && op[0] != std::byte{2}))
    return fail(Code::Parameter, "query: UDF kind");
  return fail(Code::Forbidden, "query: UDF");
}

}  // namespace

std::vector<std::string_view> query_bins(const wire::Fields& fields) {
  std::vector<std::string_view> names;
  Reader r(fields.get(FieldType::QueryBins));
  for (auto count = r.be<std::uint8_t>(); count > 0; --count) {
    const auto size = r.be<std::uint8_t>();
    names.push_back(r.text(size));
  }
  if (!r.ok()) names.clear();
  return names;
}

Result<QueryPlan> plan_query(const Namespace& ns, const wire::Message& message) {
  const wire::Fields& fields = message.fields;
  QueryPlan plan;
  plan.background = (message.header.info2 & wire::info2::kWrite) != 0;
  plan.is_short = (message.header.info1 & wire::info1::kShortQuery) != 0;
  plan.no_bins = (message.header.info1 & wire::info1::kGetNoBins) != 0;
  if (auto ok = check_kind(message); !ok) return tl::unexpected(ok.error());

  plan.set = fields.text(FieldType::Set);
  if (plan.set.size() > store::SetTable::kNameSizeMost) return fail(Code::Parameter, "query: set");
  if (plan.background) {
    add_all_partitions(plan);
  } else {
    if ((message.header.info3 & wire::info3::kPartitionDone) == 0)
      return fail(Code::Unsupported, "query: old client");
    if (auto ok = add_partitions(message, plan); !ok) return tl::unexpected(ok.error());
  }
  if (auto ok = check_sizes(fields); !ok) return tl::unexpected(ok.error());
  plan.id = number(fields, FieldType::TaskId, 8, 0);
  plan.max_records = number(fields, FieldType::MaxRecords, 8, 0);
  plan.socket_timeout_ms =
      static_cast<std::uint32_t>(number(fields, FieldType::SocketTimeout, 4, 10'000));
  plan.records_per_second =
      static_cast<std::uint32_t>(number(fields, FieldType::RecordsPerSecond, 4, 0));
  if (plan.is_short && (plan.background || plan.records_per_second != 0))
    return fail(Code::Parameter, "query: short with this");
  if (fields.has(FieldType::IndexRange) || fields.has(FieldType::IndexName))
    return fail(Code::IndexNotFound, "query: no index");
  if (fields.has(FieldType::IndexValues) && !fields.has(FieldType::Digests))
    return fail(Code::Parameter, "query: values without digests");

  if (auto ok = plan.background ? check_background_ops(message) : check_basic_ops(message); !ok)
    return tl::unexpected(ok.error());
  if (plan.background) {
    const std::uint32_t most = ns.options.background_query_max_rps.load(std::memory_order_relaxed);
    if (plan.records_per_second > most) return fail(Code::Parameter, "query: records per second");
    if (plan.records_per_second == 0) plan.records_per_second = most;
  }
  plan.filter = filter_of(fields);
  if (plan.filter) {
    if (auto ok = model::check_filter(*plan.filter); !ok) return tl::unexpected(ok.error());
  }
  return plan;
}

}  // namespace flotilla::exec
