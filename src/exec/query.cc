#include "query.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "query_plan.h"
#include "record_view.h"
#include "routing.h"

namespace flotilla::exec {
namespace {

using store::MemoryRecord;
using store::RecordHead;
using wire::FieldType;
using C = NamespaceCounter;

constexpr std::size_t kFrameSize = 128 << 10;
constexpr std::size_t kReplyAhead =
    1 << 20;  // So much may wait for the client before the query pauses.
constexpr Duration kSlice = std::chrono::microseconds(200);
constexpr Duration kRepairLook = std::chrono::milliseconds(5);
constexpr Duration kReadMost =
    std::chrono::seconds(1);  // Until reads are looked at again, unwoken.

/// Where results of one kind of query are counted.
struct KindCounters {
  C complete;
  C error;
  C stopped;  // Abort of a long query, timeout of a short one.
};
constexpr KindCounters kShort{C::pi_query_short_basic_complete, C::pi_query_short_basic_error,
                              C::pi_query_short_basic_timeout};
constexpr KindCounters kLong{C::pi_query_long_basic_complete, C::pi_query_long_basic_error,
                             C::pi_query_long_basic_abort};
constexpr KindCounters kBackground{C::pi_query_ops_bg_complete, C::pi_query_ops_bg_error,
                                   C::pi_query_ops_bg_abort};

/// Walks the partitions of a plan bucket by bucket; what happens to the records is the derived
/// class's.
class Walk : public Task {
 public:
  Walk(const QueryRequest& request, QueryPlan plan)
      : executor_(request.executor),
        ns_(request.ns),
        share_(request.ns.share(request.executor.reactor())),
        owned_(request.body.begin(), request.body.end()),
        work_(std::move(plan.work)),
        max_records_(plan.max_records == 0 ? UINT64_MAX : plan.max_records),
        records_per_second_(plan.records_per_second),
        started_(request.moment.now),
        wall_(request.moment.wall) {
    // The receive buffer is used again before this ends: all views are taken anew, from the copy.
    FLOTILLA_CHECK(message_.parse(owned_).has_value());
    filter_ = filter_of(message_.fields);
    set_name_ = message_.fields.text(FieldType::Set);
  }
  ~Walk() override {
    if (job_ != nullptr && !ended_) finish(QueryJob::End::ResponseError);
  }

  void set_job(std::shared_ptr<QueryJob> job) { job_ = std::move(job); }
  Instant resume_at() const override { return resume_at_; }

 protected:
  /// The records of the next bucket that the query wants, with the partition locked while `each`
  /// sees them. False: the walk is over. A partition that this node does not serve from its first
  /// bucket to its last goes to on_unserved().
  template <class Each>
  bool next_bucket(Each each);
  virtual bool serves(store::Partition& partition) const = 0;
  virtual void on_unserved(wire::PartitionId) {}
  void finish(QueryJob::End end);
  bool throttled(std::uint64_t records);
  bool wants(const RecordHead& record);
  bool aborted() const { return job_ != nullptr && job_->abort.load(std::memory_order_relaxed); }

