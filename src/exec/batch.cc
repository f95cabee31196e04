#include "batch.h"

#include <algorithm>
#include <array>
#include <list>
#include <optional>
#include <utility>

#include "base/check.h"
#include "model/expression.h"
#include "record_view.h"
#include "wire/batch.h"
#include "wire/frame.h"
#include "wire/request_writer.h"

namespace flotilla::exec {
namespace {

using wire::FieldType;

constexpr std::size_t kFrameSize = 128 << 10;  // A frame of the reply is sent once it is this long.
constexpr std::size_t kReplyAhead =
    512 << 10;                          // So much may wait for the client before the batch pauses.
constexpr std::size_t kLookAhead = 16;  // Rows whose records are fetched into the cache together.
constexpr std::size_t kForwardsMost = 128;  // Rows at other nodes at a time.
constexpr Duration kSlice = std::chrono::microseconds(200);

/// Result codes that say something about the row, not of a failure.
bool is_failure(Code code) { return code != Code::NotFound && code != Code::FilteredOut; }

Outcome refuse(OutBuffer& out, Code code) {
  wire::write_header_reply(
      out, {.info3 = wire::info3::kLast, .result = static_cast<std::uint8_t>(code)});
  return {};
}

/// Reads through all rows first: one bad row fails the batch before anything is done.
Result<void> check_rows(const Node& node, Bytes field, const wire::MessageHeader& parent) {
  wire::BatchReader rows(field, parent);
  if (!rows.ok() || rows.header().count == 0) return fail(Code::Parameter, "batch: rows");
  const std::uint32_t most = node.batch_max_requests.load(std::memory_order_relaxed);
  if (most != 0 && rows.header().count > most) return fail(Code::BatchTooManyRows, "batch");
  for (std::uint32_t i = 0; i < rows.header().count; ++i) {
    if (auto ok = rows.next(); !ok) return ok;
    const wire::BatchRow& row = rows.row();
    if (row.repeats) continue;
    if (!row.namespace_first || node.find(row.fields.text(FieldType::Namespace)) == nullptr)
      return fail(Code::Parameter, "batch: namespace");
  }
  return {};
}

Result<void> check_batch(const Node& node, Bytes field, const wire::Message& message) {
  if (auto ok = check_rows(node, field, message.header); !ok) return ok;
  const auto filter = filter_of(message.fields);
  return filter ? model::check_filter(*filter) : Result<void>{};
}

Bytes batch_field(const wire::Fields& fields) {
  return fields.has(FieldType::Batch) ? fields.get(FieldType::Batch)
                                      : fields.get(FieldType::BatchWithSet);
}

/// A row as the single-record request that it states, for another node.
Buffer message_of(const wire::BatchRow& row, const std::optional<Bytes>& filter,
                  std::uint32_t transaction_ttl) {
  OutBuffer out;
  wire::RequestWriter request(out);
  wire::MessageHeader header = row.header;
  header.transaction_ttl = transaction_ttl;
  request.begin(header);
  for (const FieldType type :
       {FieldType::Namespace, FieldType::Set, FieldType::Key, FieldType::TransactionId,
        FieldType::UdfPackage, FieldType::UdfFunction, FieldType::UdfArguments}) {
    if (row.fields.has(type)) request.field(type, row.fields.get(type));
  }
  request.field(FieldType::Digest, row.digest.view());
  if (filter) request.field(FieldType::Filter, *filter);
  for (const wire::Op& op : row.ops) request.op(op.type, op.name, op.particle_type, op.value);
  request.end();
  const Bytes message = out.view().subspan(wire::FrameHeader::kSize);
  return {message.begin(), message.end()};
}

/// The rows of one batch. Owns its request only once it outlives the call that started it.
class Batch : public Task {
 public:
  Batch(Executor& executor, Bytes field, const wire::Message& message, const Moment& moment)
      : executor_(executor),
        parent_(message.header),
        filter_(filter_of(message.fields)),
        field_(field),
        rows_(field, parent_),
        wall_(moment.wall),
        started_(moment.now),
        // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): set in another file.
        respond_all_((rows_.header().flags & wire::BatchHeader::kRespondAllKeys) != 0),
        report_failed_((rows_.header().flags & wire::BatchHeader::kReportFailedRow) != 0),
        deadline_(executor.deadline_of(message.header, moment.arrived)) {}

  Progress run(OutBuffer& out, Instant until) override;
  /// Copies the request, whose buffer is about to be used again.
  void own_request();
  std::vector<Gate> take_gates() override { return std::exchange(gates_, {}); }
  Instant resume_at() const override;
  Histogram* latency() override { return &executor_.share().batches; }

