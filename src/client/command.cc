#include "command.h"

#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "client/login.h"
#include "decode.h"
#include "lease.h"

namespace flotilla::client {
namespace {

/// The least pause when nobody owns the partition: time for the cluster to tell.
constexpr Milliseconds kPauseWithoutOwner{50};

struct Attempt {
  Expected<void> outcome;
  bool was_sent = false;
};

unsigned next_spread() {
  static std::atomic<unsigned> counter{0};
  return counter.fetch_add(1, std::memory_order_relaxed);
}

Attempt try_once(Cluster& cluster, const Command& command, const OnReply& on_reply, unsigned number,
                 Deadline deadline) {
  auto node = find_node(cluster, command, number);
  if (!node) return {tl::unexpected(node.error())};
  const Deadline until = earlier(deadline, deadline_after(command.policy.socket_timeout));
  auto lease = Lease::take(*node, until);
  if (!lease) return {tl::unexpected(lease.error())};
  if (auto sent = lease->connection().send(command.request, until); !sent) return {sent};
  const auto frame = lease->connection().receive(until);
  if (!frame) return {tl::unexpected(frame.error()), true};
  if (frame->kind != wire::FrameKind::Message)
    return {fail(Status::Client, "the node answered with another kind of message",
                 (*node)->address_text()),
            true};
  Expected<void> outcome = on_reply(frame->body, (*node)->address_text());
  if (!outcome && ends_session(outcome.error().code)) lease->connection().forget_session();
  if (outcome || keeps_connection(outcome.error().code)) lease->keep();
  return {std::move(outcome), true};
}

}  // namespace

Expected<std::shared_ptr<Node>> find_node(const Cluster& cluster, const Command& command,
                                          unsigned attempt) {
  const auto topology = cluster.topology();
  const NamespaceMap* const map = topology->partitions.find(command.ns);
  if (map == nullptr) {
    if (topology->nodes.empty()) return fail(Status::NoNode, "the cluster has no node at present");
    return fail_with_code(static_cast<std::int16_t>(Code::Namespace));
  }
  const NodeNumber number =
      route(*map, command.partition, command.policy.replica, attempt, next_spread());
  if (number == kNoNode)
    return fail(Status::NoNode, fmt::format("no node owns partition {} of namespace {} at present",
                                            command.partition.raw(), command.ns));
  return topology->nodes[number];
}

Retry plan_retry(Failure& failure, const CommandPolicy& policy, bool is_write, int number,
                 int times_sent) {
  // An earlier attempt may have reached the record even when this one was refused outright.
  const bool unanswered = failure.code <= 0 || failure.is(Code::Timeout);
  failure.in_doubt = is_write && (times_sent > 1 || (times_sent == 1 && unanswered));
  if (!is_retryable(failure.code) || number >= policy.max_retries) return {};
  const bool ownerless = failure.is(Status::NoNode) || failure.is(Code::Unavailable);
  return {.again = true,
          .looks_again = failure.code < 0,
          .pause = std::max(policy.sleep_between_retries,
                            ownerless ? kPauseWithoutOwner : Milliseconds(0))};
}

bool keeps_connection(std::int16_t code) {
  return code > 0 && code != 15 && code != 210 && !ends_session(code);
}

bool ends_session(std::int16_t code) {
  return code == kExpiredSession || code == kNotAuthenticated;
}

bool pause_before_retry(Clock::duration pause, Deadline deadline) {
  if (deadline && Clock::now() + pause >= *deadline) return false;
  if (pause.count() > 0) std::this_thread::sleep_for(pause);
  return true;
}

Expected<void> run_command(Cluster& cluster, const Command& command, const OnReply& on_reply) {
  const Deadline deadline = deadline_after(command.policy.total_timeout);
  int times_sent = 0;
  for (int number = 0;; ++number) {
    Attempt attempt = try_once(cluster, command, on_reply, static_cast<unsigned>(number), deadline);
    if (attempt.outcome) return attempt.outcome;
    times_sent += attempt.was_sent ? 1 : 0;
    const Retry retry =
        plan_retry(attempt.outcome.error(), command.policy, command.is_write, number, times_sent);
    if (!retry.again) return attempt.outcome;
    if (retry.looks_again) cluster.look_again();
    if (!pause_before_retry(retry.pause, deadline)) return attempt.outcome;
  }
}

}  // namespace flotilla::client
