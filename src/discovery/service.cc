#include "service.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <random>

#include "base/log.h"

namespace flotilla::discovery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A watch that ends sooner than this was none: no hurry to begin another.
constexpr Duration kWatchLeast = seconds(1);

std::uint64_t fresh_seed() { return std::random_device()(); }

Listing failed(const Problem& why) {
  Listing out;
  out.complete = false;
  out.problems = {why.text};
  return out;
}

}  // namespace

Instant steady_now() { return {std::chrono::steady_clock::now().time_since_epoch()}; }

Service::Service(const Options& options) : options_(options) {}

Service::~Service() {
  for (std::thread& watcher : watchers_)
    if (watcher.joinable()) watcher.join();
}

Expected<std::unique_ptr<Service>> Service::make(const Options& options) {
  std::unique_ptr<Service> out(new Service(options));
  auto providers = make_providers(options);
  if (!providers) return tl::unexpected(providers.error());
  out->providers_ = std::move(*providers);
  out->watch_problems_.resize(out->providers_.size());
  for (const std::string& name : options.plugins) {
    const auto kinds = backend_kinds();
    const auto kind = std::ranges::find(kinds, name, &BackendKind::name);
    auto backend = kind->make(options);
    if (!backend) return tl::unexpected(backend.error());
    auto lane = std::make_unique<Lane>();
    lane->plugin = name;
    lane->backend = std::move(*backend);
    Reconciler::Options its;
    its.planner = lane->backend->planner();
    its.period =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.period_seconds));
    its.steps_per_minute = options.steps_per_minute;
    its.dry_run = options.dry_run;
    its.seed = fresh_seed();
    lane->reconciler = std::make_unique<Reconciler>(its, steady_now());
    out->lanes_.push_back(std::move(lane));
  }
  out->publish();
  return out;
}

void Service::run(const Stop& stop) {
  for (std::size_t i = 0; i < providers_.size(); ++i)
    watchers_.emplace_back([this, &stop, i] { watch(i, stop); });
  while (!stop) {
    bool hinted;
    {
      const std::lock_guard hold(lock_);
      hinted = std::exchange(hinted_, false);
    }
    for (const auto& lane : lanes_) {
      if (hinted) feed(*lane, Reconciler::Hint{});
      feed(*lane, Reconciler::Tick{});
    }
    sleep_until_next();
  }
}

bool Service::settle(milliseconds span) {
  const Instant end = steady_now() + span;
  while (true) {
    for (const auto& lane : lanes_) feed(*lane, Reconciler::Tick{});
    if (std::ranges::all_of(lanes_,
                            [](const auto& lane) { return lane->reconciler->status().settled; }))
      return true;
    if (options_.dry_run || steady_now() >= end) return false;
    std::this_thread::sleep_for(milliseconds(100));
  }
}

void Service::look_once() {
  for (const auto& lane : lanes_) feed(*lane, Reconciler::Tick{});
}

void Service::sleep_until_next() {
  Instant next = steady_now() + seconds(3600);
  for (const auto& lane : lanes_) next = std::min(next, lane->reconciler->next_wake());
  std::unique_lock hold(lock_);
  woken_.wait_for(hold, std::max(Duration{}, next - steady_now()),
                  [&] { return hinted_ || is_woken_; });
  is_woken_ = false;
}

void Service::feed(Lane& lane, Reconciler::Event event) {
  std::vector<Reconciler::Event> events{std::move(event)};
  const std::uint64_t rounds = lane.reconciler->status().rounds;
  // Each answer may lead to the next action, until the round is over.
  while (!events.empty()) {
    std::vector<Reconciler::Event> answers;
    for (const Reconciler::Event& one : events)
      for (const Reconciler::Action& action : lane.reconciler->step(steady_now(), one))
        carry_out(lane, action, answers);
    events = std::move(answers);
  }
  if (lane.reconciler->status().rounds == rounds) return;
  metrics_.looked(lane.plugin, lane.reconciler->status());
  publish();
}

