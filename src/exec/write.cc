#include "exec/executor.h"
#include "record_view.h"
#include "routing.h"
#include "ttl.h"
#include "write_plan.h"

namespace flotilla::exec {
namespace {

using store::KeyView;
using store::MemoryRecord;
using store::RecordHead;
using store::SetId;
namespace flag2 = wire::info2;

constexpr std::uint32_t kGenerationMost = 65'535;

std::uint16_t next_generation(const RecordHead* old) {
  if (old == nullptr || old->generation == kGenerationMost) return 1;
  return static_cast<std::uint16_t>(old->generation + 1);
}

Result<void> check_generation(const wire::MessageHeader& header, const RecordHead* old) {
  const std::uint32_t generation = old == nullptr ? 0 : old->generation;
  if ((header.info2 & flag2::kGeneration) != 0) {
    if (header.generation != generation) return fail(Code::Generation, "generation differs");
  } else if ((header.info2 & flag2::kGenerationGreater) != 0 && header.generation <= generation) {
    return fail(Code::Generation, "generation not greater");
  }
  return {};
}

Result<void> check_existence(const WritePlan& plan, const RecordRequest& request,
                             const RecordHead* old) {
  if (plan.must_exist && old == nullptr) return fail(Code::NotFound, "write");
  if (plan.create_only && old != nullptr) return fail(Code::Exists, "write");
  return check_generation(request.header, old);
}

/// The set that the record is in, or will be in.
Result<SetId> set_for(const RecordRequest& request, const RecordHead* old) {
  store::SetTable& sets = request.ns.records.sets();
  const std::string_view name = request.fields.text(wire::FieldType::Set);
  if (old != nullptr) {
    // A background job takes records as they come.
    if (request.origin != Origin::OpsSub && name != sets.name_of(old->set))
      return fail(Code::Parameter, "write: set differs");
    return old->set;
  }
  return sets.find_or_add(name);
}

Result<void> check_set_limits(const Namespace& ns, SetId id, bool creates) {
  if (id.raw() == 0) return {};
  const store::Set& set = ns.records.sets()[id];
  const std::uint64_t count = set.stop_writes_count.load(std::memory_order_relaxed);
  const std::uint64_t size = set.stop_writes_size.load(std::memory_order_relaxed);
  if (creates && count != 0 && set.objects.load(std::memory_order_relaxed) >= count)
    return fail(Code::Forbidden, "write: set has its most records");
  if (size != 0 && set.data_bytes.load(std::memory_order_relaxed) >= size)
    return fail(Code::Forbidden, "write: set has its most bytes");
  return {};
}

/// The key that the record will have: the stored one, else the one sent.
Result<KeyView> key_for(const RecordRequest& request, const KeyView& stored) {
  const KeyView sent = key_of(request.fields);
  if (!sent.present()) {
    const Bytes field = request.fields.get(wire::FieldType::Key);
    if (!field.empty() && field[0] == static_cast<std::byte>(wire::ParticleType::Integer))
      return fail(Code::Unsupported, "write: key size");
    return stored;
  }
  if (stored.present()) {
    if (!(sent == stored)) return fail(Code::KeyMismatch, "write: key");
    return stored;
  }
  const bool odd_integer = sent.type == wire::ParticleType::Integer && sent.value.size() != 8;
  if (odd_integer || sent.value.empty()) return fail(Code::Unsupported, "write: key size");
  return sent;
}

Result<void> check_admission(const RecordRequest& request) {
  const NamespaceOptions& options = request.ns.options;
  const bool xdr = (request.header.info1 & wire::info1::kXdr) != 0;
  const auto& rejected = xdr ? options.reject_xdr_writes : options.reject_non_xdr_writes;
  if (rejected.load(std::memory_order_relaxed)) {
    request.share.counters.add(NamespaceCounter::fail_xdr_forbidden);
    return fail(Code::Forbidden, "write: rejected by configuration");
  }
  return {};
}

Result<void> check_writable(const RecordRequest& request) {
  const NamespaceOptions& options = request.ns.options;
  if (options.stop_writes.load(std::memory_order_relaxed))
    return fail(Code::OutOfSpace, "write: stop-writes");
  if (options.disallow_null_setname.load(std::memory_order_relaxed) &&
      request.fields.text(wire::FieldType::Set).empty())
    return fail(Code::Parameter, "write: no set");
  return {};
}

/// Transactions are refused whole: half of one would be worse than none.
Result<void> check_transaction(const RecordRequest& request) {
  const bool rolls =
      (request.header.info4 & (wire::info4::kRollForward | wire::info4::kRollBack)) != 0;
  if (rolls || request.fields.has(wire::FieldType::TransactionId))
    return fail(Code::EnterpriseOnly, "write: transaction");
  return {};
}

/// The state of one write while it holds its partition.
struct Edit {
  explicit Edit(const RecordRequest& request, MemoryRecord* found) : stored(found) {
    if (found == nullptr) return;
    head = found->head();
    if (request.ns.records.visible(head, request.wall.seconds())) old = &head;
  }
  Edit(const Edit&) = delete;
  Edit& operator=(const Edit&) = delete;

