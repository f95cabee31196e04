#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "cluster/membership.h"

namespace flotilla::sim {

using cluster::CopyReport;
using cluster::Membership;
using cluster::Process;
using cluster::Row;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Many memberships in one thread, on a network, clocks, and disks that are made up. Everything is
/// drawn from one seed. The copies of data are a simple model: histories without records, that
/// replicate at once to whom they reach.
///
/// Broken invariants are collected in `broken`, with the time.
class MembershipWorld {
 public:
  using Key = std::pair<std::uint32_t, std::uint16_t>;

  struct Faults {
    double drop = 0;
    double twice = 0;
    Duration latency_least = std::chrono::microseconds(100);
    Duration latency_most = milliseconds(1);
    bool reorder = false;
    Duration disk_most{0};
  };

  struct Setup {
    std::uint64_t seed = 1;
    std::size_t partitions = 16;
    std::uint32_t replication_factor = 2;
    bool durable = false;
    bool writes = true;
    std::vector<cluster::Endpoint> seeds;  // Default: the first three nodes.
    std::function<void(Membership::Options&)> tune;
  };

  explicit MembershipWorld(Setup setup);
  ~MembershipWorld();

  /// A node that has never run; its index. Its host is 10.0.0.<index>.
  std::size_t add();
  std::size_t add(const std::vector<cluster::Endpoint>& seeds);
  void start(std::size_t node);
  /// The process is gone. Not `seen`: others get no reset, and its address answers nothing.
  void crash(std::size_t node, bool seen = true);
  /// As a new process: with its disk, or empty (then also without its UUID).
  void restart(std::size_t node, bool with_disk);
  void pause(std::size_t node, Duration time);
  /// `of`'s disk, UUID and all, in another node.
  std::size_t clone(std::size_t of);
  void move_to_host_of(std::size_t node, std::size_t of);

  void cut(std::size_t a, std::size_t b);  // Both ways.
  void cut_one_way(std::size_t from, std::size_t to);
  void join_up(std::size_t a, std::size_t b);
  void heal();
  void reset_links(std::size_t node);
  void split(const std::set<std::size_t>& side);

  void run(Duration time);
  bool run_until(const std::function<bool()>& holds, Duration limit);
  void event(std::size_t node, const Membership::Event& event);

  bool up(std::size_t node) const;
  bool paused(std::size_t node) const;
  Membership& at(std::size_t node);
  const cluster::View* view(std::size_t node) const;  // Null also if it is excluded from it.
  Process process(std::size_t node) const;
  /// These, and nobody else, are in one view that all of them have installed in the same version.
  bool one_view(const std::set<std::size_t>& nodes) const;
  bool all_in_one_view() const;
  /// Every partition is served by its first target, with all targets in sync and nobody else.
  bool balanced() const;
  std::set<std::size_t> all_up() const;
  /// Views and unfinished rows, for a failure's message.
  std::string describe() const;
  Row row(std::size_t node, std::uint16_t partition) const;
  CopyReport& copy(std::size_t node, std::uint16_t partition);
  void write(std::size_t node, std::uint16_t partition, std::uint64_t count = 1);
  std::size_t done(std::size_t node, const char* action) const;
  /// A frame from one node's connection to another's, as if it had been under way all the time.
  std::vector<std::pair<std::size_t, Buffer>> kept;  // To whom, if `keep` says so.
  std::function<bool(std::size_t from, std::size_t to, const Buffer& frame)> keep;
  void inject(std::size_t from, std::size_t to, const Buffer& frame);
  std::uint64_t views_since(Instant at) const;

  Instant now() const { return now_; }
  std::uint32_t ns() const { return ns_; }
  std::size_t size() const { return nodes_.size(); }

  Faults faults;
  Random random;
  std::vector<std::string> broken;
  std::map<std::string, std::vector<cluster::Endpoint>> names;  // What a resolver answers.
  std::uint64_t epochs() const { return views_.size(); }
  std::map<std::size_t, std::int64_t> skew_ms;
  std::map<std::uint64_t, bool> settings_done;  // id -> everywhere.
  struct Done {
    Instant at;
    cluster::Epoch leader_in;  // The view that the leader is in by then.
  };
  std::map<std::uint64_t, Done> settings_done_when;  // Of those that are everywhere.
  /// What becomes of a node when its disk writes; default: nothing.
  enum class AtWrite : std::uint8_t { Goes, DiesBefore, DiesAfter };
  std::function<AtWrite(std::size_t node)> at_write;
  std::function<void(std::size_t node)> at_view;  // It has installed another view.
  bool answers_moves = true;
  /// A copy that is promoted as complete must have every acknowledged write. Only for faults that
  /// do not let two sides serve at once.
  bool check_acknowledged = false;
  bool trace = std::getenv("SIM_TRACE") != nullptr;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;

 private:
  struct Copies;
  struct Node;
  struct Connection {
    std::size_t a, b;
    cluster::LinkId at_a, at_b;
    Instant last_to_a, last_to_b;
  };
  struct Later {
    Instant at;
    std::uint64_t order;
    std::function<void()> what;
    bool operator>(const Later& o) const { return std::tie(at, order) > std::tie(o.at, o.order); }
  };

  void later(Duration in, std::function<void()> what);
  Duration latency();
  bool reaches(std::size_t from, std::size_t to) const { return !cuts_.contains({from, to}); }
  void step(std::size_t node, const Membership::Event& event);
  void act(std::size_t node, const Membership::Action& action);
  void persist(std::size_t node, Membership::Persist what);
  void write_next(std::size_t node);
  void dial(std::size_t node, const cluster::Endpoint& to);
  void transmit(std::size_t node, cluster::LinkId link, const Buffer& bytes);
  void deliver(std::size_t node, std::uint64_t boot, const Membership::Event& event);
  void hang_up(std::size_t node, cluster::LinkId link);
  void schedule_tick(std::size_t node);
  void work(std::size_t node);
  void work_on(std::size_t node, Key key);
  void install(std::size_t node, Key key, const Row& row);
  std::optional<std::size_t> index_of(const Process& process) const;
  void note_rows(std::size_t node);
  void check_view(std::size_t node);
  void check_in_force(std::size_t node, const Row& given, const Row& row);
  void violate(std::string what);

  Setup setup_;
  std::uint32_t ns_;
  Instant now_{seconds(1)};
  std::priority_queue<Later, std::vector<Later>, std::greater<>> queue_;
  std::uint64_t order_ = 0;
  std::uint64_t events_ = 0;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<cluster::LinkId, std::shared_ptr<Connection>> ends_;  // By the end's id.
  std::uint64_t next_link_ = 1;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
  std::map<cluster::Epoch, std::string> views_;
  std::map<cluster::Epoch, std::uint32_t>
      followers_have_;  // Newest rows that a member but the leader has.
  std::map<Key, cluster::Position> acknowledged_;
  std::map<cluster::Epoch, Instant> view_times_;
  std::map<std::pair<Key, cluster::Term>, Process> primaries_;
};

}  // namespace flotilla::sim
