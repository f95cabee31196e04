#include "exec/executor.h"
#include "record_view.h"
#include "routing.h"
#include "ttl.h"
#include "write_plan.h"

namespace flotilla::exec {
namespace {

using store::MemoryRecord;
using store::RecordHead;
using wire::OpType;

bool only_plain_reads(const wire::Ops& ops) {
  for (const wire::Op op : ops)
    if (op.type != OpType::Read) return false;
  return true;
}

/// Plain reads and look-ups in collections: cheaper than copying the record.
bool only_brief_reads(const wire::Ops& ops, const RecordHead& record, Bytes body) {
  const RecordView view({}, {}, body, (record.flags & store::kHasKey) != 0);
  for (const wire::Op op : ops) {
    if (op.type == OpType::Read) continue;
    if (op.type != OpType::CdtRead || !model::is_brief_read(view.bin(op.name), op.value))
      return false;
  }
  return true;
}

void write_all_bins(Arena& arena, const RecordHead& record, Bytes body, wire::ReplyWriter& reply) {
  store::BodyReader reader(body, (record.flags & store::kHasKey) != 0);
  for (store::BinView bin; reader.next(bin);)
    write_bin(arena, reply, bin.name, {bin.type, bin.value});
}

/// Answers the bins that plain reads name, in the order asked.
void write_named_bins(Arena& arena, const RecordRequest& request, const model::RecordSource& record,
                      wire::ReplyWriter& reply) {
  const bool respond_all = (request.header.info2 & wire::info2::kRespondAllOps) != 0;
  for (const wire::Op op : request.ops) {
    const model::Particle value = record.bin(op.name);
    if (!value.is_null() || respond_all) write_bin(arena, reply, op.name, value);
  }
}

Result<void> write_results(Arena& arena, const RecordRequest& request,
                           const model::RecordSource& record, wire::ReplyWriter& reply) {
  const bool respond_all = (request.header.info2 & wire::info2::kRespondAllOps) != 0;
  for (const wire::Op op : request.ops) {
    const auto value = read_op(arena, op, record);
    if (!value) return tl::unexpected(value.error());
    // Rows of a batch answer every read as a plain one.
    const OpType type = is_row(request.origin) ? OpType::Read : op.type;
    if (!value->is_null() || respond_all) reply.op(type, op.name, value->type, value->bytes);
  }
  return {};
}

Result<void> check_set(const RecordRequest& request, const RecordHead& record) {
  const std::string_view set = request.fields.text(wire::FieldType::Set);
  if (!set.empty() && set != request.ns.records.sets().name_of(record.set))
    return fail(Code::Parameter, "read: set differs");
  return {};
}

Result<void> check_key(const RecordRequest& request, const store::KeyView& stored) {
  const store::KeyView key = key_of(request.fields);
  if (key.present() && stored.present() && !(key == stored))
    return fail(Code::KeyMismatch, "read: key");
  return {};
}

/// Reads that strong consistency or transactions would have to answer: half an answer would be a
/// lie.
bool needs_more_than_available(const RecordRequest& request) {
  const std::uint8_t mode =
      request.header.info3 & (wire::info3::kScReadType | wire::info3::kScReadRelax);
  return (request.header.info4 & wire::info4::kVerifyRead) != 0 ||
         mode == wire::info3::kScReadType || request.fields.has(wire::FieldType::TransactionId);
}

/// Whether a replica in sync may answer, or only the primary.
bool any_copy_will_do(const RecordRequest& request) {
  using Override = NamespaceOptions::Override;
  const Override level = request.ns.options.read_consistency_level.load(std::memory_order_relaxed);
  if (level != Override::Off) return level == Override::Least;
  return (request.header.info1 & wire::info1::kConsistencyAll) == 0;
}

/// Whether the answer depends on more than the record's metadata.
bool needs_body(const RecordRequest& request, const RecordHead& record) {
  const bool checks_key = (record.flags & store::kHasKey) != 0 && key_of(request.fields).present();
  return (request.header.info1 & wire::info1::kGetNoBins) == 0 || request.filter || checks_key;
}

/// Everything after the record was found. `body` stays valid meanwhile.
Result<void> answer(Arena& arena, const RecordRequest& request, const RecordHead& record,
                    Bytes body, wire::ReplyWriter& reply) {
  const bool has_key = (record.flags & store::kHasKey) != 0;
  const store::KeyView stored = store::BodyReader(body, has_key).key();
  const RecordView view(metadata_of(request.ns, request.digest, &record, {}, request.wall), stored,
                        body, has_key);
  if (auto ok = check_filter(arena, request.filter, view); !ok) return ok;
  if (auto ok = check_key(request, stored); !ok) return ok;
  if ((request.header.info1 & wire::info1::kGetNoBins) != 0) return {};
  if ((request.header.info1 & wire::info1::kGetAll) != 0) {
    write_all_bins(arena, record, body, reply);
    return {};
  }
  if (request.ops.empty()) return fail(Code::Parameter, "read: nothing asked");
  if (only_plain_reads(request.ops)) {
    write_named_bins(arena, request, view, reply);
    return {};
  }
  return write_results(arena, request, view, reply);
}

/// The record is being read from the device.
Executor::Written waiting(wire::ReplyWriter& reply) {
  reply.abandon();
  return {.code = Code::Unavailable, .ok = false, .access = cluster::Replica::Access::Wait};
}

}  // namespace

Executor::Written Executor::read(const RecordRequest& request, wire::ReplyWriter& reply) {
  using Access = cluster::Replica::Access;
  store::Partition& partition = request.ns.records.partition_of(request.digest);
  const bool any_copy = any_copy_will_do(request);
  if (const auto access = read_access(partition, any_copy); access != Access::Here)
    return {.code = Code::Unavailable, .ok = false, .access = access};
  Written done = read_record(request, reply);
  if (done.access != Access::Here) return done;
  // The process may have stood still, or ceased to be the primary, before it came to the record.
  if (!answers_always(node_)) done.looked = node_.now();
  const bool answers = !done.looked || answers_at(node_, *done.looked);
  done.access = answers ? read_access(partition, any_copy) : Access::Wait;
  if (done.access != Access::Here) reply.drop_last();
  return done;
}

Executor::Written Executor::read_record(const RecordRequest& request, wire::ReplyWriter& reply) {
  wire::MessageHeader header{.transaction_ttl = request.row_index};
  reply.begin(header);
  store::Partition& partition = request.ns.records.partition_of(request.digest);
  std::unique_lock lock(partition.index_lock);
  const MemoryRecord* const found = partition.index.find(request.digest);
  RecordHead record = found == nullptr ? RecordHead{} : found->head();
  const store::Lsn waits_for = unsettled(request.ns, partition, found);
  const auto refuse = [&](const Error& error) {
    reply.abandon();
    header.result = static_cast<std::uint8_t>(error.code);
    reply.begin(header);
    reply.end();
    return Written{.code = error.code, .ok = false, .lsn = waits_for};
  };
  if (found == nullptr || !request.ns.records.visible(record, request.wall.seconds()))
    return refuse({Code::NotFound, "read"});
  if (needs_more_than_available(request))
    return refuse({Code::EnterpriseOnly, "read: transaction or linearize"});
  header.generation = record.generation;
  header.ttl = record.void_time;
  if (auto ok = check_bin_names(request.ops); !ok) return refuse(ok.error());
  if (auto ok = check_set(request, record); !ok) return refuse(ok.error());
  const auto touch = read_touch(request, record);
  if (!touch) return refuse(touch.error());

  Bytes body;
  if (request.ns.records.on_device()) {
    const store::RecordWanted wanted = request.ns.records.wanted(record);
    lock.unlock();
    if (*touch || needs_body(request, record)) {
      const auto stored = body_of(request, wanted);
      if (!stored) return waiting(reply);
      if (!*stored) return refuse(stored->error());
      body = **stored;
    } else {
      record.flags &= static_cast<std::uint8_t>(~store::kHasKey);  // It was not looked at.
    }
  } else {
    body = found->body();
    const bool short_work =
        !request.filter && ((request.header.info1 & wire::info1::kGetAll) != 0 ||
                            only_brief_reads(request.ops, record, body));
    if (!short_work) {
      body = arena_.copy(body);
      lock.unlock();
    }
  }
  const auto answered = answer(arena_, request, record, body, reply);
  if (lock.owns_lock()) lock.unlock();
  if (!answered) return refuse(answered.error());
  reply.set_header(header);
  reply.end();
  if (*touch) touch_record(node_, request, record.lsn, body);
  return {.lsn = waits_for};
}

}  // namespace flotilla::exec
