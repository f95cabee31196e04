#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "cluster/membership.h"
#include "cluster/replica.h"
#include "node_disk.h"

namespace flotilla::sim {

class World;

/// One node as the server wires it: a Membership, and a copy of each partition over a real
/// namespace in memory, with a log behind it or not. All of it goes with a crash, but what is on
/// its disk.
class WorldNode final : public cluster::Effects, public cluster::LocalCopies {
 public:
  WorldNode(World& world, unsigned index, std::uint64_t boot, NodeDisk& disk);
  ~WorldNode() override;

  // Effects.
  Instant now() const override;
  WallTime wall() const override;
  void send(const cluster::Process& to, Bytes frame) override;
  void ask(const cluster::RowAsk& ask) override;
  void acknowledged() override {}
  void want_tick(std::uint32_t, wire::PartitionId partition) override { ticking.insert(partition); }
  void bits_changed(std::uint32_t, wire::PartitionId) override {}
  cluster::Epoch promised() const override { return promised_; }
  // LocalCopies.
  void promise(const cluster::Epoch& epoch) const override {
    promised_ = std::max(promised_, epoch);
  }
  cluster::CopyReport report(std::uint32_t, wire::PartitionId partition) const override {
    return replica(partition).report();
  }

  cluster::Replica& replica(wire::PartitionId id) const { return *replicas[id.raw()]; }
  void step(const cluster::Membership::Event& event);
  void tick_copies();
  /// The states of all copies, if one has changed: on disk once all is that they speak of.
  void save_copies();
  bool answers() const;
  bool serves_something() const;

  World& world;
  const unsigned index;
  const cluster::Process self;
  NodeDisk& disk;
  std::uint64_t persists = 0;
  store::HybridClock clock;
  store::Namespace records;
  cluster::MemoryTermTable terms;  // Without a log.
  cluster::CopyNode copies;
  cluster::CopyContext context;
  std::vector<std::unique_ptr<cluster::Replica>> replicas;
  std::unique_ptr<cluster::Membership> membership;
  std::set<wire::PartitionId> ticking;
  Instant saved;                               // When states last were taken.
  std::map<wire::PartitionId, Buffer> states;  // To be kept, once the log is durable ...
  store::LogMark states_need;                  // ... up to this.
  bool paused = false;
  bool drained = false;
  bool left = false;
  std::vector<std::function<void()>> deferred;  // What came while it was paused.

 private:
  mutable cluster::Epoch promised_;
};

/// A write of a client, and what became of it.
struct ClientWrite {
  enum class State : std::uint8_t { Open, Acknowledged, Failed, InDoubt };

  std::uint64_t id = 0;  // Its value. Zero is a key never written.
  bool removes = false;
  Instant began;
  std::optional<Instant> ended;  // In doubt: it may still come.
  State state = State::Open;
};

/// A read that was answered. `value` is the id of the write that it saw; zero: no record.
struct ClientRead {
  std::uint64_t value = 0;
  Instant began;
  Instant ended;
  unsigned by = 0;  // The node that executed it.
};

/// A whole cluster in one thread, from one seed: networks, clocks, faults, clients, and a checker.
class World {
 public:
  struct Options {
    unsigned nodes = 3;
    std::size_t partitions = 4;
    std::uint32_t replication_factor = 2;
    std::uint64_t keys = 32;
    double drop = 0;  // Share of fabric frames.
    Duration delay_most = std::chrono::milliseconds(2);
    Duration client_every = std::chrono::milliseconds(2);
    std::int64_t skew_ms_most = 0;
    double removes = 0.1;  // Share of the requests that change something.
    double reads = 0;      // Share of all requests.
    bool durable = false;  // A log, and states of copies: a node starts with what it had.
    bool commit_to_device = false;
    unsigned log_files = 1;
    Duration flush_most = std::chrono::milliseconds(500);  // Durable after twice that.
    Duration save_every = std::chrono::seconds(1);         // States of copies.
  };

  World(std::uint64_t seed, const Options& options);
  ~World();

  // Faults.
  void start(unsigned i);
  void crash(unsigned i);
  /// With its host: nobody is told, and what was not synced may be gone.
  void cut_power(unsigned i);
  /// SIGTERM: the node leaves by itself; then it is gone.
  void stop(unsigned i);
  void pause(unsigned i);
  void resume(unsigned i);
  /// Another node takes the place, host and node id of one that is down, with nothing of it.
  void replace(unsigned i);
  void cut(unsigned a, unsigned b);
  void mend();

  void run(Duration time);
  /// Runs until `done`, at most so long.
  bool run_until(const std::function<bool()>& done, Duration most);
  bool is_up(unsigned i) const { return nodes_[i] != nullptr; }
  WorldNode& node(unsigned i) { return *nodes_[i]; }
  unsigned count() const { return static_cast<unsigned>(nodes_.size()); }
  std::vector<unsigned> up() const;
  std::vector<unsigned> ready() const;
  Random& random() { return random_; }
  Instant now() const { return now_; }

  void clients(bool on) { clients_on_ = on; }
  /// Clients use only these nodes for these keys (of a side of a split); empty: all.
  void client_at(unsigned node, std::uint64_t first_key, std::uint64_t keys);

