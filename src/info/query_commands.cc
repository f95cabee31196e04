// Queries that run or ran.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/parse.h"
#include "command.h"
#include "key_values.h"

namespace flotilla::info {
namespace {

using Job = exec::QueryJob;

std::string_view name_of(Job::Kind kind) {
  constexpr std::string_view kNames[] = {"basic", "aggregation", "background-udf",
                                         "background-ops"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view status_of(Job::End end) {
  constexpr std::string_view kNames[] = {"active(ok)",
                                         "done(ok)",
                                         "done(user-aborted)",
                                         "done(abandoned-response-error)",
                                         "done(abandoned-response-timeout)",
                                         "done(abandoned-unknown)"};
  return kNames[static_cast<std::size_t>(end)];
}

std::int64_t ms(Duration d) {
  return std::max<std::int64_t>(0,
                                std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
}

double progress(const Job& job) {
  if (job.end.load(std::memory_order_relaxed) == Job::End::Ok) return 100.0;
  const double all = job.partitions_requested + job.digests_requested;
  return all == 0
             ? 0.0
             : std::min(100.0, 100.0 * job.partitions_done.load(std::memory_order_relaxed) / all);
}

std::string print(const Job& job, Instant now) {
  const Job::End end = job.end.load(std::memory_order_acquire);
  const Instant ended{Duration(job.finished_ns.load(std::memory_order_relaxed))};
  const bool active = end == Job::End::Active;
  KeyValues out(':');
  out.add("trid", job.id);
  out.add("ns", job.ns);
  if (!job.set.empty()) out.add("set", job.set);
  out.add("n-pids-requested", job.partitions_requested);
  out.add("n-keyds-requested", job.digests_requested);
  out.add("rps", job.records_per_second);
  out.add("active-threads", active ? 1 : 0);
  out.add("status", status_of(end));
  out.add("job-progress", fmt::format("{:.2f}", progress(job)));
  out.add("run-time", ms((active ? now : ended) - job.started));
  out.add("time-since-done", active ? 0 : ms(now - ended));
  out.add("recs-throttled", job.throttled.load(std::memory_order_relaxed));
  out.add("recs-filtered-meta", job.filtered_by_metadata.load(std::memory_order_relaxed));
  out.add("recs-filtered-bins", job.filtered_by_bins.load(std::memory_order_relaxed));
  out.add("recs-succeeded", job.succeeded.load(std::memory_order_relaxed));
  out.add("recs-failed", job.failed.load(std::memory_order_relaxed));
  // Colons separate the fields, so the address is written with a plus.
  std::string from = job.from;
  std::ranges::replace(from, ':', '+');
  out.add("from", from);
  out.add("job-type", name_of(job.kind));
  out.add("net-io-bytes", job.net_bytes.load(std::memory_order_relaxed));
  out.add("net-io-time", 0);
  out.add("socket-timeout", job.socket_timeout_ms);
  return std::move(out).text();
}

constexpr std::size_t kIdLongest = 24;

Parsed<std::uint64_t> id_in(std::string_view text) {
  const auto id = parse_u64(text);
  if (!id || *id == 0) return tl::unexpected(error(Code::Parameter, "bad id"));
  return *id;
}

std::string query_show(Context& c, const Request& request) {
  const auto text = Params(request.args).optional({"id", kIdLongest, Code::Parameter, {"trid"}});
  if (!text) return text.error();
  if (!*text) {
    std::string out;
    for (const auto& job : c.node.jobs().list())
      out += (out.empty() ? "" : ";") + print(*job, c.node.now());
    return out;
  }
  const auto id = id_in(**text);
  if (!id) return id.error();
  const auto job = c.node.jobs().find(*id);
  return job ? print(*job, c.node.now()) : error(Code::NotFound, "job not found");
}

std::string query_abort(Context& c, const Request& request) {
  const auto text = Params(request.args).required({"id", kIdLongest, Code::Parameter, {"trid"}});
  if (!text) return text.error();
  const auto id = id_in(*text);
  if (!id) return id.error();
  return c.node.jobs().abort(*id) ? "ok" : error(Code::NotFound, "id not active");
}

std::string query_abort_all(Context& c, const Request&) {
  return fmt::format("number-of-queries-killed:{}", c.node.jobs().abort_all());
}

constexpr Command kCommands[] = {
    {"query-abort", "id=N: stops a query", &query_abort},
    {"query-abort-all", "stops all queries", &query_abort_all},
    {"query-show", "[id=N]: queries that run, and the last ones that ran", &query_show},
};

}  // namespace

std::span<const Command> query_commands() { return kCommands; }

}  // namespace flotilla::info
