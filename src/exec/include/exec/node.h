#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "exec/counters.h"
#include "exec/query_jobs.h"
#include "store/namespace.h"

namespace flotilla::exec {

/// The settings of a namespace that executing a request looks at. The server copies them from the
/// configuration, at start and at each change; reactors read them without a lock.
struct NamespaceOptions {
  std::atomic<std::uint32_t> default_ttl{0};  // Seconds; 0: never expire.
  std::atomic<std::uint32_t> default_read_touch_ttl_pct{0};
  std::atomic<std::uint32_t> max_record_size{1 << 20};  // Bytes.
  std::atomic<bool> apply_ttl_reductions{true};
  std::atomic<bool> disallow_null_setname{false};
  std::atomic<bool> reject_xdr_writes{false};
  std::atomic<bool> reject_non_xdr_writes{false};
  std::atomic<std::uint32_t> background_query_max_rps{10'000};
  std::atomic<bool> commit_to_device{false};  // Replies wait until the log is durable.
  std::atomic<bool> stop_writes{false};       // Set by whoever watches memory and storage.
  std::atomic<bool> hwm_breached{false};      // Likewise: records are to be evicted.
  std::atomic<bool> stops_soon{false};        // Likewise: not much is left until writes stop.
  /// What clients ask for, or one for all of them.
  enum class Override : std::uint8_t { Off, Least, All };
  std::atomic<Override> read_consistency_level{
      Override::Off};  // Least: any copy; All: the primary.
  std::atomic<Override> write_commit_level{
      Override::Off};  // Least: the primary alone; All: every copy.
};

/// The kinds of requests whose latencies are kept, as `latencies:` names them.
enum class Latency : std::uint8_t {
  Read,
  Write,
  Udf,
  BatchSubRead,
  BatchSubWrite,
  BatchSubUdf,
  PiQuery,
  SiQuery,
  kCount
};

/// What one reactor counts for one namespace; read by others at any time.
struct ReactorShare {
  NamespaceCounters counters;
  std::array<Histogram, static_cast<std::size_t>(Latency::kCount)> latencies;
};

/// What one reactor counts for the node as a whole; read by others at any time.
struct NodeShare {
  NodeCounters counters;
  Histogram batches;  // Whole batches: "batch-index".
};

/// A namespace as requests see it.
class Namespace {
 public:
  Namespace(std::string name, store::HybridClock& clock, unsigned reactors);

  const std::string& name() const { return records.name(); }
  ReactorShare& share(unsigned reactor) { return *shares_[reactor]; }
  /// Sum over all reactors.
  std::uint64_t total(NamespaceCounter counter) const;
  Histogram::Snapshot total(Latency latency) const;

  store::Namespace records;
  NamespaceOptions options;

 private:
  std::vector<std::unique_ptr<ReactorShare>> shares_;
};

/// Everything that requests are executed against. Namespaces are fixed before the first request.
struct Node {
  /// Monotonic time, for slices and deadlines; the simulator's or the machine's.
  Instant (*now)() = nullptr;
  store::HybridClock clock;
  std::vector<std::unique_ptr<Namespace>> namespaces;
  QueryJobs jobs;
  std::atomic<std::uint32_t> batch_max_requests{0};  // Rows; 0: no limit.
  std::atomic<std::uint32_t> query_threads_limit{128};
  /// Later than this nobody is answered: the node may have stood still, and does not know yet what
  /// it missed.
  std::atomic<Instant> answers_until{Instant{Duration::max()}};
  std::atomic<std::uint32_t> transaction_max_ms{1000};  // For requests that state no time-out.

  /// Null: unknown. A name is taken up to its first NUL.
  Namespace* find(std::string_view name) const;
};

}  // namespace flotilla::exec