  // What must hold.
  /// Everybody that is up is in one view, all rows have their targets in sync, and bits agree.
  bool settled() const;
  std::string unsettled_why() const;
  std::string leader_says(wire::PartitionId id) const;
  /// All copies that a row names are equal, record for record.
  std::string unequal() const;
  /// What was acknowledged since then may be gone: no copy of it was durable when all ended.
  void doubt(Instant since);
  /// Keys whose last value on its primary cannot be: an acknowledged write is gone.
  std::vector<std::string> lost();
  /// Keys whose reads and acknowledged writes fit no order in which each took effect between its
  /// begin and its end. Values whose write stayed in doubt are left out: in AP, what was read but
  /// never acknowledged may be gone later. Needs writes only: Options::removes 0.
  std::vector<std::string> not_linearizable() const;
  std::uint64_t reads_answered() const { return reads_answered_; }
  std::uint64_t writes_failed() const { return failed_; }
  std::uint64_t writes_in_doubt() const { return in_doubt_; }
  std::uint64_t writes_acknowledged() const { return acknowledged_; }
  std::uint64_t events() const { return events_; }
  std::string last_failure() const { return last_failure_; }

  // For nodes.
  void at(Duration after, std::function<void()> what);
  void to_node(const WorldNode& node, Duration after, std::function<void(WorldNode&)> what);
  void carry_fabric(WorldNode& from, const cluster::Process& to, Bytes frame);
  void carry_out(WorldNode& node, std::vector<cluster::Membership::Action> actions);
  WallTime wall_of(unsigned node) const;
  cluster::NodeInfo info_of(unsigned node, const cluster::Process& process) const;
  const Options& options() const { return options_; }

 private:
  struct Link;
  struct Pending;
  struct Doer;

  bool is_cut(unsigned a, unsigned b) const {
    return cuts_.contains({std::min(a, b), std::max(a, b)});
  }
  Duration delay() {
    return Duration(static_cast<std::int64_t>(
        random_.between(50'000, static_cast<std::uint64_t>(options_.delay_most.count()))));
  }
  void dial(WorldNode& from, const cluster::Endpoint& to);
  void send_link(WorldNode& from, cluster::LinkId link, Buffer bytes);
  void close_link(Link& link, const WorldNode* except, bool reset);
  enum class Parting : std::uint8_t { Closes, Resets, Silent };
  void kill(unsigned i, Parting parting, End how);
  void schedule_membership(unsigned i, std::uint64_t boot);
  void schedule_copies(unsigned i, std::uint64_t boot);
  void schedule_disk(unsigned i, std::uint64_t boot);
  void client_turn();
  void begin_read(std::uint64_t key, unsigned via);
  void try_read(const std::shared_ptr<Pending>& pending, unsigned at);
  void show(Pending& pending, std::uint64_t value, unsigned by);
  void await(WorldNode& node, wire::PartitionId partition, store::Lsn lsn,
             store::LogPosition position, std::function<void(cluster::Replica::Acknowledged)> then);
  std::string not_linearizable(std::uint64_t key) const;
  void try_write(const std::shared_ptr<Pending>& pending, unsigned at);
  void retry(const std::shared_ptr<Pending>& pending);
  void finish(Pending& pending, ClientWrite::State state, const char* why);
  bool step_one(Instant until);
  wire::Digest digest_of(std::uint64_t key) const;
  std::optional<std::pair<unsigned, std::string>> check_rows() const;

  Options options_;
  Random random_;
  Instant now_{std::chrono::seconds(1)};
  std::uint64_t next_order_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> queue_;
  std::vector<std::unique_ptr<WorldNode>> nodes_;
  std::vector<std::unique_ptr<WorldNode>> graveyard_;  // Until the events at hand are over.
  std::vector<cluster::Uuid> uuids_;
  std::vector<std::int64_t> skew_ms_;
  std::vector<std::unique_ptr<NodeDisk>> disks_;
  std::set<unsigned> dark_;  // Hosts without power: they refuse nothing.
  std::uint64_t next_boot_ = 1;
  std::uint64_t next_link_ = 1;
  std::map<cluster::LinkId, std::shared_ptr<Link>> links_;
  std::set<std::pair<unsigned, unsigned>> cuts_;
  bool clients_on_ = false;
  std::uint64_t next_write_ = 1;
  std::map<std::uint64_t, std::vector<std::shared_ptr<ClientWrite>>> writes_;  // By key.
  std::map<std::uint64_t, std::vector<ClientRead>> reads_;
  std::uint64_t reads_answered_ = 0;
  struct Binding {
    unsigned node;
    std::uint64_t first;
    std::uint64_t count;
  };
  std::vector<Binding> bindings_;
  std::uint64_t failed_ = 0;
  std::uint64_t in_doubt_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t events_ = 0;
  std::string last_failure_;
};

/// The id of the write that a record is of; 0: it is removed.
std::uint64_t value_of(const store::MemoryRecord& record);
/// A row with its nodes by the last byte of their UUIDs.
std::string text_of(const cluster::Row& row);

}  // namespace flotilla::sim
