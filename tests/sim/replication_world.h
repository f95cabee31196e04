#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "brittle_log.h"
#include "cluster/history.h"
#include "cluster/replica.h"

namespace flotilla::sim {

using cluster::CopyReport;
using cluster::Epoch;
using cluster::Position;
using cluster::Process;
using cluster::Replica;
using cluster::Row;
using cluster::RowAsk;
using cluster::RowVersion;

/// Several nodes with one partition each, a network that loses, doubles, delays and reorders, and a
/// leader per component that grants rows by the rules of membership. All from one seed.
class ReplicationWorld {
 public:
  static constexpr wire::PartitionId kPartition{0x305};

  struct Options {
    unsigned nodes = 3;
    unsigned rf = 2;
    unsigned keys = 12;
    bool durable = false;  // A crash keeps the records, and what was saved at most a second ago.
    bool brittle = false;  // Bodies are in a log that can be damaged.
    double loss = 0;
    double twice = 0;
    Duration delay_most = std::chrono::milliseconds(2);
    double slow = 0;  // Share of frames that take up to 50 times as long.
    std::size_t ring_most = 64;
    std::size_t answer_bytes = 300;
    std::size_t list_most = 8;
    std::size_t window_most = 1 << 16;
    std::size_t early_most = 1024;
    std::size_t named_most = 0;
    double pace = 24 << 20;  // Of transfers: bytes a second.
    bool in_force = true;    // False: a planted bug.
    bool promises = true;    // False: another.
  };

  struct Write {
    std::uint64_t id = 0;
    unsigned key = 0;
    bool remove = false;
    std::uint64_t node = 0;  // Process boot.
    store::Lsn lsn;
    Position position;
    enum class State { Pending, Acknowledged, InDoubt } state = State::Pending;
  };

  explicit ReplicationWorld(std::uint64_t seed, Options options);
  ~ReplicationWorld();

  // Faults.
  void crash(unsigned node);
  void restart(unsigned node);
  void leave(unsigned node) { nodes_[node].copies->leaving.store(true); }
  void pause(unsigned node, bool paused) { nodes_[node].paused = paused; }
  void cut(unsigned a, unsigned b, bool cut);  // Both ways.
  /// Each part gets a leader of its own; nothing passes between parts.
  void split(const std::vector<std::vector<unsigned>>& components);
  void restore_network() { cuts_.clear(); }
  /// Its log was found damaged: what it saved is not believed.
  void forget_saved(unsigned node) { nodes_[node].saved.clear(); }
  void save(unsigned node) { nodes_[node].saved = nodes_[node].replica->save(); }
  void heal();
  /// The stored copy of a key at a node. False: there is none that could be damaged.
  bool damage(unsigned node, unsigned key);
  /// The same where another copy in sync has just that mutation, and can read it.
  bool damage_one_of_two(unsigned node, unsigned key);
  /// Reads all that a node holds, as a scrub does.
  void read_all(unsigned node);

  // The leader.
  void view(unsigned component);  // Computes a view of who lives there.
  void views();                   // Of every component.
  void move(unsigned to);         // MOVE to this node.
  void set_preference(std::vector<unsigned> order) { preference_ = std::move(order); }
  const Row& row(unsigned component = 0) const { return leaders_[component].row; }
  /// Rows of the view go only to these nodes.
  void hold_rows_from(unsigned node, bool held) { nodes_[node].rows_held = held; }

  // Time.
  void run(Duration time);
  bool settle(Duration most);  // Until all is calm; false: not within that time.

  // Clients.
  std::optional<std::uint64_t> write(unsigned node, unsigned key, bool remove = false);
  void workload(double share_of_deletes);  // A random client does something, anywhere.
  const Write& outcome(std::uint64_t id) const { return writes_.at(id); }
  std::vector<std::uint64_t> value(unsigned node, unsigned key) const;  // Ids appended.
  bool exists(unsigned node, unsigned key) const;
  bool readable(unsigned node, unsigned key) const;