  Executor& executor_;
  Namespace& ns_;
  ReactorShare& share_;
  Buffer owned_;
  wire::Message message_;
  std::optional<Bytes> filter_;
  std::string_view set_name_;
  std::optional<store::SetId> set_;
  std::vector<PartitionWork> work_;
  std::size_t at_ = 0;
  std::uint64_t max_records_;
  std::uint64_t records_ = 0;
  std::uint32_t records_per_second_;
  Instant started_;
  Instant resume_at_{};
  WallTime wall_;
  std::shared_ptr<QueryJob> job_;
  bool ended_ = false;
  std::vector<MemoryRecord*> bucket_;
};

template <class Each>
bool Walk::next_bucket(Each each) {
  if (!set_name_.empty() && !set_) set_ = ns_.records.sets().find(set_name_);
  if (!set_name_.empty() && !set_) at_ = work_.size();
  if (at_ == work_.size()) return false;
  PartitionWork& work = work_[at_];
  store::Partition& partition = ns_.records.partition(work.partition);
  if (!serves(partition)) {
    on_unserved(work.partition);
    ++at_;
    return true;
  }
  const std::scoped_lock lock(partition.index_lock);
  partition.index.next_below(work.below ? &*work.below : nullptr, bucket_);
  if (bucket_.empty()) {
    ++at_;
    if (job_ != nullptr)
      job_->partitions_done.store(static_cast<std::uint32_t>(at_), std::memory_order_relaxed);
    return true;
  }
  for (const MemoryRecord* record : bucket_) {
    if (records_ >= max_records_) return true;
    const RecordHead head = record->head();
    work.below = head.digest;
    if (wants(head)) each(head, *record);
  }
  return true;
}

bool Walk::wants(const RecordHead& record) {
  return (!set_ || record.set == *set_) && ns_.records.visible(record, wall_.seconds());
}

bool Walk::throttled(std::uint64_t records) {
  if (records_per_second_ == 0) return false;
  const Duration due = std::chrono::nanoseconds(records * 1'000'000'000ULL / records_per_second_);
  resume_at_ = started_ + due;
  if (executor_.now() >= resume_at_) return false;
  if (job_ != nullptr) job_->throttled.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Walk::finish(QueryJob::End end) {
  ended_ = true;
  if (job_ != nullptr) executor_.node().jobs.finish(job_, end, executor_.now());
}

/// A basic query: records go back to the client.
class BasicQuery : public Walk {
 public:
  BasicQuery(const QueryRequest& request, const QueryPlan& plan)
      : Walk(request, plan),
        no_bins_(plan.no_bins),
        counters_(plan.is_short ? kShort : kLong),
        stall_limit_(std::chrono::milliseconds(plan.socket_timeout_ms)) {
    respond_all_ = (message_.header.info2 & wire::info2::kRespondAllOps) != 0;
    bin_names_ = query_bins(message_.fields);
    direct_ = !filter_ && message_.ops.empty() && bin_names_.empty();
    if (!plan.is_short) return;
    const std::uint32_t limit_ms =
        message_.header.transaction_ttl == 0 ? 1000 : message_.header.transaction_ttl;
    deadline_ = started_ + std::chrono::milliseconds(limit_ms);
  }

  Progress run(OutBuffer& out, Instant until) override;
  Duration stall_limit() const override { return stall_limit_; }

 private:
  /// A record copied out from under the lock, for filters and operations; or one on a device, whose
  /// body is being read.
  struct Copy {
    RecordHead head;
    Bytes body;
    std::shared_ptr<store::RecordRead> read{};
  };

  bool serves(store::Partition& partition) const override {
    return may_be_scanned(executor_.node(), partition);
  }
  /// The client goes on with the partition at another node.
  void on_unserved(wire::PartitionId partition) override {
    reply_->begin({.info3 = wire::info3::kPartitionDone,
                   .result = static_cast<std::uint8_t>(Code::Unavailable),
                   .generation = partition.raw()});
    reply_->end();
  }
  Progress end(OutBuffer& out, Code code, QueryJob::End how);
  void write_bucket(wire::ReplyWriter& reply);
  bool read_bucket();
  bool all_read();
  enum class Found : std::uint8_t {
    Again,      // And is being read.
    Repairing,  // Another copy is asked for it.
    None,
  };
  Found find_again(Copy& copy);
  void write_copies(wire::ReplyWriter& reply);
  void write_record(const RecordHead& record, Bytes body, wire::ReplyWriter& reply);
  void begin_record(const RecordHead& record, const store::KeyView& key, wire::ReplyWriter& reply);
  bool write_filtered(const RecordHead& record, Bytes body, wire::ReplyWriter& reply);
  bool write_results(const model::RecordSource& view, wire::ReplyWriter& reply);

  bool no_bins_;
  bool respond_all_ = false;
  bool direct_ = true;
  const KindCounters& counters_;
  Duration stall_limit_;
  std::optional<Instant> deadline_;
  std::vector<std::string_view> bin_names_;  // Of the old form of a projection.
  std::vector<Copy> copies_;                 // Of the partition before at_, or at it.
  std::size_t copied_at_ = 0;
  wire::ReplyWriter* reply_ = nullptr;  // While run() does.
  bool more_ = true;
  bool repairing_ = false;  // Other copies are asked for some of the bucket.
};

Task::Progress BasicQuery::run(OutBuffer& out, Instant until) {
  const std::size_t before = out.size();
  for (;;) {
    if (aborted()) return end(out, Code::QueryAborted, QueryJob::End::UserAborted);
    if (deadline_ && executor_.now() > *deadline_)
      return end(out, Code::Timeout, QueryJob::End::Unknown);
    if (throttled(records_)) return Progress::Waiting;
    wire::ReplyWriter reply(out);
    reply_ = &reply;
    while (more_ && records_ < max_records_ && reply.frame_size() < kFrameSize) {
      if (ns_.records.on_device() && !read_bucket()) {
        reply.finish();
        resume_at_ = executor_.now() + (repairing_ ? kRepairLook : kReadMost);
        return Progress::Waiting;
      }
      write_bucket(reply);
      if (executor_.now() >= until || records_per_second_ != 0) break;
    }
    reply.finish();
    if (job_ != nullptr) job_->net_bytes.fetch_add(out.size() - before, std::memory_order_relaxed);
    if (!more_ || records_ >= max_records_) return end(out, Code{}, QueryJob::End::Ok);
    if (out.size() > kReplyAhead || executor_.now() >= until) return Progress::More;
  }
}

Task::Progress BasicQuery::end(OutBuffer& out, Code code, QueryJob::End how) {
  wire::write_header_reply(
      out, {.info3 = wire::info3::kLast, .result = static_cast<std::uint8_t>(code)});
  share_.counters.add(how == QueryJob::End::Ok ? counters_.complete : counters_.stopped);
  share_.latencies[static_cast<std::size_t>(Latency::PiQuery)].record(executor_.now() - started_);
  finish(how);
  return Progress::Done;
}

void BasicQuery::write_bucket(wire::ReplyWriter& reply) {
  Arena& arena = executor_.arena();
  arena.reset();
  if (direct_ && !ns_.records.on_device()) {
    more_ = next_bucket([&](const RecordHead& head, const MemoryRecord& record) {
      write_record(head, record.body(), reply);
      ++records_;
    });
    if (job_ != nullptr) job_->succeeded.store(records_, std::memory_order_relaxed);
    return;
  }
  if (!ns_.records.on_device()) {
    copied_at_ = at_;
    more_ = next_bucket([&](const RecordHead& head, const MemoryRecord& record) {
      copies_.push_back({head, arena.copy(record.body())});
    });
  }
  write_copies(reply);
}

void BasicQuery::write_copies(wire::ReplyWriter& reply) {
  for (const Copy& copy : copies_) {
    if (records_ >= max_records_) break;
    if (write_filtered(copy.head, copy.body, reply)) ++records_;
    work_[copied_at_].below = copy.head.digest;
  }
  copies_.clear();
  if (job_ != nullptr) job_->succeeded.store(records_, std::memory_order_relaxed);
}

/// The next bucket of a namespace on a device, with the bodies that are needed. False: they are
/// being read.
bool BasicQuery::read_bucket() {
  if (copies_.empty()) {
    copied_at_ = at_;
    std::vector<store::RecordWanted> wanted;
    more_ = next_bucket([&](const RecordHead& head, const MemoryRecord&) {
      copies_.push_back({head, {}});
      wanted.push_back(ns_.records.wanted(head));
    });
    for (std::size_t i = 0; i < copies_.size(); ++i) {
      if (!no_bins_ || filter_ || (copies_[i].head.flags & store::kHasKey) != 0)
        copies_[i].read = ns_.records.read(wanted[i], executor_.wake());
    }
  }
  return all_read();
}

bool BasicQuery::all_read() {
  std::size_t waiting = 0;
  repairing_ = false;
  std::erase_if(copies_, [&](Copy& copy) {
    while (copy.read != nullptr) {
      // Asked once: it may be done at any moment.
      if (!copy.read->done()) {
        ++waiting;
        return false;
      }
      if (copy.read->image()) {
        copy.body = copy.read->image()->body;
        return false;
      }
      const Found found = find_again(copy);
      if (found == Found::None) return true;
      if (found == Found::Repairing) {
        repairing_ = true;
        ++waiting;
        return false;
      }
    }
    return false;
  });
  return waiting == 0;
}

/// What was read is not the record any more.
BasicQuery::Found BasicQuery::find_again(Copy& copy) {
  store::Partition& partition = ns_.records.partition_of(copy.head.digest);
  store::RecordWanted wanted;
  {
    const std::scoped_lock lock(partition.index_lock);
    const MemoryRecord* const record = partition.index.find(copy.head.digest);
    if (record == nullptr) return Found::None;
    copy.head = record->head();
    if (!wants(copy.head)) return Found::None;
    wanted = ns_.records.wanted(copy.head);
  }
  switch (ns_.records.missing(*copy.read, wanted)) {
    case store::Namespace::Missing::Damaged:
      return Found::Repairing;
    case store::Namespace::Missing::Lost:
      if (job_ != nullptr) job_->failed.fetch_add(1, std::memory_order_relaxed);
      return Found::None;
    case store::Namespace::Missing::Moved:
      break;
  }
  copy.read = ns_.records.read(wanted, executor_.wake());
  return Found::Again;
}

void BasicQuery::begin_record(const RecordHead& record, const store::KeyView& key,
                              wire::ReplyWriter& reply) {
  const std::uint8_t flags = no_bins_ ? wire::info1::kGetNoBins : std::uint8_t{0};
  reply.begin({.info1 = flags, .generation = record.generation, .ttl = record.void_time});
  reply.field(FieldType::Namespace, as_bytes(ns_.name()));
  reply.field(FieldType::Digest, record.digest.view());
  if (record.set.raw() != 0)
    reply.field(FieldType::Set, as_bytes(ns_.records.sets().name_of(record.set)));
  if (!key.present()) return;
  const MutableBytes field = executor_.arena().allocate(1 + key.value.size());
  field[0] = static_cast<std::byte>(key.type);
  if (!key.value.empty()) std::memcpy(field.data() + 1, key.value.data(), key.value.size());
  reply.field(FieldType::Key, field);
}

void BasicQuery::write_record(const RecordHead& record, Bytes body, wire::ReplyWriter& reply) {
  store::BodyReader reader(body, (record.flags & store::kHasKey) != 0);
  begin_record(record, reader.key(), reply);
  if (!no_bins_) {
    for (store::BinView bin; reader.next(bin);)
      write_bin(executor_.arena(), reply, bin.name, {bin.type, bin.value});
  }
  reply.end();
}

bool BasicQuery::write_filtered(const RecordHead& record, Bytes body, wire::ReplyWriter& reply) {
  const bool has_key = (record.flags & store::kHasKey) != 0;
  const store::KeyView key = store::BodyReader(body, has_key).key();
  const RecordView view(metadata_of(ns_, record.digest, &record, {}, wall_), key, body, has_key);
  if (!check_filter(executor_.arena(), filter_, view)) {
    if (job_ != nullptr) job_->filtered_by_bins.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  if (no_bins_ || (message_.ops.empty() && bin_names_.empty())) {
    write_record(record, body, reply);
    return true;
  }
  begin_record(record, key, reply);
  if (!write_results(view, reply)) {
    reply.abandon();
    return false;
  }
  reply.end();
  return true;
}

bool BasicQuery::write_results(const model::RecordSource& view, wire::ReplyWriter& reply) {
  for (const wire::Op op : message_.ops) {
    const auto value = read_op(executor_.arena(), op, view);
    if (!value) {
      if (job_ != nullptr) job_->failed.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    if (!value->is_null() || respond_all_) reply.op(op.type, op.name, value->type, value->bytes);
  }
  for (const std::string_view name : bin_names_) {
    const model::Particle value = view.bin(name);
    if (!value.is_null()) write_bin(executor_.arena(), reply, name, value);
  }
  return reply.ops() > 0;
}

/// Write operations on every record of a set or namespace; nobody waits for it.
class BackgroundOps : public Walk {
 public:
  BackgroundOps(const QueryRequest& request, const QueryPlan& plan) : Walk(request, plan) {
    header_ = message_.header;
    header_.info2 = wire::info2::kWrite | (header_.info2 & wire::info2::kDurableDelete);
    header_.info3 = wire::info3::kUpdateOnly;
  }

  Progress run(OutBuffer& out, Instant until) override;
  Instant resume_at() const override {
    if (read_ != nullptr && !read_->done()) return Instant{Duration::max()};
    return Walk::resume_at();
  }

 private:
  /// The client sends the job to every node: each takes the partitions that it is primary of.
  bool serves(store::Partition& partition) const override {
    return answers_now(executor_.node()) &&
           read_access(partition, false) == cluster::Replica::Access::Here;
  }
  bool write_one(const wire::Digest& digest);

  wire::MessageHeader header_;
  std::vector<wire::Digest> digests_;
  std::size_t next_ = 0;
  bool more_ = true;
  OutBuffer unread_;
  std::shared_ptr<store::RecordRead> read_;  // Of the next one.
};

Task::Progress BackgroundOps::run(OutBuffer&, Instant until) {
  for (;;) {
    if (aborted()) {
      share_.counters.add(kBackground.stopped);
      finish(QueryJob::End::UserAborted);
      return Progress::Done;
    }
    if (next_ == digests_.size()) {
      digests_.clear();
      next_ = 0;
      if (more_)
        more_ = next_bucket(
            [&](const RecordHead& head, const MemoryRecord&) { digests_.push_back(head.digest); });
      if (!more_) break;
    }
    while (next_ < digests_.size()) {
      if (throttled(records_)) return Progress::Waiting;
      if (!write_one(digests_[next_])) return Progress::Waiting;
      ++next_;
    }
    if (executor_.now() >= until) return Progress::More;
  }
  share_.counters.add(kBackground.complete);
  finish(QueryJob::End::Ok);
  return Progress::Done;
}

/// False: its record is being read first.
bool BackgroundOps::write_one(const wire::Digest& digest) {
  if (read_ != nullptr && !read_->done()) return false;
  executor_.arena().reset();
  const RecordRequest request{.ns = ns_,
                              .share = share_,
                              .header = header_,
                              .fields = message_.fields,
                              .ops = message_.ops,
                              .digest = digest,
                              .filter = filter_,
                              .wall = wall_,
                              .origin = Origin::OpsSub,
                              .fetched = read_.get()};
  {
    wire::ReplyWriter reply(unread_);
    const Executor::Written written = executor_.run(request, reply);
    reply.finish();
    if (auto wanted = executor_.take_wanted()) {
      read_ = std::move(wanted);
      return false;
    }
    if (read_ != nullptr && written.access == cluster::Replica::Access::Wait) {
      resume_at_ = executor_.now() + kRepairLook;  // Another copy is asked for it.
      return false;
    }
    read_ = nullptr;
    if (written.access != cluster::Replica::Access::Here) return true;  // Moved: its new primary's.
    auto& counter = written.ok                          ? job_->succeeded
                    : written.code == Code::FilteredOut ? job_->filtered_by_bins
                                                        : job_->failed;
    counter.fetch_add(1, std::memory_order_relaxed);
  }
  unread_.consume(unread_.size());
  ++records_;
  return true;
}

Outcome refuse(const QueryRequest& request, OutBuffer& out, Code code) {
  wire::write_header_reply(out, {.result = static_cast<std::uint8_t>(code)});
  const bool background = (request.message.header.info2 & wire::info2::kWrite) != 0;
  const bool is_short = (request.message.header.info1 & wire::info1::kShortQuery) != 0;
  request.ns.share(request.executor.reactor())
      .counters.add(background ? kBackground.error
                    : is_short ? kShort.error
                               : kLong.error);
  return {};
}

std::shared_ptr<QueryJob> make_job(const QueryRequest& request, const QueryPlan& plan) {
  auto job = std::make_shared<QueryJob>();
  job->id = plan.id;
  job->kind = plan.background ? QueryJob::Kind::BackgroundOps : QueryJob::Kind::Basic;
  job->ns = request.ns.name();
  job->set = plan.set;
  job->from = request.from;
  job->partitions_requested = plan.partitions;
  job->digests_requested = plan.digests;
  job->records_per_second = plan.records_per_second;
  job->socket_timeout_ms = plan.socket_timeout_ms;
  job->started = request.moment.now;
  return job;
}

}  // namespace

Outcome start_query(const QueryRequest& request, OutBuffer& out) {
  auto plan = plan_query(request.ns, request.message);
  if (!plan) return refuse(request, out, plan.error().code);
  if (plan->background && !plan->set.empty() && !request.ns.records.sets().find(plan->set))
    return refuse(request, out, Code::NotFound);

  std::shared_ptr<QueryJob> job;
  if (!plan->is_short) {
    job = make_job(request, *plan);
    Node& node = request.executor.node();
    if (auto ok = node.jobs.add(job, node.query_threads_limit.load(std::memory_order_relaxed)); !ok)
      return refuse(request, out, ok.error().code);
  }
  Outcome outcome;
  if (plan->background) {
    auto walk = std::make_unique<BackgroundOps>(request, *plan);
    walk->set_job(std::move(job));
    wire::write_header_reply(out, {.info3 = wire::info3::kLast});
    outcome.background = std::move(walk);
    return outcome;
  }
  auto query = std::make_unique<BasicQuery>(request, *plan);
  query->set_job(std::move(job));
  if (query->run(out, request.moment.now + kSlice) != Task::Progress::Done)
    outcome.task = std::move(query);
  return outcome;
}

}  // namespace flotilla::exec
