#include "client/scan.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "client/client.h"
#include "command.h"
#include "decode.h"
#include "lease.h"
#include "scan_encode.h"

namespace flotilla::client {
namespace {

struct Assignment {
  std::shared_ptr<Node> node;
  ScanShare share;
};

/// What all threads of one scan() share.
struct Progress {
  const ScanSpec& spec;
  const ScanPolicy& policy;
  const Client::OnRecord& on_record;
  ScanCursor& cursor;  // Each thread touches only the partitions of its own share.
  Deadline deadline;
  std::mutex one_at_a_time;           // Around on_record.
  std::atomic<bool> stopped = false;  // on_record had enough.
  std::atomic<std::uint64_t> found = 0;
};

std::uint64_t new_task_id() {
  static std::atomic<std::uint64_t> next = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }();
  return next.fetch_add(1) | 1U << 31;  // Zero would let the server choose.
}

/// One node's answer to its share, read message by message.
class ShareReader {
 public:
  ShareReader(Progress& progress, const Assignment& assignment)
      : progress_(progress), assignment_(assignment), node_(assignment.node->address().text()) {}

  Expected<void> run();

 private:
  /// True: the stream has ended.
  Expected<bool> take_frame(Bytes body);
  Expected<void> take_record(const wire::ReplyReader& reply);
  void finish_partitions();

  Progress& progress_;
  const Assignment& assignment_;
  const std::string node_;
  std::bitset<wire::kPartitions> unavailable_;
  std::uint64_t found_ = 0;
};

Expected<void> ShareReader::run() {
  OutBuffer request;
  if (auto encoded = encode_scan(request, progress_.spec, progress_.policy, progress_.cursor,
                                 assignment_.share);
      !encoded)
    return encoded;
  const auto until = [&] {
    return earlier(progress_.deadline, deadline_after(progress_.policy.command.socket_timeout));
  };
  auto lease = Lease::take(assignment_.node, until());
  if (!lease) return tl::unexpected(lease.error());
  if (auto sent = lease->connection().send(request.view(), until()); !sent) return sent;
  // A scan that is stopped early leaves the rest of its stream unread, so its connection is closed.
  while (!progress_.stopped) {
    const auto frame = lease->connection().receive(until());
    if (!frame) return tl::unexpected(frame.error());
    const auto ended = take_frame(frame->body);
    if (!ended) {
      if (ended.error().code > 0 && keeps_connection(ended.error().code)) lease->keep();
      return tl::unexpected(ended.error());
    }
    if (*ended) {
      lease->keep();
      finish_partitions();
      if (unavailable_.any())
        return fail_with_code(static_cast<std::int16_t>(Code::Unavailable), node_);
      return {};
    }
  }
  return {};
}

Expected<bool> ShareReader::take_frame(Bytes body) {
  wire::ReplyReader reply(body);
  while (reply.left() > 0) {
    if (!reply.next()) return fail(Status::Client, "the node's scan reply does not parse", node_);
    const wire::MessageHeader& header = reply.header();
    if ((header.info3 & wire::info3::kPartitionDone) != 0) {
      if (header.generation < wire::kPartitions && header.result != 0)
        unavailable_.set(header.generation);
      continue;
    }
    if (header.result != 0) return fail_with_code(header.result, node_);
    if (reply.is_last()) return true;
    if (auto taken = take_record(reply); !taken) return tl::unexpected(taken.error());
    if (progress_.stopped) return false;
  }
  return false;
}

Expected<void> ShareReader::take_record(const wire::ReplyReader& reply) {
  auto key = decode_key(reply.fields(), node_);
  if (!key) return tl::unexpected(key.error());
  auto bins = decode_bins(reply.ops(), node_, progress_.policy.keeps_containers_encoded);
  if (!bins) return tl::unexpected(bins.error());
  const Bytes value = reply.fields().get(wire::FieldType::IndexValues);
  const auto place =
      value.size() == 8 ? static_cast<std::int64_t>(load_le<std::uint64_t>(value.data())) : 0;
  const wire::Digest digest = key->digest;
  Record record{.key = *std::move(key),
                .bins = *std::move(bins),
                .generation = reply.header().generation,
                .void_time = reply.header().ttl};
  std::lock_guard hold(progress_.one_at_a_time);
  if (progress_.stopped) return {};
  ++found_;
  ++progress_.found;
  if (!progress_.on_record(std::move(record))) progress_.stopped = true;
  progress_.cursor.passed(digest.partition(), digest, place);
  return {};
}

void ShareReader::finish_partitions() {
  const std::uint64_t most = assignment_.share.max_records;
  // A node that gave all it was asked for may have more.
  if (most != 0 && found_ >= most) return;
  // on_record may look at the cursor, so whoever changes it holds this.
  std::lock_guard hold(progress_.one_at_a_time);
  for (const wire::PartitionId partition : assignment_.share.partitions)
    if (!unavailable_[partition.raw()]) progress_.cursor.finish(partition);
}

/// The partitions still to be read, by the nodes that own them.
Expected<std::vector<Assignment>> assign(const Cluster& cluster, const ScanSpec& spec,
                                         const ScanPolicy& policy, const ScanCursor& cursor,
                                         unsigned attempt) {
  const auto topology = cluster.topology();
  const NamespaceMap* const map = topology->partitions.find(spec.ns);
  if (map == nullptr) return fail_with_code(static_cast<std::int16_t>(Code::Namespace));
  std::map<NodeNumber, Assignment> by_node;
  for (std::uint16_t p = 0; p < wire::kPartitions; ++p) {
    const wire::PartitionId partition(p);
    if (cursor.is_done(partition)) continue;
    const NodeNumber number = route(*map, partition, policy.command.replica, attempt, 0);
    if (number == kNoNode) continue;  // A later round may find its owner.
    by_node[number].node = topology->nodes[number];
    by_node[number].share.partitions.push_back(partition);
  }
  std::vector<Assignment> assignments;
  assignments.reserve(by_node.size());
  for (auto& [number, assignment] : by_node) assignments.push_back(std::move(assignment));
  return assignments;
}

/// Gives each node its part of the records still wanted; nodes without a part are left out of the
/// round.
void share_out(std::vector<Assignment>& assignments, std::uint64_t wanted) {
  if (wanted == 0) return;
  const std::uint64_t nodes = assignments.size();
  for (std::uint64_t i = 0; i < nodes; ++i)
    assignments[i].share.max_records = wanted / nodes + (i < wanted % nodes ? 1 : 0);
  std::erase_if(assignments, [](const Assignment& a) { return a.share.max_records == 0; });
}

/// All nodes at the same time. The failure that matters most: one that no further round can mend.
Expected<void> run_round(Progress& progress, std::vector<Assignment>& assignments) {
  const std::uint64_t task_id = new_task_id();
  std::vector<Expected<void>> outcomes(assignments.size());
  const auto run_one = [&](std::size_t i) {
    assignments[i].share.task_id = task_id;
    outcomes[i] = ShareReader(progress, assignments[i]).run();
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < assignments.size(); ++i) threads.emplace_back(run_one, i);
  run_one(0);
  for (std::thread& thread : threads) thread.join();
  const auto failed = [](const Expected<void>& outcome) { return !outcome.has_value(); };
  const auto final = std::ranges::find_if(outcomes, [&](const Expected<void>& outcome) {
    return failed(outcome) && !is_retryable(outcome.error().code);
  });
  if (final != outcomes.end()) return *final;
  const auto any = std::ranges::find_if(outcomes, failed);
  return any == outcomes.end() ? Expected<void>() : *any;
}

}  // namespace

