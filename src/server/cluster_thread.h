#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cluster/membership.h"
#include "copies.h"
#include "fabric.h"
#include "net/link_loop.h"
#include "net/resolver.h"
#include "peer_book.h"
#include "store/file.h"

namespace flotilla::server {

/// The cluster as this node knows it. A snapshot.
struct ClusterState {
  bool is_member = false;
  bool is_leader = false;
  bool settled = false;  // This node reaches all members, and nobody else.
  cluster::Epoch epoch;
  std::uint64_t key = 0;  // 0: in no view.
  cluster::Process leader;
  std::vector<cluster::NodeInfo> members;  // In order of seniority.
  std::vector<cluster::Membership::Peer> links;
  std::vector<std::string> diagnosis;
  std::vector<cluster::Process> duplicates;
  cluster::Membership::Statistics statistics;
  std::uint64_t generation = 0;  // Views that this node has been in.
  Instant since{};               // Of the view.
  PeerBook peers;

  const cluster::NodeInfo* member(const cluster::Uuid& node) const;
  const cluster::NodeInfo* leader_info() const;
};

/// Carries Membership out: owns the loop with the heartbeat connections and the resolver, feeds the
/// machine what happens, and does what it says. Any thread, unless said otherwise.
class ClusterThread final : private net::LinkLoop::Handler {
 public:
  using Membership = cluster::Membership;

  struct Options {
    Membership::Options membership;
    cluster::NodeInfo self;
    Copies::Place place;  // Where Membership's state is kept.
  };
  /// Called on the cluster thread.
  struct Hooks {
    /// An item of the metadata is new; null: it was removed.
    std::function<void(const std::string& module, const std::string& key, const Buffer* value)>
        metadata_changed;
    std::function<void(wire::NodeId)> renamed;
    /// Clients are to wait from then on, unless this is called again; zero: from now on.
    std::function<void(Instant)> answers_until;
    /// The first view is there, with its rows.
    std::function<void()> joined;
    std::function<WallTime()> wall;  // Of this machine.
  };

  /// Unknown: the file of the state is damaged.
  static Result<std::unique_ptr<ClusterThread>> open(Options options, Copies& copies,
                                                     Fabric& fabric, Hooks hooks);
  ~ClusterThread() override;

  void start(std::vector<net::Listener> listeners);
  /// Ends it at once; see leave().
  void stop();

  const cluster::Process& self() const { return options_.self.process; }
  std::shared_ptr<const ClusterState> state() const;
  /// Of the cluster's clock, less this machine's.
  std::int64_t clock_offset_ms() const { return clock_offset_ms_.load(std::memory_order_relaxed); }
  const net::LinkLoop::Counts& counts() const { return loop_.counts(); }
  void set_dial_limit(Duration limit) { dial_limit_ns_.store(limit.count()); }
  /// While muted nothing is sent to others and nothing of theirs is heard.
  void set_muted(bool muted) { muted_.store(muted); }

  void ask(const cluster::RowAsk& ask) { post(Membership::Asked{ask}); }
  void post(Membership::Event event);
  /// Sets (or removes) an item on every member and waits for it, at most two seconds. Timeout: some
  /// may not have it yet. Unavailable: this node is in no view.
  Result<void> set_metadata(const std::string& module, const std::string& key,
                            std::optional<Buffer> value, bool value_is_cutoff);
  /// Pairs of a module, by key.
  std::vector<std::pair<std::string, Buffer>> metadata(const std::string& module);
  /// True: it was a seed or tip.
  bool clear_tip(const cluster::Endpoint& at);
  /// Forgets nodes that went.
  void forget_alumni();

  /// Each waits until it is so, at most that long. False: not in time.
  bool wait_joined(Duration limit);
  bool wait_drained(Duration limit);
  bool wait_left(Duration limit);

 private:
  ClusterThread(Options options, Copies& copies, Fabric& fabric, Hooks hooks,
                Membership::Restored restored);

  // net::LinkLoop::Handler
  void link_up(net::LinkNumber link, const std::optional<net::Target>& dialled,
               const std::string& remote_host) override;
  void link_down(net::LinkNumber link, bool reset) override;
  void dial_failed(const net::Target& to, net::LinkLoop::Refusal refusal) override;
  void frame(net::LinkNumber link, Bytes bytes) override;
  Instant round(Instant now) override;

  void step(const Membership::Event& event);
  void carry_out(Membership::Dial& dial);
  void carry_out(Membership::Send& send);
  void carry_out(Membership::Hangup& hang_up);
  void carry_out(Membership::Resolve& resolve);
  void carry_out(Membership::InstallRows& install);
  void carry_out(Membership::ViewChanged& changed);
  void carry_out(Membership::Orphaned& orphaned);
  void carry_out(Membership::MoveRow& move);
  void carry_out(Membership::Persist& persist);
  void carry_out(Membership::MetadataChanged& changed);
  void carry_out(Membership::MetadataDone& done);
  void carry_out(Membership::Renamed& renamed);
  void carry_out(Membership::Log& line);
  void carry_out(Membership::Drained& drained);
  void carry_out(Membership::Left& left);

  void keep();
  void write(const store::Metadata& metadata) const;
  void resolved(const std::string& name, const std::vector<net::Target>& found);
  void refresh();
  void say_diagnosis(const std::vector<std::string>& diagnosis);
  bool claims_nothing(const cluster::NodeInfo& member) const;
  std::vector<cluster::NodeInfo> shown_peers(const cluster::View& view) const;
  void set_flag(bool& flag);
  bool wait_for(const bool& flag, Duration limit);

  Options options_;
  Copies& copies_;
  Fabric& fabric_;
  Hooks hooks_;
  std::atomic<std::int64_t> clock_offset_ms_{0};
  std::atomic<std::int64_t> dial_limit_ns_{500'000'000};
  std::atomic<bool> muted_{false};

  // On the cluster thread only.
  Membership membership_;
  bool stale_ = true;  // The snapshot is to be made anew.
  Instant refreshed_{};
  Instant fabric_ticked_{};
  bool has_rows_ = false;
  std::uint64_t views_ = 0;
  Instant view_since_{};
  PeerBook peers_;
  std::multimap<std::string, cluster::Endpoint> dials_;  // That wait for a name.
  std::set<std::string> wanted_names_;                   // Of Membership.
  std::vector<std::string> said_;                        // Diagnosis in the log.
  std::uint64_t next_request_ = 1;

  mutable std::mutex mutex_;  // Guards what stands below. Nothing else is locked under it.
  std::condition_variable changed_;
  std::shared_ptr<const ClusterState> state_;
  bool joined_ = false;
  bool drained_ = false;
  bool left_ = false;
  std::map<std::uint64_t, Membership::MetadataDone::Outcome> done_;

  std::mutex kept_mutex_;  // Guards what stands below. Nothing else is locked under it.
  std::condition_variable keep_wake_;
  Membership::Restored kept_;
  std::uint64_t persists_ = 0;
  bool keeper_ends_ = false;
  std::thread keeper_;  // Writes it, so that heartbeats do not wait for the disk.

  net::LinkLoop loop_;
  std::unique_ptr<net::Resolver> resolver_;
};

}  // namespace flotilla::server
