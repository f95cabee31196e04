#include "discovery/reconciler.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/check.h"

namespace flotilla::discovery {
namespace {

using std::chrono::hours;

// Former members' addresses are forgotten at last: a week of churn must not pile up.
constexpr Duration kFormerLasts = hours(1);
constexpr std::size_t kFormerMost = 8192;

const Desired* find(const Listing& listing, const std::string& id) {
  const auto at = std::ranges::find(listing.members, id, &Desired::id);
  return at == listing.members.end() ? nullptr : &*at;
}

/// Whether who was meant is still there, under the same label and at the same place.
bool is_same(const Listing& listing, const Desired& was) {
  const Desired* is = find(listing, was.id);
  return is != nullptr && is->is_usable() && is->cluster == was.cluster && is->host == was.host &&
         is->mesh_port == was.mesh_port && is->service_port == was.service_port;
}

bool still_holds(const Listing& listing, const Step& step) {
  switch (step.verb) {
    case Step::Verb::Tip:
      return is_same(listing, step.member) && is_same(listing, step.about);
    case Step::Verb::ClearTip:
      return is_same(listing, step.member) &&
             std::ranges::none_of(listing.members, [&](const Desired& member) {
               return member.cluster == step.member.cluster &&
                      canonical_host(member.host) == canonical_host(step.seed.host);
             });
    case Step::Verb::ResetAlumni:
      return is_same(listing, step.member);
    case Step::Verb::Render:
      return listing.complete;
  }
  return false;
}

}  // namespace

Reconciler::Reconciler(Options options, Instant now)
    : options_(std::move(options)),
      random_(options_.seed),
      backoff_({}, options_.seed + 1),
      due_(now),
      round_began_(now),
      asked_(now),
      last_change_(now),
      tokens_(options_.steps_per_minute),
      tokens_at_(now) {}

Instant Reconciler::next_wake() const {
  return phase_ == Phase::Waiting ? due_ : asked_ + options_.round_limit;
}

std::vector<Reconciler::Action> Reconciler::step(Instant now, const Event& event) {
  actions_.clear();
  if (std::holds_alternative<Hint>(event)) {
    if (phase_ == Phase::Waiting)
      due_ = std::min(due_, now + options_.debounce);
    else
      hinted_ = true;
  } else if (const auto* list = std::get_if<Listed>(&event)) {
    if (list->round == round_ && phase_ == Phase::Listing) listed(now, *list);
    if (list->round == round_ && phase_ == Phase::Confirming) confirmed(now, *list);
  } else if (const auto* look = std::get_if<Seen>(&event)) {
    if (look->round == round_ && phase_ == Phase::Observing) seen(now, *look);
  } else if (const auto* did = std::get_if<Done>(&event)) {
    if (did->round == round_ && phase_ == Phase::Acting) done(now, *did);
  }
  // Whatever woke it, what is due is due; but an answer that came late is an answer.
  const bool gives_up = std::holds_alternative<Tick>(event);
  if (now >= next_wake() && (phase_ == Phase::Waiting || gives_up)) begin(now);
  return std::move(actions_);
}

void Reconciler::begin(Instant now) {
  if (phase_ != Phase::Waiting) note(LogLevel::Warning, "a round got no answer; it is begun anew");
  ++round_;
  phase_ = Phase::Listing;
  round_began_ = asked_ = now;
  hinted_ = false;
  actions_.emplace_back(List{round_});
}

void Reconciler::listed(Instant now, const Listed& event) {
  if (event.listing.members != listing_.members) last_change_ = now;
  listing_ = event.listing;
  remember(now);
  std::vector<Desired> usable;
  std::ranges::copy_if(listing_.members, std::back_inserter(usable), &Desired::is_usable);
  phase_ = Phase::Observing;
  asked_ = now;
  actions_.emplace_back(Observe{round_, std::move(usable)});
}

/// Also forgets: what has not been a member for an hour is not called a former one.
void Reconciler::remember(Instant now) {
  for (const Desired& member : listing_.members)
    if (member.is_usable()) former_[canonical_host(member.host)] = now;
  std::erase_if(former_, [&](const auto& at) { return now - at.second > kFormerLasts; });
  while (former_.size() > std::max(kFormerMost, listing_.members.size()))
    former_.erase(std::ranges::min_element(former_, {}, [](const auto& at) { return at.second; }));
  std::erase_if(done_, [&](const auto& at) { return now >= at.second; });
}

void Reconciler::seen(Instant now, const Seen& event) {
  std::set<std::string> former;
  for (const auto& [host, when] : former_) former.insert(former.end(), host);
  Plan plan =
      options_.planner({.listing = listing_, .observation = event.observation, .former = former});
  tell_changes(now, plan);
  pending_ = due_steps(now, plan.steps);
  status_.clusters = std::move(plan.clusters);
  status_.problems = listing_.problems;
  status_.complete = listing_.complete;
  status_.steps_due = pending_.size();
  status_.settled = listing_.complete && pending_.empty() &&
                    std::ranges::all_of(status_.clusters, &ClusterStatus::settled);
  status_.steps = pending_;
  std::ranges::move(plan.steps, std::back_inserter(status_.steps));
  if (pending_.empty() || options_.dry_run) {
    for (const Step& step : pending_)
      note(LogLevel::Info, fmt::format("would {}: {}", step.summary(), step.reason));
    return finish(now);
  }
  phase_ = Phase::Confirming;
  asked_ = now;
  actions_.emplace_back(List{round_});
}

/// Those that are due, taken out of `proposed`; the rest goes on waiting.
std::vector<Step> Reconciler::due_steps(Instant now, std::vector<Step>& proposed) {
  std::vector<Step> due;
  std::vector<Step> later;
  for (Step& step : proposed) {
    const std::string key = step.key();
    bool is_due = !done_.contains(key);
    if (step.must_have_stood.count() != 0) {
      Standing& standing = standing_.try_emplace(key, Standing{now, round_}).first->second;
      standing.round = round_;
      is_due &= now - standing.since >= step.must_have_stood;
    }
    is_due = is_due && take_token(now);
    (is_due ? due : later).push_back(std::move(step));
  }
  // One plan that does not propose it, and the wait begins anew.
  std::erase_if(standing_, [&](const auto& at) { return at.second.round != round_; });
  proposed = std::move(later);
  return due;
}

bool Reconciler::take_token(Instant now) {
  const double most = options_.steps_per_minute;
  const double minutes = std::chrono::duration<double, std::ratio<60>>(now - tokens_at_).count();
  tokens_ = std::min(most, tokens_ + minutes * most);
  tokens_at_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void Reconciler::confirmed(Instant now, const Listed& event) {
  std::erase_if(pending_, [&](const Step& step) { return !still_holds(event.listing, step); });
  if (pending_.empty()) {
    // What was found has changed meanwhile.
    hinted_ = true;
    return finish(now);
  }
  phase_ = Phase::Acting;
  asked_ = now;
  actions_.emplace_back(CarryOut{round_, pending_});
}

void Reconciler::done(Instant now, const Done& event) {
  FLOTILLA_CHECK(event.outcomes.size() == pending_.size());
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const Step& step = pending_[i];
    const Outcome& outcome = event.outcomes[i];
    const bool refused = outcome.kind == Outcome::Kind::Refused;
    note(refused ? LogLevel::Warning : LogLevel::Info,
         fmt::format("{}: {}; answer: {}", step.summary(), step.reason, outcome.answer));
    if (refused) continue;
    if (step.not_again_within.count() != 0) done_[step.key()] = now + step.not_again_within;
    // Its effect shows soon; while there is none, at the usual pace.
    last_change_ = now;
  }
  finish(now);
}

void Reconciler::finish(Instant now) {
  phase_ = Phase::Waiting;
  pending_.clear();
  ++status_.rounds;
  status_.last_round = now;
  status_.last_took = now - round_began_;
  if (status_.complete) status_.last_success = now;
  const double share = 0.8 + 0.4 * static_cast<double>(random_.below(1001)) / 1000;
  Duration wait(static_cast<Duration::rep>(static_cast<double>(options_.period.count()) * share));
  if (!status_.complete)
    wait = std::min(wait, std::max(backoff_.next(), options_.debounce));
  else if (!status_.settled && now - last_change_ < options_.pace_lasts)
    wait = std::min(wait, options_.pace);
  if (status_.complete) backoff_ = Backoff({}, random_.next());
  if (hinted_) wait = std::min(wait, options_.debounce);
  due_ = now + wait;
}

/// One line for each subject whose state is another than last time.
void Reconciler::tell_changes(Instant now, const Plan& plan) {
  std::map<std::string, std::pair<std::string, LogLevel>> is;
  for (const std::string& text : listing_.problems) is["source " + text] = {"", LogLevel::Warning};
  for (const ClusterStatus& cluster : plan.clusters) {
    for (const MemberStatus& member : cluster.members) {
      const Desired& desired = member.desired;
      const std::string subject = fmt::format(
          "member {} of {} ({})", desired.name, cluster.name,
          desired.host.empty() ? "no address" : host_and_port(desired.host, desired.service_port));
      is[subject] = member.ready
                        ? std::pair("is ready as node " + member.observed.node, LogLevel::Info)
                        : std::pair("is not ready: " + member.why_not,
                                    desired.problem.empty() ? LogLevel::Info : LogLevel::Warning);
    }
    is["cluster " + cluster.name] = {
        cluster.converged ? fmt::format("has converged: {} ready", cluster.ready)
                          : fmt::format("has not converged: {}", fmt::join(cluster.why, "; ")),
        LogLevel::Info};
  }
  std::map<std::string, std::string> next;
  for (const auto& [subject, state] : is) {
    const auto was = last_seen_.find(subject);
    if (was == last_seen_.end() || was->second != state.first) {
      last_change_ = now;
      note(state.second, state.first.empty() ? subject : subject + ' ' + state.first);
    }
    next[subject] = state.first;
  }
  for (const auto& [subject, state] : last_seen_)
    if (!is.contains(subject)) {
      last_change_ = now;
      note(LogLevel::Info, state.empty() ? "no longer: " + subject : subject + " has gone");
    }
  last_seen_ = std::move(next);
}

void Reconciler::note(LogLevel level, std::string text) {
  actions_.emplace_back(Note{level, std::move(text)});
}

}  // namespace flotilla::discovery
