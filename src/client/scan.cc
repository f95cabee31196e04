#include "client/scan.h"

#include <thread>

#include "command.h"
#include "lease.h"
#include "scan_progress.h"

namespace flotilla::client {
namespace {

Expected<void> run_assignment(ScanProgress& progress, ScanAssignment& assignment,
                              const ScanPolicy& policy, Deadline deadline) {
  OutBuffer request;
  if (auto encoded = progress.encode(request, assignment); !encoded) return encoded;
  const auto until = [&] {
    return earlier(deadline, deadline_after(policy.command.socket_timeout));
  };
  auto lease = Lease::take(assignment.node, until());
  if (!lease) return tl::unexpected(lease.error());
  if (auto sent = lease->connection().send(request.view(), until()); !sent) return sent;
  while (!progress.is_stopped()) {
    const auto frame = lease->connection().receive(until());
    if (!frame) return tl::unexpected(frame.error());
    const auto taken = progress.take(frame->body, assignment);
    if (taken && *taken == Taken::More) continue;
    // A scan that is stopped early leaves the rest of its stream unread.
    if (taken ? *taken == Taken::All : keeps_connection(taken.error().code)) lease->keep();
    if (!taken) return tl::unexpected(taken.error());
    return {};
  }
  return {};
}

/// All nodes at the same time.
std::vector<Expected<void>> run_round(ScanProgress& progress,
                                      std::vector<ScanAssignment>& assignments,
                                      const ScanPolicy& policy, Deadline deadline) {
  std::vector<Expected<void>> outcomes(assignments.size());
  const auto run_one = [&](std::size_t i) {
    outcomes[i] = run_assignment(progress, assignments[i], policy, deadline);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < assignments.size(); ++i) threads.emplace_back(run_one, i);
  if (!assignments.empty()) run_one(0);
  for (std::thread& thread : threads) thread.join();
  return outcomes;
}

}  // namespace

Expected<void> Client::scan(const ScanSpec& spec, ScanCursor& cursor, const OnRecord& on_record,
                            const ScanPolicy& policy) const {
  const Deadline deadline = deadline_after(policy.command.total_timeout);
  ScanProgress progress(spec, cursor, on_record, policy);
  while (!progress.is_done()) {
    auto assignments = progress.deal(*cluster_->topology());
    if (!assignments) return tl::unexpected(assignments.error());
    RoundEnd end = progress.end_round(run_round(progress, *assignments, policy, deadline));
    if (end.is_over) return end.result;
    if (!end.looks_again) continue;
    cluster_->look_again();
    if (!pause_before_retry(end.pause, deadline)) return end.result;
  }
  return {};
}

}  // namespace flotilla::client
