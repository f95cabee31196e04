#include "client/async.h"

#include <algorithm>

#include "async_calls.h"
#include "batch_progress.h"
#include "encode.h"
#include "scan_progress.h"
#include "wire/request_writer.h"

namespace flotilla::client {
namespace {

Expected<bool> found(const Expected<Record>& record) {
  if (record) return true;
  if (record.error().is(Code::NotFound)) return false;
  return tl::unexpected(record.error());
}

Expected<Written> written(const Expected<Record>& record) {
  if (!record) return tl::unexpected(record.error());
  return Written{.generation = record->generation, .void_time = record->void_time};
}

/// One node's rows.
Task<bool> run_share(AsyncLoop& loop, BatchProgress& progress, const BatchShare& share,
                     NodeCall::Limits limits) {
  const std::string node = share.node->address_text();
  NodeCall call(loop, share.node, wire::FrameKind::Message, limits,
                [&](Bytes body) { return progress.take(body, node); });
  call.set_outcome(progress.encode(call.request(), share));
  const Expected<void> outcome = co_await call;
  progress.note(share, outcome, call.was_ever_sent());
  co_return true;
}

/// One node's partitions.
Task<Expected<void>> run_assignment(AsyncLoop& loop, ScanProgress& progress,
                                    ScanAssignment& assignment, NodeCall::Limits limits) {
  NodeCall call(loop, assignment.node, wire::FrameKind::Message, limits,
                [&](Bytes body) { return progress.take(body, assignment); });
  call.set_outcome(progress.encode(call.request(), assignment));
  co_return co_await call;
}

}  // namespace

AsyncClient::AsyncClient(const Client& client, Options options)
    : loop_(std::make_unique<AsyncLoop>(*client.cluster_, options)) {}
AsyncClient::AsyncClient(AsyncClient&&) noexcept = default;
AsyncClient& AsyncClient::operator=(AsyncClient&&) noexcept = default;
AsyncClient::~AsyncClient() = default;

Task<Expected<Record>> AsyncClient::get(Key key, std::vector<std::string> bin_names,
                                        ReadPolicy policy) const {
  const Want want = bin_names.empty() ? Want::AllBins : Want::Bins;
  RecordCall call(*loop_, {.key = key,
                           .header = read_header(want, policy),
                           .policy = policy.command,
                           .bin_names = bin_names});
  co_return co_await call;
}

Task<Expected<std::optional<Record>>> AsyncClient::get_header(Key key, ReadPolicy policy) const {
  RecordCall call(
      *loop_,
      {.key = key, .header = read_header(Want::HeaderOnly, policy), .policy = policy.command});
  auto record = co_await call;
  if (record) co_return std::optional(*std::move(record));
  if (record.error().is(Code::NotFound)) co_return std::optional<Record>();
  co_return tl::unexpected(record.error());
}

Task<Expected<bool>> AsyncClient::exists(Key key, ReadPolicy policy) const {
  RecordCall call(
      *loop_,
      {.key = key, .header = read_header(Want::HeaderOnly, policy), .policy = policy.command});
  co_return found(co_await call);
}

Task<Expected<Written>> AsyncClient::put(Key key, std::vector<Bin> bins, WritePolicy policy) const {
  const std::vector<Operation> writes = writes_of(bins);
  RecordCall call(*loop_, {.key = key,
                           .header = write_header(policy),
                           .policy = policy.command,
                           .operations = writes,
                           .is_write = true,
                           .send_key = policy.send_key});
  co_return written(co_await call);
}

Task<Expected<bool>> AsyncClient::remove(Key key, WritePolicy policy) const {
  RecordCall call(*loop_, {.key = key,
                           .header = remove_header(policy),
                           .policy = policy.command,
                           .is_write = true,
                           .send_key = policy.send_key});
  co_return found(co_await call);
}

Task<Expected<Record>> AsyncClient::operate(Key key, std::vector<Operation> operations,
                                            WritePolicy policy) const {
  RecordCall call(*loop_, {.key = key,
                           .header = operate_header(operations, policy),
                           .policy = policy.command,
                           .operations = operations,
                           .is_write = std::ranges::any_of(operations, &Operation::is_write),
                           .send_key = policy.send_key});
  co_return co_await call;
}

Task<Expected<Written>> AsyncClient::touch(Key key, WritePolicy policy) const {
  std::vector<Operation> operations;
  operations.push_back(op::touch());
  co_return written(co_await operate(std::move(key), std::move(operations), std::move(policy)));
}

Task<AsyncBatch> AsyncClient::batch(std::vector<BatchRow> rows, BatchPolicy policy) const {
  AsyncLoop& loop = *loop_;  // This object may be moved meanwhile.
  const Deadline deadline = deadline_after(policy.command.total_timeout);
  BatchProgress progress(rows, policy);
  for (;;) {
    const NodeCall::Limits limits{.deadline = deadline, .silence = policy.command.socket_timeout};
    const std::vector<BatchShare> shares = progress.deal(*loop.cluster().topology());
    std::vector<Task<bool>> tasks;
    tasks.reserve(shares.size());
    for (const BatchShare& share : shares)
      tasks.push_back(run_share(loop, progress, share, limits));
    co_await gather(std::move(tasks));
    RoundEnd end = progress.end_round();
    bool goes_on = !end.is_over;
    if (goes_on) {
      loop.cluster().look_again();
      LoopPause pause(loop, end.pause, deadline);
      goes_on = co_await pause;
    }
    if (!goes_on) co_return AsyncBatch{.rows = std::move(rows), .outcome = std::move(end.result)};
  }
}

Task<AsyncScan> AsyncClient::scan(ScanSpec spec, ScanCursor cursor, Client::OnRecord on_record,
                                  ScanPolicy policy) const {
  AsyncLoop& loop = *loop_;  // This object may be moved meanwhile.
  const Deadline deadline = deadline_after(policy.command.total_timeout);
  ScanProgress progress(spec, cursor, on_record, policy);
  Expected<void> outcome;
  while (outcome && !progress.is_done()) {
    auto assignments = progress.deal(*loop.cluster().topology());
    if (!assignments) {
      outcome = tl::unexpected(assignments.error());
      break;
    }
    const NodeCall::Limits limits{
        .deadline = deadline, .silence = policy.command.socket_timeout, .renews_wait = true};
    std::vector<Task<Expected<void>>> tasks;
    tasks.reserve(assignments->size());
    for (ScanAssignment& assignment : *assignments)
      tasks.push_back(run_assignment(loop, progress, assignment, limits));
    RoundEnd end = progress.end_round(co_await gather(std::move(tasks)));
    bool goes_on = !end.is_over;
    if (goes_on && end.looks_again) {
      loop.cluster().look_again();
      LoopPause pause(loop, end.pause, deadline);
      goes_on = co_await pause;
    }
    if (goes_on) continue;
    outcome = std::move(end.result);
    break;
  }
  co_return AsyncScan{.cursor = std::move(cursor), .outcome = std::move(outcome)};
}

Task<bool> AsyncClient::sleep_until(std::chrono::steady_clock::time_point then) const {
  const auto now = std::chrono::steady_clock::now();
  LoopPause pause(*loop_, std::max(then - now, Clock::duration(0)), {});
  co_return co_await pause;
}

Task<Expected<std::vector<InfoAnswer>>> AsyncClient::info(std::string node,
                                                          std::vector<std::string> commands,
                                                          Milliseconds timeout) const {
  auto asked = loop_->cluster().topology()->find_node(node);
  if (!asked) co_return tl::unexpected(asked.error());
  std::vector<InfoAnswer> answers;
  NodeCall call(*loop_, *std::move(asked), wire::FrameKind::Info,
                {.deadline = deadline_after(timeout)}, [&](Bytes body) -> Expected<Taken> {
                  answers = parse_info(as_text(body));
                  return Taken::All;
                });
  const std::vector<std::string_view> views(commands.begin(), commands.end());
  wire::write_info_request(call.request(), views);
  const Expected<void> outcome = co_await call;
  if (!outcome) co_return tl::unexpected(outcome.error());
  co_return answers;
}

}  // namespace flotilla::client
