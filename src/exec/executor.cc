#include "exec/executor.h"

#include <algorithm>
#include <array>

#include "batch.h"
#include "forward_task.h"
#include "query.h"
#include "record_view.h"
#include "routing.h"

namespace flotilla::exec {
namespace {

constexpr std::size_t kLookAheadMost = 32;

using wire::FieldType;
using C = NamespaceCounter;

/// Where the results of one kind of request from one origin are counted.
struct OpCounters {
  C success;
  C error;
  C timeout;
  C not_found;
  C filtered_out;
};

// In the order of Origin. Background operations only write.
constexpr OpCounters kReads[] = {
    {C::client_read_success, C::client_read_error, C::client_read_timeout, C::client_read_not_found,
     C::client_read_filtered_out},
    {C::batch_sub_read_success, C::batch_sub_read_error, C::batch_sub_read_timeout,
     C::batch_sub_read_not_found, C::batch_sub_read_filtered_out},
    {},
    {C::from_proxy_read_success, C::from_proxy_read_error, C::from_proxy_read_timeout,
     C::from_proxy_read_not_found, C::from_proxy_read_filtered_out},
    {C::from_proxy_batch_sub_read_success, C::from_proxy_batch_sub_read_error,
     C::from_proxy_batch_sub_read_timeout, C::from_proxy_batch_sub_read_not_found,
     C::from_proxy_batch_sub_read_filtered_out},
};
// A write has no count of its own for "not found": it is an error.
constexpr OpCounters kWrites[] = {
    {C::client_write_success, C::client_write_error, C::client_write_timeout, C::client_write_error,
     C::client_write_filtered_out},
    {C::batch_sub_write_success, C::batch_sub_write_error, C::batch_sub_write_timeout,
     C::batch_sub_write_error, C::batch_sub_write_filtered_out},
    {C::ops_sub_write_success, C::ops_sub_write_error, C::ops_sub_write_timeout,
     C::ops_sub_write_error, C::ops_sub_write_filtered_out},
    {C::from_proxy_write_success, C::from_proxy_write_error, C::from_proxy_write_timeout,
     C::from_proxy_write_error, C::from_proxy_write_filtered_out},
    {C::from_proxy_batch_sub_write_success, C::from_proxy_batch_sub_write_error,
     C::from_proxy_batch_sub_write_timeout, C::from_proxy_batch_sub_write_error,
     C::from_proxy_batch_sub_write_filtered_out},
};
constexpr OpCounters kDeletes[] = {
    {C::client_delete_success, C::client_delete_error, C::client_delete_timeout,
     C::client_delete_not_found, C::client_delete_filtered_out},
    {C::batch_sub_delete_success, C::batch_sub_delete_error, C::batch_sub_delete_timeout,
     C::batch_sub_delete_not_found, C::batch_sub_delete_filtered_out},
    {C::ops_sub_write_success, C::ops_sub_write_error, C::ops_sub_write_timeout,
     C::ops_sub_write_error, C::ops_sub_write_filtered_out},
    {C::from_proxy_delete_success, C::from_proxy_delete_error, C::from_proxy_delete_timeout,
     C::from_proxy_delete_not_found, C::from_proxy_delete_filtered_out},
    {C::from_proxy_batch_sub_delete_success, C::from_proxy_batch_sub_delete_error,
     C::from_proxy_batch_sub_delete_timeout, C::from_proxy_batch_sub_delete_not_found,
     C::from_proxy_batch_sub_delete_filtered_out},
};
/// What failed before the operation began, and calls of functions.
struct EarlyCounters {
  C tsvc_error;
  C udf_error;
};
constexpr EarlyCounters kEarly[] = {
    {C::client_tsvc_error, C::client_udf_error},
    {C::batch_sub_tsvc_error, C::batch_sub_udf_error},
    {C::ops_sub_tsvc_error, C::ops_sub_tsvc_error},
    {C::from_proxy_tsvc_error, C::from_proxy_udf_error},
    {C::from_proxy_batch_sub_tsvc_error, C::from_proxy_batch_sub_udf_error},
};

C counter_of(const OpCounters& counters, const Executor::Written& written) {
  if (written.ok) return counters.success;
  switch (written.code) {
    case Code::NotFound:
      return counters.not_found;
    case Code::FilteredOut:
      return counters.filtered_out;
    case Code::Timeout:
      return counters.timeout;
    default:
      return counters.error;
  }
}

void refuse(OutBuffer& out, Code code) {
  wire::write_header_reply(out, {.result = static_cast<std::uint8_t>(code)});
}

bool is_udf(const wire::Fields& fields) {
  return fields.has(FieldType::UdfPackage) || fields.has(FieldType::UdfFunction) ||
         fields.has(FieldType::UdfArguments);
}

/// Modules of functions cannot be installed yet: a call is answered like one of a module that is
/// not there.
Code refuse_udf(const RecordRequest& request, wire::ReplyWriter& reply) {
  const wire::Fields& fields = request.fields;
  const bool whole = fields.has(FieldType::UdfPackage) && fields.has(FieldType::UdfFunction) &&
                     fields.has(FieldType::UdfArguments);
  const Code code = whole ? Code::UdfFailed : Code::Parameter;
  reply.begin({.result = static_cast<std::uint8_t>(code), .transaction_ttl = request.row_index});
  if (whole)
    reply.op(wire::OpType::Read, "FAILURE", wire::ParticleType::String,
             as_bytes("UDF: Execution Error 1"));
  reply.end();
  return code;
}

}  // namespace

Histogram& RecordRequest::latency() const {
  const bool sub = origin == Origin::BatchSub;
  const bool writes = (header.info2 & wire::info2::kWrite) != 0;
  const Latency kind = !writes          ? (sub ? Latency::BatchSubRead : Latency::Read)
                       : is_udf(fields) ? (sub ? Latency::BatchSubUdf : Latency::Udf)
                                        : (sub ? Latency::BatchSubWrite : Latency::Write);
  return share.latencies[static_cast<std::size_t>(kind)];
}

Executor::Executor(Node& node, unsigned reactor)
    : node_(node), reactor_(reactor), forwarding_(*this) {}
Executor::~Executor() = default;

Outcome Executor::execute(Bytes body, const Moment& moment, const std::string& from,
                          OutBuffer& out) {
  arena_.reset();
  wire::Message message;
  if (!message.parse(body)) {
    refuse(out, Code::Parameter);
    return {};
  }
  const bool is_batch = (message.header.info1 & wire::info1::kBatch) != 0;
  if (is_batch && is_given_up(message.header, moment)) {
    share_.counters.add(NodeCounter::batch_index_timeout);
    refuse(out, Code::Timeout);
    return {};
  }
  if (is_batch) return start_batch(*this, message, moment, out);
  Namespace* const ns = node_.find(message.fields.text(FieldType::Namespace));
  if (ns == nullptr || !message.fields.has(FieldType::Namespace)) {
    refuse(out, Code::Namespace);
    return {};
  }
  if (!message.fields.has(FieldType::Digest))
    return start_query({*this, *ns, body, message, moment, from}, out);

  const Bytes digest_bytes = message.fields.get(FieldType::Digest);
  if (digest_bytes.size() != wire::Digest::kSize) {
    refuse(out, Code::Parameter);
    return {};
  }
  if (is_given_up(message.header, moment)) {
    ns->share(reactor_).counters.add(NamespaceCounter::client_tsvc_timeout);
    refuse(out, Code::Timeout);
    return {};
  }
  const wire::Digest digest = wire::Digest::load(digest_bytes.data());
  const RecordRequest request{.ns = *ns,
                              .share = ns->share(reactor_),
                              .header = message.header,
                              .fields = message.fields,
                              .ops = message.ops,
                              .digest = digest,
                              .filter = filter_of(message.fields),
                              .wall = moment.wall};
  wire::ReplyWriter reply(out);
  const Written written = run(request, reply);
  reply.finish();
  Outcome outcome;
  if (written.access != cluster::Replica::Access::Here) {
    auto forward = std::make_unique<Forward>(*this, *ns, digest, Buffer(body.begin(), body.end()),
                                             deadline_of(message.header, moment.arrived));
    forward->await(take_wanted());
    outcome.task = start_forward(*this, std::move(forward), moment.wall);
    return outcome;
  }
  outcome.latency = &request.latency();
  outcome.looked = written.looked;
  if (written.wait.raw() != 0 || written.lsn.raw() != 0)
    add_gates(request, written, deadline_of(message.header, moment.arrived), outcome.gates);
  return outcome;
}

Instant Executor::deadline_of(const wire::MessageHeader& header, Instant arrived) const {
  const std::uint32_t ms = header.transaction_ttl != 0
                               ? header.transaction_ttl
                               : node_.transaction_max_ms.load(std::memory_order_relaxed);
  return arrived + std::chrono::milliseconds(ms);
}

void Executor::add_gates(const RecordRequest& request, const Written& written, Instant deadline,
                         std::vector<Gate>& gates) const {
  Gate gate{.deadline = deadline};
  if (written.wait.raw() != 0 &&
      request.ns.options.commit_to_device.load(std::memory_order_relaxed)) {
    gate.log = request.ns.records.log();
    gate.position = written.wait;
  }
  if (written.lsn.raw() != 0) {
    gate.replica = replica_of(request.ns.records.partition_of(request.digest));
    gate.lsn = written.lsn;
  }
  if (gate.log != nullptr || gate.replica != nullptr) gates.push_back(gate);
}

cluster::Replica::Access Executor::run_message(Bytes body, const MessageRun& how,
                                               wire::ReplyWriter& reply, std::vector<Gate>& gates) {
  arena_.reset();
  wire::Message message;
  Namespace* ns = nullptr;
  const bool parses = message.parse(body).has_value();
  if (parses) ns = node_.find(message.fields.text(FieldType::Namespace));
  const Bytes digest_bytes = parses ? message.fields.get(FieldType::Digest) : Bytes{};
  if (ns == nullptr || digest_bytes.size() != wire::Digest::kSize) {
    const Code code = parses && ns == nullptr ? Code::Namespace : Code::Parameter;
    reply.begin({.result = static_cast<std::uint8_t>(code), .transaction_ttl = how.row_index});
    reply.end();
    return cluster::Replica::Access::Here;
  }
  const wire::Digest digest = wire::Digest::load(digest_bytes.data());
  const RecordRequest request{.ns = *ns,
                              .share = ns->share(reactor_),
                              .header = message.header,
                              .fields = message.fields,
                              .ops = message.ops,
                              .digest = digest,
                              .filter = filter_of(message.fields),
                              .wall = how.wall,
                              .origin = how.origin,
                              .row_index = how.row_index,
                              .fetched = how.fetched};
  const Written written = run(request, reply);
  if (written.access == cluster::Replica::Access::Here)
    add_gates(request, written, how.deadline, gates);
  return written.access;
}

bool Executor::run_forward(Forward& forward, const MessageRun& how, wire::ReplyWriter& reply,
                           std::vector<Gate>& gates) {
  MessageRun with = how;
  with.row_index = forward.row_index();
  with.fetched = forward.fetched();
  if (run_message(forward.message(), with, reply, gates) == cluster::Replica::Access::Here)
    return true;
  if (auto read = take_wanted()) forward.await(std::move(read));
  return false;
}

/// The body of a record on a device. Nothing: it is being read, or brought from another copy, and
/// the request is to be run again. An error: it cannot be read.
std::optional<Result<Bytes>> Executor::body_of(const RecordRequest& request,
                                               const store::RecordWanted& wanted) {
  const store::RecordRead* const fetched = request.fetched;
  const bool same = fetched != nullptr && fetched->wanted().lsn == wanted.lsn;
  if (same && fetched->image()) return fetched->image()->body;
  store::Namespace& records = request.ns.records;
  if (const auto image = records.peek(wanted, arena_)) return image->body;
  if (same) {
    using enum store::Namespace::Missing;
    const auto why = records.missing(*fetched, wanted);
    if (why == Lost) return fail(Code::Unknown, "record: cannot be read");
    if (why == Damaged) return std::nullopt;
  }
  wanted_ = records.read_device(wanted, &wake_);
  return std::nullopt;
}

void Executor::look_ahead(std::span<const Bytes> bodies) const {
  std::array<wire::Digest, kLookAheadMost> digests;
  std::size_t count = 0;
  const Namespace* ns = nullptr;
  for (const Bytes body : bodies.first(std::min(bodies.size(), digests.size()))) {
    const auto key = wire::peek_key(body);
    if (!key) continue;
    if (ns == nullptr) ns = node_.find(key->ns);
    digests[count++] = key->digest;
  }
  if (ns != nullptr) ns->records.prefetch({digests.data(), count});
}

Executor::Written Executor::run(const RecordRequest& request, wire::ReplyWriter& reply) {
  const auto origin = static_cast<std::size_t>(request.origin);
  const std::uint8_t info2 = request.header.info2;
  const bool writes = (info2 & wire::info2::kWrite) != 0;
  if (!writes && (request.header.info1 & wire::info1::kRead) == 0) {
    reply.begin({.result = static_cast<std::uint8_t>(Code::Parameter),
                 .transaction_ttl = request.row_index});
    reply.end();
    request.share.counters.add(kEarly[origin].tsvc_error);
    return {.code = Code::Parameter, .ok = false};
  }
  if (writes && is_udf(request.fields)) {
    const Code code = refuse_udf(request, reply);
    request.share.counters.add(kEarly[origin].udf_error);
    return {.code = code, .ok = false};
  }
  const bool deletes = writes && (info2 & wire::info2::kDelete) != 0;
  const Written written = deletes  ? remove(request, reply)
                          : writes ? write(request, reply)
                                   : read(request, reply);
  if (written.access != cluster::Replica::Access::Here) return written;
  const OpCounters& counters = deletes  ? kDeletes[origin]
                               : writes ? kWrites[origin]
                                        : kReads[origin];
  request.share.counters.add(counter_of(counters, written));
  return written;
}

}  // namespace flotilla::exec