ScanCursor::ScanCursor(const std::bitset<wire::kPartitions>& partitions) : ScanCursor() {
  for (std::size_t p = 0; p < wire::kPartitions; ++p) positions_[p].done = !partitions[p];
}

bool ScanCursor::is_done() const { return std::ranges::all_of(positions_, &Position::done); }

Expected<void> Client::scan(const ScanSpec& spec, ScanCursor& cursor, const OnRecord& on_record,
                            const ScanPolicy& policy) const {
  Progress progress{.spec = spec,
                    .policy = policy,
                    .on_record = on_record,
                    .cursor = cursor,
                    .deadline = deadline_after(policy.command.total_timeout),
                    .one_at_a_time = {}};
  unsigned failures = 0;
  while (!cursor.is_done()) {
    auto assignments = assign(*cluster_, spec, policy, cursor, failures);
    if (!assignments) return tl::unexpected(assignments.error());
    share_out(*assignments, policy.max_records == 0 ? 0 : policy.max_records - progress.found);
    Expected<void> round = fail(Status::NoNode, "some partitions have no owner at present");
    if (!assignments->empty()) round = run_round(progress, *assignments);
    if (progress.stopped || (policy.max_records != 0 && progress.found >= policy.max_records))
      return {};
    if (round) continue;
    if (!is_retryable(round.error().code) ||
        failures++ >= static_cast<unsigned>(policy.command.max_retries) ||
        !pause_before_retry(policy.command.sleep_between_retries, progress.deadline))
      return round;
    cluster_->look_again();
  }
  return {};
}

}  // namespace flotilla::client