 private:
  bool rows_left() const { return done_ < rows_.header().count; }
  Instant run_rows(wire::ReplyWriter& reply);
  void look_ahead() const;
  void run_row(wire::ReplyWriter& reply);
  void keep_or_drop(Code code, wire::ReplyWriter& reply);
  void collect(OutBuffer& out);
  bool collect_one(Forward& forward, wire::ReplyWriter& reply);
  /// Rows on one record run in their order: one that waits holds up those behind it.
  struct Waiting {
    Waiting(Executor& executor, Namespace& ns, const wire::Digest& digest, Buffer message,
            Instant deadline)
        : forward(executor, ns, digest, std::move(message), deadline) {}
    Forward forward;
    bool behind = false;  // One before it is on the same record.
  };
  Forward& put_off(const RecordRequest& request);
  bool is_awaited(const wire::Digest& digest) const;

  Executor& executor_;
  wire::MessageHeader parent_;
  std::optional<Bytes> filter_;
  Bytes field_;
  wire::BatchReader rows_;
  WallTime wall_;
  Instant started_;
  bool respond_all_;
  bool report_failed_;
  std::uint32_t done_ = 0;
  std::optional<Code> failed_;
  Namespace* ns_ = nullptr;  // Of the present row and those that repeat it.
  Instant deadline_;
  std::list<Waiting> forwards_;  // Rows that other nodes serve, or this one soon, in their order.
  std::vector<Gate> gates_;
  std::array<Histogram*, kLookAhead> timed_{};  // Where the latencies of the last rows go.
  std::size_t timed_count_ = 0;
  Buffer owned_;
};

void Batch::own_request() {
  // Everything already read is kept as offsets into the same bytes: the reader starts anew and
  // skips the rows done.
  owned_.assign(field_.begin(), field_.end());
  const std::size_t size = owned_.size();
  if (filter_) append(owned_, *filter_);
  field_ = Bytes(owned_).first(size);
  if (filter_) filter_ = Bytes(owned_).subspan(size);
  rows_ = wire::BatchReader(field_, parent_);
  for (std::uint32_t i = 0; i < done_; ++i) {
    if (!rows_.next()) return;
  }
}

Task::Progress Batch::run(OutBuffer& out, Instant until) {
  NodeCounters& counters = executor_.share().counters;
  collect(out);
  while (rows_left()) {
    if (out.size() > kReplyAhead) {
      counters.add(NodeCounter::batch_index_delay);
      return Progress::More;
    }
    if (forwards_.size() >= kForwardsMost) return Progress::Waiting;
    executor_.arena().reset();
    wire::ReplyWriter reply(out);
    Instant now{};
    while (rows_left() && reply.frame_size() < kFrameSize && forwards_.size() < kForwardsMost &&
           now < until)
      now = run_rows(reply);
    reply.finish();
    if (rows_left() && now >= until) return Progress::More;
  }
  if (!forwards_.empty()) collect(out);
  if (!forwards_.empty()) return Progress::Waiting;
  const Code code = failed_.value_or(Code{});
  wire::write_header_reply(
      out, {.info3 = wire::info3::kLast, .result = static_cast<std::uint8_t>(code)});
  counters.add(failed_ ? NodeCounter::batch_index_error : NodeCounter::batch_index_complete);
  return Progress::Done;
}

/// The rows up to the next look ahead, or fewer when the reply's frame is full. Returns when they
/// were done, and notes it as the end of each: a look at the clock for every row would show.
Instant Batch::run_rows(wire::ReplyWriter& reply) {
  if (done_ % kLookAhead == 0) look_ahead();
  do {
    FLOTILLA_CHECK(rows_.next().has_value());  // check_rows() read them all.
    run_row(reply);
    ++done_;
  } while (rows_left() && done_ % kLookAhead != 0 && reply.frame_size() < kFrameSize &&
           forwards_.size() < kForwardsMost);
  const Instant now = executor_.now();
  for (std::size_t i = 0; i < timed_count_; ++i) timed_[i]->record(now - started_);
  timed_count_ = 0;
  return now;
}

/// Rows of one batch are nearly always of one namespace; for others the hints are merely in vain.
void Batch::look_ahead() const {
  const Namespace* const ns = ns_ != nullptr ? ns_ : executor_.node().namespaces.front().get();
  std::array<wire::Digest, kLookAhead> digests;
  const std::size_t count = rows_.peek(digests.data(), digests.size());
  ns->records.prefetch({digests.data(), count});
}

void Batch::run_row(wire::ReplyWriter& reply) {
  const wire::BatchRow& row = rows_.row();
  if (!row.repeats || ns_ == nullptr)
    ns_ = executor_.node().find(row.fields.text(FieldType::Namespace));
  const auto row_filter = filter_of(row.fields);
  const RecordRequest request{.ns = *ns_,
                              .share = ns_->share(executor_.reactor()),
                              .header = row.header,
                              .fields = row.fields,
                              .ops = row.ops,
                              .digest = row.digest,
                              .filter = row_filter ? row_filter : filter_,
                              .wall = wall_,
                              .origin = Origin::BatchSub,
                              .row_index = row.index};
  if (is_awaited(row.digest)) {
    put_off(request);
    forwards_.back().behind = true;
    return;
  }
  const Executor::Written written = executor_.run(request, reply);
  if (written.access != cluster::Replica::Access::Here) {
    Forward& forward = put_off(request);
    if (auto read = executor_.take_wanted()) forward.await(std::move(read));
    return;
  }
  timed_[timed_count_++] = &request.latency();
  if (written.wait.raw() != 0 || written.lsn.raw() != 0)
    executor_.add_gates(request, written, deadline_, gates_);
  keep_or_drop(written.ok ? Code{} : written.code, reply);
}

Forward& Batch::put_off(const RecordRequest& request) {
  const wire::BatchRow& row = rows_.row();
  Buffer message = message_of(row, request.filter, parent_.transaction_ttl);
  Waiting& waiting =
      forwards_.emplace_back(executor_, request.ns, row.digest, std::move(message), deadline_);
  waiting.forward.set_row(row.index);
  return waiting.forward;
}

bool Batch::is_awaited(const wire::Digest& digest) const {
  return std::ranges::any_of(
      forwards_, [&](const Waiting& waiting) { return waiting.forward.digest() == digest; });
}

/// Sends rows on to where they belong, and appends the answers that are here. Rows are answered in
/// any order: each carries its index.
void Batch::collect(OutBuffer& out) {
  if (forwards_.empty()) return;
  wire::ReplyWriter reply(out);
  std::vector<wire::Digest> awaited;
  forwards_.remove_if([&](Waiting& waiting) {
    const wire::Digest digest = waiting.forward.digest();
    waiting.behind = std::ranges::find(awaited, digest) != awaited.end();
    if (!waiting.behind && collect_one(waiting.forward, reply)) return true;
    awaited.push_back(digest);
    return false;
  });
  reply.finish();
}

/// True: the row is answered.
bool Batch::collect_one(Forward& forward, wire::ReplyWriter& reply) {
  using C = NamespaceCounter;
  CounterBlock<C>& counters = forward.ns().share(executor_.reactor()).counters;
  switch (forward.step(executor_.now())) {
    case Forward::Step::Waiting:
      return false;
    case Forward::Step::Here: {
      const std::size_t before = reply.frame_size();
      if (!executor_.run_forward(forward,
                                 {.wall = wall_, .origin = Origin::BatchSub, .deadline = deadline_},
                                 reply, gates_))
        return false;
      keep_or_drop(reply.result_at(before), reply);
      return true;
    }
    case Forward::Step::Answered: {
      const std::size_t before = reply.frame_size();
      reply.message(forward.answer());
      counters.add(C::batch_sub_proxy_complete);
      keep_or_drop(reply.result_at(before), reply);
      return true;
    }
    case Forward::Step::Failed:
      break;
  }
  reply.begin({.result = static_cast<std::uint8_t>(forward.code()),
               .transaction_ttl = forward.row_index()});
  reply.end();
  counters.add(forward.code() == Code::Timeout ? C::batch_sub_proxy_timeout
                                               : C::batch_sub_proxy_error);
  keep_or_drop(forward.code(), reply);
  return true;
}

Instant Batch::resume_at() const {
  Instant at = deadline_;
  for (const Waiting& waiting : forwards_)
    if (!waiting.behind) at = std::min(at, waiting.forward.resume_at());
  return at;
}

void Batch::keep_or_drop(Code code, wire::ReplyWriter& reply) {
  const bool fails = code != Code{} && is_failure(code);
  if (fails && !respond_all_ && !failed_) failed_ = code;
  // Without "respond to all" the rows from the failed one on go unanswered, though later writes are
  // done; newer clients ask for the failed row and get all.
  if (failed_ && !report_failed_) reply.drop_last();
}

}  // namespace

Outcome start_batch(Executor& executor, const wire::Message& message, const Moment& moment,
                    OutBuffer& out) {
  NodeCounters& counters = executor.share().counters;
  counters.add(NodeCounter::batch_index_initiate);
  const Bytes field = batch_field(message.fields);
  if (auto ok = check_batch(executor.node(), field, message); !ok) {
    counters.add(NodeCounter::batch_index_error);
    return refuse(out, ok.error().code);
  }
  auto batch = std::make_unique<Batch>(executor, field, message, moment);
  const Task::Progress progress = batch->run(out, moment.now + kSlice);
  Outcome outcome;
  outcome.gates = batch->take_gates();
  if (progress == Task::Progress::More || progress == Task::Progress::Waiting) {
    batch->own_request();
    outcome.task = std::move(batch);
  } else {
    outcome.latency = batch->latency();
  }
  return outcome;
}

}  // namespace flotilla::exec