  MemoryRecord* const stored;  // What the index has, visible or not.
  RecordHead head;
  const RecordHead* old = nullptr;  // What the client sees; null when there is nothing.
  Bytes body{};                     // Of `old`; empty where nothing depends on it.
  SetId set{};
  KeyView key{};
  std::uint32_t void_time = 0;
};

/// What the record's metadata alone decides.
Result<void> check_metadata(const RecordRequest& request, const WritePlan& plan, Edit& edit) {
  if (auto ok = check_existence(plan, request, edit.old); !ok) return ok;
  const auto set = set_for(request, edit.old);
  if (!set) return tl::unexpected(set.error());
  edit.set = *set;
  return check_set_limits(request.ns, edit.set, edit.old == nullptr);
}

bool has_key(const RecordHead* record) {
  return record != nullptr && (record->flags & store::kHasKey) != 0;
}

Result<void> check_contents(Arena& arena, const RecordRequest& request, Edit& edit) {
  const bool keyed = has_key(edit.old);
  const KeyView stored_key = store::BodyReader(edit.body, keyed).key();
  if (request.filter) {
    const KeyView key = stored_key.present() ? stored_key : key_of(request.fields);
    const std::string_view set_name = request.fields.text(wire::FieldType::Set);
    const RecordView view(metadata_of(request.ns, request.digest, edit.old, set_name, request.wall),
                          key, edit.body, keyed);
    // A filter looks at a record that is there; a write that creates one passes it by.
    if (edit.old != nullptr) {
      if (auto ok = check_filter(arena, request.filter, view); !ok) return ok;
    } else if (auto ok = model::check_filter(*request.filter); !ok) {
      return ok;
    }
  }
  const auto key = key_for(request, stored_key);
  if (!key) return tl::unexpected(key.error());
  edit.key = *key;
  const auto void_time = new_void_time(request, edit.old, edit.set);
  if (!void_time) return tl::unexpected(void_time.error());
  edit.void_time = *void_time;
  return {};
}

void load_bins(const Edit& edit, const WritePlan& plan, Bins& bins) {
  bins.clear();
  if (edit.old == nullptr || plan.replace) return;
  store::BodyReader reader(edit.body, has_key(edit.old));
  while (reader.next(bins.emplace_back())) {
  }
  bins.pop_back();
}

Result<store::LogPosition> commit(Arena& arena, const RecordRequest& request, const Edit& edit,
                                  const Bins& bins, wire::MessageHeader& header) {
  store::Namespace& records = request.ns.records;
  store::Partition& partition = records.partition_of(request.digest);
  const std::size_t size = store::body_size(edit.key, bins);
  if (size + RecordHead::kCountedSize >
      request.ns.options.max_record_size.load(std::memory_order_relaxed)) {
    request.share.counters.add(NamespaceCounter::fail_record_too_big);
    return fail(Code::TooBig, "write: record");
  }
  const MutableBytes body = arena.allocate(size);
  store::write_body(body.data(), edit.key, bins);
  header.generation = next_generation(edit.old);
  header.ttl = edit.void_time;
  return records.put(partition, edit.stored,
                     {.digest = request.digest,
                      .set = edit.set,
                      .void_time = edit.void_time,
                      .generation = static_cast<std::uint16_t>(header.generation),
                      .flags = edit.key.present() ? store::kHasKey : std::uint8_t{0},
                      .body = body},
                     request.wall);
}

/// A write that left no bins deletes the record.
Result<store::LogPosition> delete_emptied(const RecordRequest& request, const Edit& edit,
                                          wire::MessageHeader& header) {
  if (edit.old == nullptr) return fail(Code::NotFound, "write: no bins");
  store::Namespace& records = request.ns.records;
  const auto done = records.remove(records.partition_of(request.digest), edit.stored, request.wall);
  if (done) {
    header.generation = header.ttl = 0;
    request.share.counters.add(NamespaceCounter::deleted_last_bin);
  }
  return done;
}

/// Another node's business, or nobody's for the moment.
Executor::Written misdirected(wire::ReplyWriter& reply, cluster::Replica::Access access) {
  reply.abandon();
  return {.code = Code::Unavailable, .ok = false, .access = access};
}

/// The mutation's number if the reply must wait until other copies have it. Under partition.write.
store::Lsn to_wait_for(const RecordRequest& request, store::Partition& partition) {
  using Override = NamespaceOptions::Override;
  const cluster::Replica* const replica = replica_of(partition);
  if (replica == nullptr) return {};
  const Override level = request.ns.options.write_commit_level.load(std::memory_order_relaxed);
  const bool asked_least = (request.header.info3 & wire::info3::kCommitMaster) != 0;
  if (level == Override::Least || (level == Override::Off && asked_least)) return {};
  const store::Lsn lsn = partition.last_lsn;
  return replica->acknowledged(lsn) == cluster::Replica::Acknowledged::Yes ? store::Lsn{} : lsn;
}

/// `seen`: what must be settled before the refusal can be told, as it follows from it.
Executor::Written refuse(wire::ReplyWriter& reply, wire::MessageHeader header, const Error& error,
                         store::Lsn seen = {}) {
  reply.abandon();
  header.result = static_cast<std::uint8_t>(error.code);
  reply.begin(header);
  reply.end();
  return {.code = error.code, .ok = false, .lsn = seen};
}

}  // namespace

Executor::Written Executor::write(const RecordRequest& request, wire::ReplyWriter& reply) {
  wire::MessageHeader header{.transaction_ttl = request.row_index};
  reply.begin(header);
  if (auto ok = check_admission(request); !ok) return refuse(reply, header, ok.error());
  if (auto ok = check_writable(request); !ok) return refuse(reply, header, ok.error());
  const auto plan = plan_write(request);
  if (!plan) return refuse(reply, header, plan.error());
  if (auto ok = check_transaction(request); !ok) return refuse(reply, header, ok.error());

  store::Partition& partition = request.ns.records.partition_of(request.digest);
  const std::scoped_lock lock(partition.write);
  if (const auto access = write_access(node_, partition); access != cluster::Replica::Access::Here)
    return misdirected(reply, access);
  Edit edit(request, partition.index.find(request.digest));
  const store::Lsn seen = unsettled(request.ns, partition, edit.stored);
  if (edit.old != nullptr) {
    header.generation = edit.old->generation;
    header.ttl = edit.old->void_time;
  }
  if (auto ok = check_metadata(request, *plan, edit); !ok) {
    if (ok.error().code == Code::Generation)
      request.share.counters.add(NamespaceCounter::fail_generation);
    return refuse(reply, header, ok.error(), seen);
  }
  if (edit.old != nullptr && !request.ns.records.on_device()) {
    edit.body = edit.stored->body();
  } else if (edit.old != nullptr && (!plan->replace || request.filter || has_key(edit.old))) {
    const auto body = body_of(request, request.ns.records.wanted(*edit.old));
    if (!body) return misdirected(reply, cluster::Replica::Access::Wait);
    if (!*body) return refuse(reply, header, body->error(), seen);
    edit.body = **body;
  }
  if (auto ok = check_contents(arena_, request, edit); !ok)
    return refuse(reply, header, ok.error(), seen);
  load_bins(edit, *plan, bins_);
  const RecordView view(metadata_of(request.ns, request.digest, edit.old,
                                    request.fields.text(wire::FieldType::Set), request.wall),
                        edit.key, bins_);
  if (auto ok = OpRunner(arena_, request, *plan, view, bins_).run(reply); !ok)
    return refuse(reply, header, ok.error(), seen);
  const auto done = bins_.empty() ? delete_emptied(request, edit, header)
                                  : commit(arena_, request, edit, bins_, header);
  if (!done) return refuse(reply, header, done.error(), seen);
  reply.set_header(header);
  reply.end();
  return {.wait = *done, .lsn = to_wait_for(request, partition)};
}

Executor::Written Executor::remove(const RecordRequest& request, wire::ReplyWriter& reply) {
  const wire::MessageHeader header{.transaction_ttl = request.row_index};
  reply.begin(header);
  if (auto ok = check_admission(request); !ok) return refuse(reply, header, ok.error());
  if (auto ok = check_transaction(request); !ok) return refuse(reply, header, ok.error());

  store::Namespace& records = request.ns.records;
  store::Partition& partition = records.partition_of(request.digest);
  const std::scoped_lock lock(partition.write);
  if (const auto access = write_access(node_, partition); access != cluster::Replica::Access::Here)
    return misdirected(reply, access);
  const Edit edit(request, partition.index.find(request.digest));
  const RecordHead* const old = edit.old;
  const store::Lsn seen = unsettled(request.ns, partition, edit.stored);
  if (old == nullptr) {
    if (auto ok = check_generation(request.header, nullptr); !ok)
      return refuse(reply, header, ok.error(), seen);
    return refuse(reply, header, {Code::NotFound, "delete"}, seen);
  }
  const std::string_view set = request.fields.text(wire::FieldType::Set);
  if (!set.empty() && set != records.sets().name_of(old->set))
    return refuse(reply, header, {Code::Parameter, "delete: set differs"}, seen);
  if (auto ok = check_generation(request.header, old); !ok) {
    request.share.counters.add(NamespaceCounter::fail_generation);
    return refuse(reply, header, ok.error(), seen);
  }
  const KeyView sent = key_of(request.fields);
  if (request.filter || (sent.present() && has_key(old))) {
    const auto body = body_of(request, *edit.stored);
    if (!body) return misdirected(reply, cluster::Replica::Access::Wait);
    if (!*body) return refuse(reply, header, body->error(), seen);
    const KeyView key = store::BodyReader(**body, has_key(old)).key();
    const RecordView view(metadata_of(request.ns, request.digest, old, {}, request.wall), key,
                          **body, has_key(old));
    if (auto ok = check_filter(arena_, request.filter, view); !ok)
      return refuse(reply, header, ok.error(), seen);
    if (sent.present() && key.present() && !(sent == key))
      return refuse(reply, header, {Code::KeyMismatch, "delete"}, seen);
  }
  const auto done = records.remove(partition, edit.stored, request.wall);
  if (!done) return refuse(reply, header, done.error(), seen);
  reply.end();
  return {.wait = *done, .lsn = to_wait_for(request, partition)};
}

}  // namespace flotilla::exec