void Service::carry_out(Lane& lane, const Reconciler::Action& action,
                        std::vector<Reconciler::Event>& answers) {
  if (const auto* note = std::get_if<Reconciler::Note>(&action)) {
    log(note->level, lane.plugin, "{}", note->text);
  } else if (const auto* to_list = std::get_if<Reconciler::List>(&action)) {
    answers.emplace_back(Reconciler::Listed{to_list->round, list()});
  } else if (const auto* look = std::get_if<Reconciler::Observe>(&action)) {
    answers.emplace_back(Reconciler::Seen{look->round, lane.backend->observe(look->members)});
  } else if (const auto* todo = std::get_if<Reconciler::CarryOut>(&action)) {
    Reconciler::Done done{todo->round, {}};
    for (const Step& step : todo->steps) {
      done.outcomes.push_back(lane.backend->carry_out(step));
      metrics_.told(step.verb, done.outcomes.back().kind);
    }
    answers.emplace_back(std::move(done));
  }
}

Listing Service::list() {
  std::vector<std::future<Expected<Listing>>> asked;
  asked.reserve(providers_.size());
  // All at once: one engine that does not answer must not hold up the others' news.
  for (const auto& provider : providers_)
    asked.push_back(std::async(providers_.size() > 1 ? std::launch::async : std::launch::deferred,
                               [&one = *provider] { return one.list(); }));
  std::vector<Listing> listings;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    auto listing = asked[i].get();
    metrics_.connected(providers_[i]->name(), listing.has_value());
    listings.push_back(listing ? std::move(*listing) : failed(listing.error()));
    // What keeps it from both is said once.
    if (const std::lock_guard hold(lock_); listing && !watch_problems_[i].empty())
      listings.back().problems.push_back(fmt::format("{}; looked at every {} s meanwhile",
                                                     watch_problems_[i], options_.period_seconds));
  }
  Listing all = merge(std::move(listings));
  for (const std::string& text : options_.ranges)
    if (const auto range = AddressRange::parse(text)) all.ranges.push_back(*range);
  return all;
}

void Service::watch(std::size_t source, const Stop& stop) {
  Provider& provider = *providers_[source];
  Backoff backoff({}, fresh_seed());
  const auto set_problem = [&](std::string text) {
    const std::lock_guard hold(lock_);
    watch_problems_[source] = std::move(text);
  };
  const auto changed = [&] {
    set_problem({});
    log(LogLevel::Debug, "watch", "{}: something has changed", provider.name());
    hint();
  };
  while (!stop) {
    const Instant began = steady_now();
    const auto ended = provider.watch(changed, stop);
    if (stop) return;
    const Duration lasted = steady_now() - began;
    if (!ended) set_problem(ended.error().text);
    if (!ended || lasted < kWatchLeast)
      sleep_unless(stop, std::chrono::duration_cast<milliseconds>(backoff.next(lasted)));
  }
}

void Service::hint() {
  const std::lock_guard hold(lock_);
  hinted_ = true;
  woken_.notify_one();
}

void Service::wake() {
  const std::lock_guard hold(lock_);
  is_woken_ = true;
  woken_.notify_one();
}

void Service::publish() {
  Report fresh{.plugins = {}, .started = started_};
  for (const auto& lane : lanes_)
    fresh.plugins.push_back({lane->plugin, lane->reconciler->status()});
  const std::lock_guard hold(lock_);
  report_ = std::move(fresh);
}

Report Service::report() const {
  const std::lock_guard hold(lock_);
  return report_;
}

bool Service::is_alive() const {
  const auto limit = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(3 * options_.period_seconds));
  const Report report = this->report();
  return std::ranges::all_of(report.plugins, [&](const PluginStatus& plugin) {
    return steady_now() - plugin.status.last_round.value_or(report.started) <= limit;
  });
}

bool Service::is_ready() const {
  const Report report = this->report();
  return std::ranges::all_of(report.plugins, [](const PluginStatus& plugin) {
    return plugin.status.last_success.has_value();
  });
}

std::vector<std::string> Service::source_names() const {
  std::vector<std::string> out;
  out.reserve(providers_.size());
  for (const auto& provider : providers_) out.push_back(provider->name());
  return out;
}

}  // namespace flotilla::discovery
