#include "scan_progress.h"

#include <algorithm>
#include <map>
#include <random>

#include "decode.h"

namespace flotilla::client {
namespace {

std::uint64_t new_task_id() {
  static std::atomic<std::uint64_t> next = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }();
  return next.fetch_add(1) | 1U << 31;  // Zero would let the server choose.
}

/// Gives each node its part of the records still wanted; nodes without a part are left out of the
/// round.
void share_out(std::vector<ScanAssignment>& assignments, std::uint64_t wanted) {
  if (wanted == 0) return;
  const std::uint64_t nodes = assignments.size();
  for (std::uint64_t i = 0; i < nodes; ++i)
    assignments[i].share.max_records = wanted / nodes + (i < wanted % nodes ? 1 : 0);
  std::erase_if(assignments, [](const ScanAssignment& a) { return a.share.max_records == 0; });
}

}  // namespace

ScanCursor::ScanCursor(const std::bitset<wire::kPartitions>& partitions) : ScanCursor() {
  for (std::size_t p = 0; p < wire::kPartitions; ++p) positions_[p].done = !partitions[p];
}

bool ScanCursor::is_done() const { return std::ranges::all_of(positions_, &Position::done); }

ScanProgress::ScanProgress(const ScanSpec& spec, ScanCursor& cursor,
                           const Client::OnRecord& on_record, const ScanPolicy& policy)
    : spec_(spec), cursor_(cursor), on_record_(on_record), policy_(policy) {}

bool ScanProgress::is_done() const {
  return stopped_ || (policy_.max_records != 0 && found_ >= policy_.max_records) ||
         cursor_.is_done();
}

Expected<std::vector<ScanAssignment>> ScanProgress::deal(const Topology& topology) const {
  const NamespaceMap* const map = topology.partitions.find(spec_.ns);
  if (map == nullptr) return fail_with_code(static_cast<std::int16_t>(Code::Namespace));
  std::map<NodeNumber, ScanAssignment> by_node;
  for (std::uint16_t p = 0; p < wire::kPartitions; ++p) {
    const wire::PartitionId partition(p);
    if (cursor_.is_done(partition)) continue;
    const NodeNumber number =
        route(*map, partition, policy_.command.replica, static_cast<unsigned>(failures_), 0);
    if (number == kNoNode) continue;  // A later round may find its owner.
    by_node[number].node = topology.nodes[number];
    by_node[number].share.partitions.push_back(partition);
  }
  const std::uint64_t task_id = new_task_id();
  std::vector<ScanAssignment> assignments;
  assignments.reserve(by_node.size());
  for (auto& [number, assignment] : by_node) {
    assignment.share.task_id = task_id;
    assignments.push_back(std::move(assignment));
  }
  if (policy_.max_records != 0) share_out(assignments, policy_.max_records - found_);
  return assignments;
}

Expected<void> ScanProgress::encode(OutBuffer& out, const ScanAssignment& assignment) const {
  return encode_scan(out, spec_, policy_, cursor_, assignment.share);
}

Expected<Taken> ScanProgress::take(Bytes body, ScanAssignment& assignment) {
  const std::string& node = assignment.node->address_text();
  wire::ReplyReader reply(body);
  while (reply.left() > 0) {
    if (stopped_) return Taken::Enough;
    if (!reply.next()) return fail(Status::Client, "the node's scan reply does not parse", node);
    const wire::MessageHeader& header = reply.header();
    if ((header.info3 & wire::info3::kPartitionDone) != 0) {
      if (header.generation < wire::kPartitions && header.result != 0)
        assignment.unavailable.set(header.generation);
      continue;
    }
    if (header.result != 0) return fail_with_code(header.result, node);
    if (reply.is_last()) {
      finish_partitions(assignment);
      if (assignment.unavailable.any())
        return fail_with_code(static_cast<std::int16_t>(Code::Unavailable), node);
      return Taken::All;
    }
    if (auto taken = take_record(reply, assignment); !taken) return tl::unexpected(taken.error());
  }
  return stopped_ ? Taken::Enough : Taken::More;
}

Expected<void> ScanProgress::take_record(const wire::ReplyReader& reply,
                                         ScanAssignment& assignment) {
  const std::string& node = assignment.node->address_text();
  auto key = decode_key(reply.fields(), node);
  if (!key) return tl::unexpected(key.error());
  auto bins = decode_bins(reply.ops(), node, policy_.keeps_containers_encoded);
  if (!bins) return tl::unexpected(bins.error());
  const Bytes value = reply.fields().get(wire::FieldType::IndexValues);
  const auto place =
      value.size() == 8 ? static_cast<std::int64_t>(load_le<std::uint64_t>(value.data())) : 0;
  const wire::Digest digest = key->digest;
  Record record{.key = *std::move(key),
                .bins = *std::move(bins),
                .generation = reply.header().generation,
                .void_time = reply.header().ttl};
  std::lock_guard hold(one_at_a_time_);
  if (stopped_) return {};
  ++assignment.found;
  ++found_;
  if (!on_record_(std::move(record))) stopped_ = true;
  cursor_.passed(digest.partition(), digest, place);
  return {};
}

void ScanProgress::finish_partitions(const ScanAssignment& assignment) {
  const std::uint64_t most = assignment.share.max_records;
  // A node that gave all it was asked for may have more.
  if (most != 0 && assignment.found >= most) return;
  // on_record may look at the cursor, so whoever changes it holds this.
  std::lock_guard hold(one_at_a_time_);
  for (const wire::PartitionId partition : assignment.share.partitions)
    if (!assignment.unavailable[partition.raw()]) cursor_.finish(partition);
}

RoundEnd ScanProgress::end_round(const std::vector<Expected<void>>& outcomes) {
  if (is_done()) return {.is_over = true};
  Expected<void> round = outcomes.empty()
                             ? fail(Status::NoNode, "some partitions have no owner at present")
                             : Expected<void>();
  // The failure that matters most: one that no further round can mend.
  for (const Expected<void>& outcome : outcomes)
    if (!outcome && (round || is_retryable(round.error().code))) round = outcome;
  if (round) return {};
  const bool again = is_retryable(round.error().code) && failures_++ < policy_.command.max_retries;
  return {.is_over = !again,
          .result = round,
          .pause = policy_.command.sleep_between_retries,
          .looks_again = true};
}

}  // namespace flotilla::client