  // What is true.
  Replica& replica(unsigned node) { return *nodes_[node].replica; }
  store::Namespace& records(unsigned node) { return *nodes_[node].records; }
  cluster::CopyStatistics& statistics(unsigned node) { return nodes_[node].context->statistics; }
  const Process& process(unsigned node) const { return nodes_[node].process; }
  bool alive(unsigned node) const { return nodes_[node].alive; }
  std::optional<unsigned> primary() const;
  wire::Digest digest(unsigned key) const { return digests_[key]; }
  /// Those that may be, and not while another node is out of reach, or `all` that the copy allows.
  void forget_tombstones(unsigned node, bool all = false);
  /// The first invariant that does not hold, in words.
  const std::string& broken() const { return broken_; }
  void expect_converged();
  void expect_nothing_lost();
  Random& random() { return random_; }
  Instant now() const { return now_; }
  WallTime wall() const {
    return {1'000'000 +
            static_cast<std::uint64_t>(now_.since_start / std::chrono::milliseconds(1))};
  }
  /// Copies of every frame sent; for corpora and filters. True: the frame is swallowed.
  std::function<bool(unsigned from, unsigned to, Bytes frame)> filter;
  /// What the leader is asked. True: swallowed.
  std::function<bool(const RowAsk&)> ask_filter;

 private:
  struct Node;
  class NodeEffects;
  struct Leader {
    Epoch epoch;
    Row row;
    std::optional<Row> moving;
    std::uint32_t n = 0;
  };
  struct Event {
    Instant at;
    std::uint64_t order;
    std::function<void()> run;
    bool operator>(const Event& other) const {
      return std::tie(at, order) > std::tie(other.at, other.order);
    }
  };
  struct Node {
    unsigned index = 0;
    Process process;
    bool alive = false;
    bool paused = false;
    bool rows_held = false;
    unsigned component = 0;
    Epoch promised;
    std::unique_ptr<cluster::MemoryTermTable> terms;
    std::unique_ptr<store::HybridClock> clock;
    std::unique_ptr<BrittleLog> log;
    std::unique_ptr<store::Namespace> records;
    std::unique_ptr<NodeEffects> effects;
    std::unique_ptr<cluster::CopyNode> copies;
    std::unique_ptr<cluster::CopyContext> context;
    std::unique_ptr<Replica> replica;
    Buffer saved;
    std::vector<std::function<void()>> inbox;  // While paused.
  };

  void at(Duration after, std::function<void()> what);
  void deliver(unsigned to, std::uint64_t boot, std::function<void(Node&)> what);
  void send(unsigned from, const Process& to, Bytes frame);
  void asked(unsigned from, const RowAsk& ask);
  void grant(unsigned component, Row row, bool shrinks);
  void install(unsigned node, const Row& row);
  void publish(unsigned component, const Row& row, bool shrinks);
  Row compute(unsigned component, RowVersion version);
  std::vector<unsigned> members(unsigned component) const;
  void poll_writes();
  void check_step();
  void check_copies();
  void fail(const std::string& what) {
    if (broken_.empty()) broken_ = what;
  }
  Duration delay();
  std::optional<Buffer> body(const Node& node, const store::MemoryRecord& record) const;
  static std::string name(const RowVersion& version);
  std::optional<unsigned> node_of(const Process& process) const;

  Random random_;
  Options options_;
  Instant now_{};
  std::uint64_t order_ = 0;
  std::uint64_t boots_ = 100;
  std::uint64_t epochs_ = 0;
  std::uint64_t ids_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<Node> nodes_;
  std::vector<Leader> leaders_;
  std::set<std::pair<unsigned, unsigned>> cuts_;
  std::vector<unsigned> preference_;
  std::vector<wire::Digest> digests_;
  std::map<std::uint64_t, Write> writes_;
  std::set<std::uint64_t> pending_;
  std::map<Epoch, std::set<Epoch>> ancestors_;  // Of a view: those that its members come from.
  std::map<RowVersion, std::uint64_t> primary_of_term_;
  std::map<RowVersion, std::map<std::uint64_t, Write>> writes_of_term_;  // By seq.
  std::string broken_;
  std::uint64_t steps_ = 0;
};

}  // namespace flotilla::sim
