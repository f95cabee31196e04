#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace flotilla::exec {

/// One query as the monitor shows it. Texts are fixed before it is added; numbers are written by
/// the one reactor that runs it and read by any.
struct QueryJob {
  enum class Kind : std::uint8_t { Basic, Aggregation, BackgroundUdf, BackgroundOps };
  enum class End : std::uint8_t {
    Active,
    Ok,
    UserAborted,
    ResponseError,
    ResponseTimeout,
    Unknown
  };

  std::uint64_t id = 0;
  Kind kind = Kind::Basic;
  std::string ns;
  std::string set;
  std::string from;  // The client's address and port.
  std::uint32_t partitions_requested = 0;
  std::uint32_t digests_requested = 0;
  std::uint32_t records_per_second = 0;
  std::uint32_t socket_timeout_ms = 0;
  Instant started;

  std::atomic<bool> abort{false};
  std::atomic<End> end{End::Active};
  std::atomic<std::int64_t> finished_ns{0};  // Instant of the end.
  std::atomic<std::uint32_t> partitions_done{0};
  std::atomic<std::uint64_t> succeeded{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> filtered_by_metadata{0};
  std::atomic<std::uint64_t> filtered_by_bins{0};
  std::atomic<std::uint64_t> throttled{0};
  std::atomic<std::uint64_t> net_bytes{0};
};

/// The running queries and the last finished ones. Any thread.
class QueryJobs {
 public:
  /// Gives a job without an id one. Parameter: a job of this id is still listed. Forbidden: too
  /// many are running.
  Result<void> add(std::shared_ptr<QueryJob> job, std::size_t active_most);
  void finish(const std::shared_ptr<QueryJob>& job, QueryJob::End end, Instant now);
  std::vector<std::shared_ptr<QueryJob>> list() const;
  std::shared_ptr<QueryJob> find(std::uint64_t id) const;
  /// False: no such query is running.
  bool abort(std::uint64_t id);
  std::size_t abort_all();
  std::size_t active() const;
  void keep_finished(std::size_t count) { finished_most_.store(count); }

 private:
  mutable std::mutex mutex_;  // Guards the lists. Nothing else is locked under it.
  std::vector<std::shared_ptr<QueryJob>> active_;
  std::deque<std::shared_ptr<QueryJob>> finished_;
  std::atomic<std::size_t> finished_most_{100};
  std::uint64_t next_id_ = 1;
};

}  // namespace flotilla::exec
