#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "discovery/reconciler.h"

namespace flotilla::discovery::testing {

using namespace std::chrono_literals;

/// A container engine, the nodes in its containers, and one reconciler, in virtual time. Everything
/// that goes against safety is written down in violations().
///
/// The nodes know what a mesh knows: a link comes from a seed on either side, lasts while both
/// live, and spreads by gossip. A node refuses others of another cluster name.
class World {
 public:
  struct Options {
    std::uint64_t seed = 1;
    bool one_cluster_name = false;  // All labels' nodes carry the same: only labels part them.
    double hints_lost = 0.4;
    Duration observe_most = 3s;
    Reconciler::Options reconciler = {};
  };
  struct Node {  // One life of the process in a container.
    Instant ready_at;
    bool frozen = false;
    std::set<Seed> seeds;
    std::set<int> met;  // Lives that it has met.
    std::set<std::string> alumni;
    std::string container;
  };
  struct Container {
    std::string id, name, label, ip;
    int life = 0;              // 0: not running.
    Instant hidden_until{};    // Until then the engine does not list it.
    Instant may_hide_again{};  // Unnoticed.
  };

  explicit World(Options options) : options_(options), random_(options.seed) {
    restart_discovery();
  }

  // What happens to containers.
  std::string start(const std::string& label) {
    const std::string id = "c" + std::to_string(++last_id_);
    containers_[id] = {
        .id = id, .name = label + '_' + std::to_string(last_id_), .label = label, .ip = {}};
    boot(containers_[id]);
    return id;
  }
  void boot(Container& container) {
    if (container.life != 0 || engine_down_) return;
    if (container.ip.empty() || is_taken(container.ip) || random_.chance(0.5))
      container.ip = free_ip();
    container.life = ++last_life_;
    holders_[container.ip] = container.id;
    Node node;
    node.ready_at = now_ + ms(random_.below(2000));
    node.container = container.id;
    lives_[container.life] = std::move(node);
    changed();
  }
  void stop(Container& container) {
    if (container.life == 0) return;
    lives_.erase(container.life);
    holders_.erase(container.ip);
    container.life = 0;
    changed();
  }
  void remove(const std::string& id) {
    stop(containers_.at(id));
    containers_.erase(id);
  }
  void change_address(Container& container) {
    if (container.life == 0) return;
    // The process lives on; links to the old address are gone.
    Node& node = lives_.at(container.life);
    for (auto& [life, other] : lives_) other.met.erase(container.life);
    node.met.clear();
    holders_.erase(container.ip);
    container.ip = free_ip();
    holders_[container.ip] = container.id;
    changed();
  }
  /// Some run on unlisted: for long when the listing says that it lacks some (an engine of several
  /// cannot be reached), for a moment when it does not (an engine that has just come back).
  void hide_some(bool is_said) {
    const Duration span = is_said ? ms(random_.below(80'000)) : ms(random_.below(20'000));
    if (is_said) incomplete_until_ = std::max(incomplete_until_, now_ + span);
    for (auto& [id, container] : containers_) {
      if (random_.chance(0.5) || (!is_said && now_ < container.may_hide_again)) continue;
      container.hidden_until = std::max(container.hidden_until, now_ + span);
      if (!is_said) container.may_hide_again = now_ + span + 30s;
      if (random_.chance(0.5)) freeze(container, true);
    }
  }
  void freeze(Container& container, bool is_frozen) {
    if (container.life != 0) lives_.at(container.life).frozen = is_frozen;
    changed();
  }
  void restart_engine() {
    engine_down_ = true;
    const Duration down = ms(random_.between(100, 20'000));
    for (auto& [id, container] : containers_)
      if (container.life != 0) {
        stop(container);
        at(now_ + down + ms(random_.below(5000)), [this, key = id] {
          if (containers_.contains(key)) boot(containers_.at(key));
        });
      }
    at(now_ + down, [this] { engine_down_ = false, changed(); });
  }
  void restart_discovery() {
    Reconciler::Options fresh = options_.reconciler;
    fresh.seed = random_.next();
    reconciler_ = std::make_unique<Reconciler>(fresh, now_);
    ++generation_;
    feed(Reconciler::Tick{});
  }
  void disturb() {
    if (containers_.size() < 2 || (containers_.size() < 9 && random_.chance(0.3))) {
      start(random_.chance(0.5) ? "blue" : "red");
      return;
    }
    auto chosen = containers_.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(random_.below(containers_.size())));
    Container& container = chosen->second;
    switch (random_.below(11)) {
      case 0:
        return remove(container.id);
      case 1:
        return stop(container);
      case 2:
      case 3:
        return boot(container);
      case 4:
        container.name += 'x';
        return changed();
      case 5:
        return change_address(container);
      case 6:
        return freeze(container, random_.chance(0.5));
      case 7:
        return random_.chance(0.3) ? restart_engine() : changed();
      case 8:
        return hide_some(true);
      case 9:
        return hide_some(false);
      default:
        return restart_discovery();
    }
  }

  void run(Duration span) {
    const Instant end = now_ + span;
    while (true) {
      const Instant wake = reconciler_->next_wake();
      const Instant next = queue_.empty() ? wake : std::min(wake, queue_.begin()->first);
      if (next > end) break;
      now_ = std::max(now_, next);
      if (!queue_.empty() && queue_.begin()->first <= now_) {
        const auto job = std::move(queue_.begin()->second);
        queue_.erase(queue_.begin());
        job();
      } else {
        feed(Reconciler::Tick{});
      }
    }
    now_ = end;
  }
  void at(Instant when, std::function<void()> job) { queue_.emplace(when, std::move(job)); }
  Instant now() const { return now_; }
  void calm_down() {
    incomplete_until_ = now_;
    for (auto& [id, container] : containers_) container.hidden_until = now_;
    for (auto& [life, node] : lives_) node.frozen = false;
    changed();
  }

  // What is to be seen.
  const std::vector<std::string>& violations() const { return violations_; }
  std::map<std::string, Container>& containers() { return containers_; }
  const Reconciler& reconciler() const { return *reconciler_; }
  std::uint64_t steps_carried_out() const { return steps_; }
  /// The seeds of one running container's node.
  std::set<Seed>& seeds(const std::string& id) { return lives_.at(containers_.at(id).life).seeds; }

  /// Empty: every label's running nodes are one cluster; else what is not so.
  std::string apart() {
    mesh();
    std::map<std::string, std::set<std::string>> keys;
    for (const auto& [id, container] : containers_)
      if (container.life != 0) keys[container.label].insert(key_of(container.life));
    for (const auto& [label, found] : keys)
      if (found.size() > 1) return label + " is in " + std::to_string(found.size()) + " parts";
    return {};
  }
  /// Seeds that name an address which nobody has.
  std::size_t stale_seeds() {
    std::size_t stale = 0;
    for (const auto& [life, node] : lives_)
      for (const Seed& seed : node.seeds)
        if (find_by_ip(seed.host) == nullptr) ++stale;
    return stale;
  }

 private:
  static Duration ms(std::uint64_t count) { return std::chrono::milliseconds(count); }
  bool is_taken(const std::string& ip) const { return find_by_ip(ip) != nullptr; }
  std::string free_ip() {
    // Of few addresses, so that they are used again and again.
    std::string ip;
    do
      ip = "10.0." + std::to_string(random_.below(1 + containers_.size() / 100)) + '.' +
           std::to_string(random_.between(1, containers_.size() < 12 ? 16 : 250));
    while (is_taken(ip));
    return ip;
  }
  const Container* find_by_ip(const std::string& ip) const {
    const auto at = holders_.find(ip);
    return at == holders_.end() ? nullptr : &containers_.at(at->second);
  }
  std::string cluster_name(const Container& container) const {
    return options_.one_cluster_name ? "docker" : container.label;
  }
  bool is_up(int life) const {
    const auto at = lives_.find(life);
    return at != lives_.end() && !at->second.frozen && at->second.ready_at <= now_;
  }

  void mesh() {
    std::map<std::string, const Container*> by_ip;
    for (const auto& [id, container] : containers_)
      if (is_up(container.life)) by_ip[container.ip] = &container;
    for (const auto& [ip, container] : by_ip)
      for (const Seed& seed : lives_.at(container->life).seeds) {
        const auto other = by_ip.find(seed.host);
        if (other == by_ip.end() || other->second->life == container->life) continue;
        if (cluster_name(*other->second) != cluster_name(*container)) continue;
        lives_.at(container->life).met.insert(other->second->life);
        lives_.at(other->second->life).met.insert(container->life);
      }
    for (auto& [life, node] : lives_)
      std::erase_if(node.met, [&](int l) { return !lives_.contains(l); });
    gossip();
  }
  void gossip() {
    for (bool more = true; more;) {
      more = false;
      for (auto& [life, node] : lives_) {
        if (!is_up(life)) continue;
        const std::set<int> met = node.met;
        for (const int other : met) {
          if (!is_up(other)) continue;
          for (const int third : lives_.at(other).met)
            if (third != life) more |= node.met.insert(third).second;
        }
      }
    }
  }
  std::set<int> component(int life) const {
    std::set<int> out{life};
    for (const int other : lives_.at(life).met)
      if (is_up(other)) out.insert(other);
    return out;
  }
  std::string key_of(int life) const { return "K" + std::to_string(*component(life).begin()); }

  void changed() {
    while (!random_.chance(options_.hints_lost)) {  // None, one, or several of the same.
      at(now_ + ms(random_.below(2000)), [this] { feed(Reconciler::Hint{}); });
      if (random_.chance(0.7)) break;
    }
  }

  void feed(const Reconciler::Event& event) {
    const int generation = generation_;
    for (Reconciler::Action& action : reconciler_->step(now_, event)) {
      if (const auto* list = std::get_if<Reconciler::List>(&action)) {
        at(now_ + ms(random_.between(1, 50)), [this, generation, round = list->round] {
          if (generation == generation_) feed(Reconciler::Listed{round, listing()});
        });
      } else if (auto* look = std::get_if<Reconciler::Observe>(&action)) {
        at(now_ + Duration(static_cast<Duration::rep>(
                      random_.below(static_cast<std::uint64_t>(options_.observe_most.count())))),
           [this, generation, asked = std::move(*look)] {
             if (generation == generation_)
               feed(Reconciler::Seen{asked.round, {observe(asked.members), {}}});
           });
      } else if (auto* todo = std::get_if<Reconciler::CarryOut>(&action)) {
        carry_out(*todo);
      }
    }
  }

  Listing listing() const {
    Listing out;
    if (engine_down_) {
      out.complete = false;
      out.problems = {"the engine does not answer"};
      return out;
    }
    for (const auto& [id, container] : containers_) {
      if (container.life == 0 || container.hidden_until > now_) continue;
      Desired desired;
      desired.id = id;
      desired.name = container.name;
      desired.cluster = container.label;
      desired.host = container.ip;
      desired.network = "prod";
      out.members.push_back(std::move(desired));
    }
    out.complete = incomplete_until_ <= now_;
    out.ranges = {*AddressRange::parse("10.0.0.0/16")};
    return out;
  }

  std::vector<Observed> observe(const std::vector<Desired>& members) {
    mesh();
    std::vector<Observed> out;
    for (const Desired& member : members) {
      Observed seen;
      seen.id = member.id;
      const Container* there = find_by_ip(member.host);
      if (there == nullptr || !is_up(there->life))
        seen.failure = "does not answer";
      else
        describe(*there, seen);
      out.push_back(std::move(seen));
    }
    return out;
  }
  void describe(const Container& container, Observed& seen) {
    Node& node = lives_.at(container.life);
    const std::set<int> together = component(container.life);
    seen.status = "ok";
    seen.node = "N" + std::to_string(container.life);
    seen.cluster_name = cluster_name(container);
    seen.cluster_key = key_of(container.life);
    seen.principal = "N" + std::to_string(*together.rbegin());
    seen.cluster_size = static_cast<std::uint32_t>(together.size());
    seen.integrity = true;
    seen.seeds.assign(node.seeds.begin(), node.seeds.end());
    for (const int life : together) {
      const std::string& ip = containers_.at(lives_.at(life).container).ip;
      if (life != container.life) seen.peers.push_back({"N" + std::to_string(life), {ip}});
      node.alumni.insert(ip);
    }
    seen.alumni.assign(node.alumni.begin(), node.alumni.end());
  }

  void carry_out(const Reconciler::CarryOut& todo) {
    Reconciler::Done done{todo.round, {}};
    for (const Step& step : todo.steps) {
      ++steps_;
      const Container* told = find_by_ip(step.member.host);
      Reconciler::Outcome outcome;
      if (told == nullptr || !is_up(told->life)) {
        outcome = {Reconciler::Outcome::Kind::Refused, "does not answer"};
      } else {
        apply(step, *told);
      }
      done.outcomes.push_back(outcome);
    }
    feed(done);
  }
  void apply(const Step& step, const Container& told) {
    Node& node = lives_.at(told.life);
    const Container* named = find_by_ip(step.seed.host);
    if (step.verb == Step::Verb::Tip) {
      if (told.label != step.member.cluster || (named != nullptr && named->label != told.label))
        violations_.push_back("across labels: " + step.summary());
      node.seeds.insert(step.seed);
    } else if (step.verb == Step::Verb::ClearTip) {
      if (named != nullptr && named->label == told.label)
        violations_.push_back("of a live seed: " + step.summary());
      node.seeds.erase(step.seed);
    } else if (step.verb == Step::Verb::ResetAlumni) {
      node.alumni.clear();
    }
  }

  const Options options_;
  Random random_;
  Instant now_;
  std::multimap<Instant, std::function<void()>> queue_;
  std::map<std::string, Container> containers_;
  std::map<std::string, std::string> holders_;  // Of addresses: the container's id.
  std::map<int, Node> lives_;
  Instant incomplete_until_;
  bool engine_down_ = false;
  int last_id_ = 0;
  int last_life_ = 0;
  int generation_ = 0;
  std::uint64_t steps_ = 0;
  std::unique_ptr<Reconciler> reconciler_;
  std::vector<std::string> violations_;
};

}  // namespace flotilla::discovery::testing
