#include <algorithm>
#include <map>

#include "client/client.h"
#include "command.h"
#include "decode.h"
#include "encode.h"
#include "lease.h"
#include "wire/request_writer.h"

namespace flotilla::client {
namespace {

using Row = BatchRow;

/// The rows one node gets, by their places in the caller's list.
struct Share {
  std::shared_ptr<Node> node;
  std::vector<std::uint32_t> rows;
};

wire::MessageHeader header_of(const Row& row) {
  switch (row.kind) {
    case Row::Kind::Read:
      return read_header(row.bin_names.empty() ? Want::AllBins : Want::Bins, {});
    case Row::Kind::ReadHeader:
      return read_header(Want::HeaderOnly, {});
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

Expected<void> encode_batch(OutBuffer& out, std::span<const Row> rows, const Share& share,
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
    writer.row(index, row.key.digest, header_of(row));
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

Expected<void> run_share(std::span<Row> rows, const Share& share, const BatchPolicy& policy,
                         Deadline deadline) {
  OutBuffer request;
  if (auto encoded = encode_batch(request, rows, share, policy); !encoded) return encoded;
  const std::string& node = share.node->address().text();
  const Deadline until = earlier(deadline, deadline_after(policy.command.socket_timeout));
  auto lease = Lease::take(share.node, until);
  if (!lease) return tl::unexpected(lease.error());
  if (auto sent = lease->connection().send(request.view(), until); !sent) return sent;
  for (;;) {
    const auto frame = lease->connection().receive(until);
    if (!frame) return tl::unexpected(frame.error());
    wire::ReplyReader reply(frame->body);
    while (reply.left() > 0) {
      if (!reply.next()) return fail(Status::Client, "the node's batch reply does not parse", node);
      if (reply.is_last()) {
        lease->keep();
        if (reply.header().result != 0) return fail_with_code(reply.header().result, node);
        return {};
      }
      if (auto taken = take_row(reply, rows, node); !taken) return taken;
    }
  }
}

bool is_open(const Row& row) { return !row.result && row.result.error().is(Status::NoResponse); }

/// Open rows by their owners. A row whose namespace nobody knows is answered at once.
std::vector<Share> deal(const Cluster& cluster, std::span<Row> rows, const BatchPolicy& policy,
                        unsigned attempt) {
  const auto topology = cluster.topology();
  std::map<NodeNumber, Share> shares;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    Row& row = rows[i];
    if (!is_open(row)) continue;
    const NamespaceMap* const map = topology->partitions.find(row.key.ns);
    if (map == nullptr) {
      row.result = fail_with_code(static_cast<std::int16_t>(Code::Namespace));
      continue;
    }
    const NodeNumber number = route(*map, row.key.partition(), policy.command.replica, attempt, i);
    if (number == kNoNode) continue;
    shares[number].node = topology->nodes[number];
    shares[number].rows.push_back(i);
  }
  std::vector<Share> dealt;
  dealt.reserve(shares.size());
  for (auto& [number, share] : shares) dealt.push_back(std::move(share));
  return dealt;
}

}  // namespace

Expected<void> Client::batch(std::span<BatchRow> rows, const BatchPolicy& policy) const {
  const Deadline deadline = deadline_after(policy.command.total_timeout);
  for (BatchRow& row : rows) row.result = fail(Status::NoResponse, "no node has answered this row");
  Expected<void> last = fail(Status::NoNode, "no node owns the remaining rows at present");
  for (int attempt = 0; attempt <= policy.command.max_retries; ++attempt) {
    for (const Share& share : deal(*cluster_, rows, policy, static_cast<unsigned>(attempt))) {
      auto done = run_share(rows, share, policy, deadline);
      if (done) continue;
      last = std::move(done);
      if (!is_retryable(last.error().code)) return last;
    }
    if (std::ranges::none_of(rows, is_open)) return {};
    // Writes of an unanswered share may have been applied: repeating them is the caller's decision.
    if (std::ranges::any_of(rows,
                            [](const BatchRow& row) { return is_open(row) && is_write(row); })) {
      last.error().in_doubt = !last.error().is(Status::NoNode);
      return last;
    }
    cluster_->look_again();
    if (!pause_before_retry(std::max(policy.command.sleep_between_retries, Milliseconds(20)),
                            deadline))
      break;
  }
  return last;
}

}  // namespace flotilla::client
