#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "base/time.h"
#include "discovery/backoff.h"
#include "discovery/plan.h"

namespace flotilla::discovery {

/// Decides when to look, and what to do about what was found. Level-triggered: an event only means
/// "look again", so a lost, doubled, late, or reordered one costs nothing, and a restart at any
/// moment ends in the same state. A round:
///
///   due -> List -> Listed -> Observe -> Seen -> [List -> Listed -> CarryOut -> Done] -> due
///
/// The second listing is there because looking at nodes takes time: a step is carried out only if
/// those it concerns are still who they were. `now` never goes backwards. One thread steps it.
class Reconciler {
 public:
  struct Options {
    Planner planner = plan_clusters;
    Duration period = std::chrono::seconds(10);      // At least so often, +-20 %.
    Duration pace = std::chrono::seconds(1);         // While something is on its way.
    Duration pace_lasts = std::chrono::seconds(60);  // After the last change.
    Duration debounce = std::chrono::milliseconds(200);
    Duration round_limit = std::chrono::seconds(60);  // Without an answer a round is given up.
    unsigned steps_per_minute = 600;
    bool dry_run = false;
    std::uint64_t seed = 1;
  };

  struct Tick {};
  struct Hint {};  // Something may have changed.
  struct Listed {
    std::uint64_t round;
    Listing listing;
  };
  struct Seen {
    std::uint64_t round;
    Observation observation;
  };
  struct Outcome {
    enum class Kind : std::uint8_t { Done, Already, Refused } kind = Kind::Done;
    std::string answer;  // Of who was told.
  };
  struct Done {
    std::uint64_t round;
    std::vector<Outcome> outcomes;  // One for each step that was carried out.
  };
  using Event = std::variant<Tick, Hint, Listed, Seen, Done>;

  struct List {
    std::uint64_t round;
  };
  struct Observe {
    std::uint64_t round;
    std::vector<Desired> members;  // The usable ones.
  };
  struct CarryOut {
    std::uint64_t round;
    std::vector<Step> steps;
  };
  /// A decision, or a change worth a line in the log.
  struct Note {
    LogLevel level;
    std::string text;
  };
  using Action = std::variant<List, Observe, CarryOut, Note>;

  struct Status {
    std::vector<ClusterStatus> clusters;
    std::vector<std::string> problems;  // With the sources.
    std::vector<Step> steps;            // Of the last plan, due or not.
    std::size_t steps_due = 0;          // The first so many are due.
    bool complete = false;
    bool settled = false;  // The last round found nothing to do and nobody to wait for.
    std::uint64_t rounds = 0;
    std::optional<Instant> last_round;    // When the last one ended.
    std::optional<Instant> last_success;  // When the last one with a complete listing ended.
    Duration last_took{};
  };

  Reconciler(Options options, Instant now);

  std::vector<Action> step(Instant now, const Event& event);
  /// When to step(Tick), at the latest.
  Instant next_wake() const;
  const Status& status() const { return status_; }
  /// How many entries it holds in mind, for the proof that they do not grow.
  std::size_t remembered() const {
    return standing_.size() + done_.size() + former_.size() + last_seen_.size();
  }

 private:
  enum class Phase : std::uint8_t { Waiting, Listing, Observing, Confirming, Acting };
  struct Standing {
    Instant since;
    std::uint64_t round;  // The last one that proposed it.
  };

  void begin(Instant now);
  void listed(Instant now, const Listed& event);
  void seen(Instant now, const Seen& event);
  void confirmed(Instant now, const Listed& event);
  void done(Instant now, const Done& event);
  void finish(Instant now);

  std::vector<Step> due_steps(Instant now, std::vector<Step>& proposed);
  bool take_token(Instant now);
  void remember(Instant now);
  void tell_changes(Instant now, const Plan& plan);
  void note(LogLevel level, std::string text);

  const Options options_;
  Random random_;
  Backoff backoff_;
  Phase phase_ = Phase::Waiting;
  Instant due_;
  bool hinted_ = false;  // During the round.
  Instant round_began_;
  Instant asked_;  // When the last action of the round was given out.
  Instant last_change_;
  std::uint64_t round_ = 0;
  Listing listing_;
  std::vector<Step> pending_;
  std::map<std::string, Standing> standing_;      // Steps that wait for must_have_stood, by key.
  std::map<std::string, Instant> done_;           // Steps not to be repeated before, by key.
  std::map<std::string, Instant> former_;         // Addresses of members, last listed when.
  std::map<std::string, std::string> last_seen_;  // What was told last, by subject.
  double tokens_;
  Instant tokens_at_;
  Status status_;
  std::vector<Action> actions_;
};

}  // namespace flotilla::discovery
