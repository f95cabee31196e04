#include "batch_progress.h"

#include <algorithm>
#include <map>

#include "command.h"
#include "decode.h"
#include "encode.h"
#include "wire/request_writer.h"

namespace flotilla::client {
namespace {

using Row = BatchRow;

/// The least pause between two rounds: time for the cluster to tell what has changed.
constexpr Milliseconds kPauseLeast{20};

wire::MessageHeader header_of(const Row& row, const CommandPolicy& command = {}) {
  switch (row.kind) {
    case Row::Kind::Read:
      return read_header(row.bin_names.empty() ? Want::AllBins : Want::Bins, {.command = command});
    case Row::Kind::ReadHeader:
      return read_header(Want::HeaderOnly, {.command = command});
    case Row::Kind::Remove: {
      wire::MessageHeader header = remove_header(row.policy);
      header.info2 |= wire::info2::kRespondAllOps;
      return header;
    }
    case Row::Kind::Operate: {
      wire::MessageHeader header = operate_header(row.operations, row.policy);
      if ((header.info1 & wire::info1::kGetAll) == 0) header.info2 |= wire::info2::kRespondAllOps;
      return header;
    }
  }
  return {};
}

bool is_write(const Row& row) {
  if (row.kind == Row::Kind::Remove) return true;
  return row.kind == Row::Kind::Operate && (header_of(row).info2 & wire::info2::kWrite) != 0;
}

/// Rows one after the other for the same set of bins need not be spelt out again.
bool repeats(const Row& row, const Row& before) {
  return row.kind == before.kind &&
         (row.kind == Row::Kind::Read || row.kind == Row::Kind::ReadHeader) &&
         row.key.ns == before.key.ns && row.key.set == before.key.set &&
         row.bin_names == before.bin_names;
}

Expected<void> encode_batch(OutBuffer& out, std::span<const Row> rows, const BatchShare& share,
                            const BatchPolicy& policy) {
  constexpr std::uint8_t kInline = 0x01;
  std::uint8_t flags = kInline | wire::BatchHeader::kReportFailedRow;
  if (policy.respond_all_keys) flags |= wire::BatchHeader::kRespondAllKeys;
  wire::MessageHeader parent = read_header(Want::AllBins, {.command = policy.command});
  parent.info1 = wire::info1::kRead;
  wire::BatchWriter writer(
      out, parent, {.count = static_cast<std::uint32_t>(share.rows.size()), .flags = flags});
  const Row* before = nullptr;
  for (const std::uint32_t index : share.rows) {
    const Row& row = rows[index];
    if (before != nullptr && repeats(row, *before)) {
      writer.repeat_row(index, row.key.digest);
      continue;
    }
    writer.row(index, row.key.digest, header_of(row, policy.command));
    const bool send_key = (policy.send_key || row.policy.send_key) && is_write(row);
    const RequestBody body{
        .key = row.key,
        .send_key = send_key,
        .filter = policy.command.filter,
        .bin_names = row.kind == Row::Kind::Read ? std::span<const std::string>(row.bin_names)
                                                 : std::span<const std::string>(),
        .operations = row.kind == Row::Kind::Operate ? std::span<const Operation>(row.operations)
                                                     : std::span<const Operation>()};
    if (auto written = write_body(writer, body, false); !written) return written;
    before = &row;
  }
  writer.finish();
  return {};
}

Expected<void> take_row(const wire::ReplyReader& reply, std::span<Row> rows,
                        const std::string& node) {
  const wire::MessageHeader& header = reply.header();
  if (header.transaction_ttl >= rows.size())
    return fail(Status::Client, "the node answered a row that was not asked for", node);
  Row& row = rows[header.transaction_ttl];
  if (header.result != 0) {
    row.result = fail_with_code(header.result, node);
    return {};
  }
  auto bins = decode_bins(reply.ops(), node);
  if (!bins) return tl::unexpected(bins.error());
  row.result = Record{.key = row.key,
                      .bins = *std::move(bins),
                      .generation = header.generation,
                      .void_time = header.ttl};
  return {};
}

}  // namespace

BatchProgress::BatchProgress(std::span<BatchRow> rows, const BatchPolicy& policy)
    : rows_(rows), policy_(policy) {
  for (BatchRow& row : rows_)
    row.result = fail(Status::NoResponse, "no node has answered this row");
}

bool BatchProgress::is_open(std::uint32_t index) const {
  const Row& row = rows_[index];
  return !row.result && row.result.error().is(Status::NoResponse);
}

std::vector<BatchShare> BatchProgress::deal(const Topology& topology) {
  last_ = fail(Status::NoNode, "no node owns the remaining rows at present");
  std::map<NodeNumber, BatchShare> shares;
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    if (!is_open(i)) continue;
    Row& row = rows_[i];
    const NamespaceMap* const map = topology.partitions.find(row.key.ns);
    if (map == nullptr) {
      row.result = fail_with_code(static_cast<std::int16_t>(Code::Namespace));
      continue;
    }
    const NodeNumber number =
        route(*map, row.key.partition(), policy_.command.replica, static_cast<unsigned>(round_), i);
    if (number == kNoNode) continue;
    shares[number].node = topology.nodes[number];
    shares[number].rows.push_back(i);
  }
  std::vector<BatchShare> dealt;
  dealt.reserve(shares.size());
  for (auto& [number, share] : shares) dealt.push_back(std::move(share));
  return dealt;
}

Expected<void> BatchProgress::encode(OutBuffer& out, const BatchShare& share) const {
  return encode_batch(out, rows_, share, policy_);
}

Expected<Taken> BatchProgress::take(Bytes body, const std::string& node) {
  wire::ReplyReader reply(body);
  while (reply.left() > 0) {
    if (!reply.next()) return fail(Status::Client, "the node's batch reply does not parse", node);
    if (reply.is_last()) {
      if (reply.header().result != 0) return fail_with_code(reply.header().result, node);
      return Taken::All;
    }
    if (auto taken = take_row(reply, rows_, node); !taken) return tl::unexpected(taken.error());
  }
  return Taken::More;
}

void BatchProgress::note(const BatchShare& share, const Expected<void>& outcome, bool was_sent) {
  const auto some_open = [&](auto&& matches) {
    return std::ranges::any_of(share.rows,
                               [&](std::uint32_t i) { return is_open(i) && matches(rows_[i]); });
  };
  if (outcome) {
    // Without respond_all_keys a node ends at the first row that fails.
    if (some_open([](const Row&) { return true; }))
      last_ = fail(Status::BatchFailed, "a row failed, and rows behind it were left out",
                   share.node->address_text());
    return;
  }
  const Failure& failure = outcome.error();
  // What no further round can mend matters most.
  if (last_ || is_retryable(last_.error().code)) last_ = outcome;
  const bool unanswered = failure.code <= 0 || failure.is(Code::Timeout);
  in_doubt_ |= was_sent && unanswered && some_open(is_write);
}

RoundEnd BatchProgress::end_round() {
  bool any_open = false;
  for (std::uint32_t i = 0; i < rows_.size(); ++i) any_open |= is_open(i);
  // Whatever a node failed with behind its last row: every row has its answer.
  if (!any_open) return {.is_over = true};
  last_.error().in_doubt = in_doubt_;
  // Repeating writes that may have been applied is the caller's decision.
  const bool again =
      !in_doubt_ && is_retryable(last_.error().code) && round_++ < policy_.command.max_retries;
  return {.is_over = !again,
          .result = last_,
          .pause = std::max(policy_.command.sleep_between_retries, kPauseLeast),
          .looks_again = true};
}

}  // namespace flotilla::client
