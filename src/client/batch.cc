#include "batch_progress.h"
#include "command.h"
#include "lease.h"

namespace flotilla::client {
namespace {

/// A share whose request is on its way.
struct Sent {
  BatchShare share;
  Lease lease;
  Deadline until;
};

/// `was_sent`: its node may carry it out.
Expected<Sent> send_share(const BatchProgress& progress, BatchShare share, Deadline until,
                          bool& was_sent) {
  OutBuffer request;
  if (auto encoded = progress.encode(request, share); !encoded)
    return tl::unexpected(encoded.error());
  auto lease = Lease::take(share.node, until);
  if (!lease) return tl::unexpected(lease.error());
  was_sent = true;
  if (auto sent = lease->connection().send(request.view(), until); !sent)
    return tl::unexpected(sent.error());
  return Sent{std::move(share), *std::move(lease), until};
}

Expected<void> receive_share(BatchProgress& progress, Sent& sent) {
  const std::string node = sent.share.node->address_text();
  for (;;) {
    const auto frame = sent.lease.connection().receive(sent.until);
    if (!frame) return tl::unexpected(frame.error());
    const auto taken = progress.take(frame->body, node);
    if (taken && *taken == Taken::More) continue;
    if (taken || keeps_connection(taken.error().code)) sent.lease.keep();
    if (!taken) return tl::unexpected(taken.error());
    return {};
  }
}

}  // namespace

Expected<void> Client::batch(std::span<BatchRow> rows, const BatchPolicy& policy) const {
  const Deadline deadline = deadline_after(policy.command.total_timeout);
  BatchProgress progress(rows, policy);
  for (;;) {
    // All nodes work at the same time: every share is sent before the first answer is read.
    std::vector<Sent> under_way;
    for (const BatchShare& share : progress.deal(*cluster_->topology())) {
      bool was_sent = false;
      const Deadline until = earlier(deadline, deadline_after(policy.command.socket_timeout));
      auto sent = send_share(progress, share, until, was_sent);
      if (sent)
        under_way.push_back(*std::move(sent));
      else
        progress.note(share, tl::unexpected(sent.error()), was_sent);
    }
    for (Sent& sent : under_way) progress.note(sent.share, receive_share(progress, sent), true);
    RoundEnd end = progress.end_round();
    if (end.is_over) return end.result;
    cluster_->look_again();
    if (!pause_before_retry(end.pause, deadline)) return end.result;
  }
}

}  // namespace flotilla::client
