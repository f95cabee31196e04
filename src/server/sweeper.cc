#include "sweeper.h"

#include <pthread.h>

#include <algorithm>

#include "base/log.h"
#include "net/reactor.h"
#include "server.h"
#include "space_limits.h"

namespace flotilla::server {
namespace {

// Of one walk over a namespace, when none is configured; and at most while it evicts.
constexpr std::chrono::seconds kPeriodDefault{120};
constexpr std::chrono::seconds kPeriodEvicting{10};

Duration period_of(const config::NamespaceConfig& ns_config, bool evicts) {
  const std::uint32_t configured = ns_config.nsup_period();
  const auto period = configured == 0 ? kPeriodDefault : std::chrono::seconds(configured);
  return evicts ? std::min(period, kPeriodEvicting) : period;
}

}  // namespace

/// Over one namespace.
struct Sweeper::Walk {
  Walk(exec::Namespace& of, const config::NamespaceConfig& its_config, Instant now, bool in_a_hurry)
      : ns(of),
        config(its_config),
        records(of.records, wall_now(), its_config.evict_hist_buckets()),
        pace(now),
        began(now),
        hurried(in_a_hurry) {}

  store::WalkPace::Walk state() const {
    const bool evicts = ns.options.hwm_breached;
    return {.period = hurried ? Duration{} : period_of(config, evicts),
            .done = records.done(),
            .pressed = evicts && ns.options.stops_soon};
  }
  Instant next() const { return pace.next(state()); }

  exec::Namespace& ns;
  const config::NamespaceConfig& config;
  store::SweepWalk records;
  store::WalkPace pace;
  Instant began;
  bool hurried;  // It waits for no period.
};

Sweeper::Sweeper(exec::Node& node, const config::Config& config, ServerView& view)
    : node_(node), config_(config), view_(view) {}

Sweeper::~Sweeper() { stop(); }

void Sweeper::start() {
  for (const auto& ns : node_.namespaces)
    walks_.push_back(std::make_unique<Walk>(*ns, *config_.find_namespace(ns->name()),
                                            net::Reactor::now(), false));
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "sweeper");
}

void Sweeper::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sweeper::hurry() {
  {
    const std::scoped_lock lock(mutex_);
    hurried_ = true;
  }
  changed_.notify_all();
}

void Sweeper::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (std::exchange(hurried_, false))
      for (auto& walk : walks_) begin(walk, true);
    lock.unlock();
    const Instant next = step(net::Reactor::now());
    lock.lock();
    changed_.wait_until(lock, std::chrono::steady_clock::time_point(next.since_start),
                        [this] { return stopping_ || hurried_; });
  }
}

void Sweeper::begin(std::unique_ptr<Walk>& walk, bool hurried) {
  walk = std::make_unique<Walk>(walk->ns, walk->config, net::Reactor::now(), hurried);
}

/// A part of the walk whose turn it is, if it is time. Answers when to come again.
Instant Sweeper::step(Instant now) {
  const auto when = [this](const auto& walk) { return std::max(walk->next(), rests_until_); };
  // Settings change, and what a walk is pressed by: look again soon.
  const Instant soon = now + std::chrono::seconds(1);
  if (walks_.empty()) return soon;
  const auto first = [&] { return std::ranges::min_element(walks_, {}, when); };
  if (when(*first()) <= now) step(*first());
  return std::min(soon, when(*first()));
}

void Sweeper::step(std::unique_ptr<Walk>& walk) {
  if (walk->records.complete()) begin(walk, false);
  const Instant began = net::Reactor::now();
  const store::Sweep done = walk->records.step(wall_now(), walk->pace.part());
  const Instant ended = net::Reactor::now();
  walk->pace.worked(began, ended, !walk->records.complete());
  rests_until_ = walk->pace.rests_until(walk->state());
  view_.count_swept(walk->ns.name(), done);
  if (walk->records.complete()) end(*walk, ended);
}

void Sweeper::end(const Walk& walk, Instant now) {
  view_.count_walk(walk.ns.name(), walk.records.sweep(), now - walk.began);
  // Not what was the case at its beginning: it may have evicted enough itself.
  if (SpaceLimits(walk.config).judge(view_.space_use(walk.config)).evicts) choose_evicted(walk);
}

/// The walk has shown who lives how long: those with the least left are to go, on all nodes, and
/// the next walk takes them.
void Sweeper::choose_evicted(const Walk& walk) {
  const std::string& ns = walk.ns.name();
  const std::uint64_t tenths = walk.config.evict_tenths_pct();
  if (tenths == 0) return;
  const std::uint64_t decided = walk.records.sweep().decided;
  const store::Lives& lives = walk.records.lives();
  const std::uint64_t wanted = std::max<std::uint64_t>(1, decided * tenths / 1000);
  const auto until = lives.void_time_of(wanted);
  if (!until)
    return log_warning("nsup",
                       "{{{}}} nothing can be evicted: {} of {} records expire, all at once", ns,
                       lives.count(), decided);
  if (*until <= walk.ns.records.evicted_until()) return;
  log_info("nsup", "{{{}}} evicts what lives no longer than {} s: about {} of {} records", ns,
           *until - std::min(*until, wall_now().seconds()), wanted, decided);
  if (const auto agreed = view_.evict_until(ns, *until); !agreed)
    log_warning("nsup", "{{{}}} not all nodes know yet what to evict: {}", ns, agreed.error().why);
}

}  // namespace flotilla::server
