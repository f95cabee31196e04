#pragma once

// Insides of Membership. One object, because its parts share the view and the peers; one file for
// each thing it does:
//
//   membership.cc           step, time, what it tells of itself
//   membership_links.cc     connections, HELLO, frames, relays, seeds and names
//   membership_detector.cc  beats, who is dead, who decides that
//   membership_forming.cc   orphans, JOIN and HOLD, two components, YIELD
//   membership_views.cc     PREPARE, PROMISE, COMMIT
//   membership_compute.cc   a view from promises
//   membership_rows.cc      row changes within a view, MOVE, leaving
//   membership_items.cc     metadata

#include <deque>
#include <limits>
#include <map>
#include <set>

#include "base/mark.h"
#include "cluster/membership.h"
#include "messages.h"
#include "metadata.h"
#include "placement.h"

namespace flotilla::cluster {

class Membership::Core {
 public:
  Core(Options options, NodeInfo self, const LocalCopies& copies, const Restored& restored);

  std::vector<Action> step(Instant now, WallTime wall, const Event& event);

  // What the public face reads.
  Options o;
  NodeInfo self;
  std::optional<View> view;  // Kept for a while after this node was excluded from it.
  bool in_view = false;
  std::uint32_t n = 0;  // Version of view's rows.
  Metadata items;
  Statistics stats;
  std::vector<Endpoint> tips;
  std::set<Process> duplicates;
  Instant next_deadline;
  Instant answers_until() const;

  /// Cluster clock minus this node's wall clock.
  std::int64_t clock_offset_ms() const;
  bool is_leader() const { return in_view && view->leader == self.process; }
  std::vector<Peer> peer_list() const;
  std::vector<std::string> diagnosis() const;

 private:
  // --- Connections (membership_links.cc).
  struct Link {
    std::optional<Endpoint> dialled;
    std::string remote_host;
    Instant since;
    std::optional<Process> process;  // Once it said HELLO.
    Buffer partial;                  // Of a fragmented message.
    std::uint32_t next_fragment = 0;
    std::optional<Instant> retired;  // Another one to the same process took over.
  };
  struct Address {
    bool configured =
        false;  // A seed, tip, or what a name stands for; else only a node's own word.
    bool own = false;
    bool dialling = false;
    bool tried = false;
    Instant next_dial;
    Duration backoff{0};
    std::string why;
    std::optional<Process> process;
  };
  struct Name {
    std::vector<std::uint16_t> ports;
    bool answered = false;
    bool asked = false;
    Instant next;
    std::set<Endpoint> found;
  };
  /// Another process.
  struct Known {
    NodeInfo info;
    std::optional<LinkId> link;
    Instant heard;                  // When it was last sure to hear and be heard.
    Instant heard_direct;           // The same, by the connection itself.
    std::uint64_t direct_sent = 0;  // Of its last beat that came by the connection.
    Instant beat_at;                // Its last beat came.
    message::Beat beat;             // Its last beat.
    Instant first_seen;
    std::optional<Process> via;  // A node that can pass messages on to it.
    Instant via_at;
    Instant probed_at;
    bool in_contact = false;  // Beats go to it in every round.
    std::int64_t skew_ms = 0;
    Instant items_differ_since;
    // Death.
    bool link_lost = false;  // All connections had ended, last then.
    Instant link_lost_at;
    bool unreachable = false;  // And found no way back.
    std::set<Process> found_gone_by;
    bool proven = false;
    bool said_left = false;
    bool moved_on = false;  // A member that follows another leader now.
    unsigned false_deaths = 0;
    Instant false_death_at;
    bool thrown_out = false;

    /// No connection to it is left, and nothing says yet whether it is dead.
    bool is_looked_for() const { return link_lost && !link; }
  };

  void on(const LinkUp& event);
  void on(const LinkDown& event);
  void on(const DialFailed& event);
  void on(const Frame& event);
  void on(const Resolved& event);
  void on(const Tip& event);
  void on(const TipClear& event);
  void on(const Tick&) {}
  void dial_and_resolve();
  bool is_mute(LinkId id, const Link& link) const;
  void want_address(const Endpoint& at, bool configured);
  void want_seed(const Endpoint& at);
  bool wanted(const Address& address, const Endpoint& at) const;
  void dial(const Endpoint& at, Address& address);
  void address_failed(const Endpoint& at, std::string why, Duration wait);
  void drop_link(LinkId id, bool hang_up);
  void say_hello(LinkId id);
  void on_hello(LinkId id, const message::Hello& hello);
  bool acceptable(LinkId id, const message::Hello& hello);
  void settle_twin_links(LinkId id, Known& known);
  void on_fragment(LinkId id, const message::Fragment& fragment);
  void on_bytes(LinkId id, Bytes bytes);
  void bad_frame(LinkId id);
  void relay(const Header& header, Bytes bytes);
  void send_bytes(LinkId id, Buffer bytes);
  bool deliver(const Process& to, Buffer bytes);
  template <class M>
  bool send(const Process& to, const M& message) {
    return deliver(to, encode_message(self.process, to, message));
  }
  template <class M>
  void send_through(const Process& helper, const Process& to, const M& message);
  Known& know(const NodeInfo& info);
  Known* find(const Process& process);
  const Known* find(const Process& process) const;
  void forget_strangers();
  void persist_tips();
  void persist(std::string key, Buffer value);

  // --- Beats (membership_detector.cc).
  void beat_round();
  message::Beat beat_to(const Known& known, bool answer_me, bool direct) const;
  bool doubtful(const Known& known) const;
  std::vector<Process> contacts();
  void on_message(const Process& from, const message::Beat& beat);
  void on_message(const Process& from, const message::Gone& gone);
  Duration dead_after() const { return o.interval * o.timeout; }
  bool silent(const Known& known) const;
  bool dead(const Process& process) const;
  void heard_from(Known& known);
  void detect();
  void probe(const Process& target, Known& known);
  void find_unreachable(const Process& process, Known& known);
  void weigh_findings(const Process& process, Known& known);
  void note_pause();
  bool nothing_was_missed() const;

  // --- Forming (membership_forming.cc).
  void orphan_tick();
  bool seeds_are_settled() const;
  bool nobody_to_look_for() const;
  std::vector<Process> orphans_in_sight() const;
  const Known* view_in_sight() const;
  void on_message(const Process& from, const message::Join& join);
  void on_message(const Process& from, const message::Hold& hold);
  void on_message(const Process& from, const message::Rumour& rumour);
  void on_message(const Process& from, const message::Yield& yield);
  bool may_join(const message::Join& join);
  Known& heard_of(const Process& leader, const Process& by);
  bool is_larger(const Epoch& epoch, std::size_t size) const;
  bool most_went_elsewhere() const;
  void other_component(const Process& leader, const Epoch& epoch, std::uint32_t size);
  void member_left_for(const Process& member, const message::Beat& beat);
  bool goes_on_before(const Process& from, const message::Yield& yield) const;
  void become_orphan(const char* why);

  // --- Views (membership_views.cc).
  struct Joiner {
    NodeInfo node;
    bool has_data = false;
    bool yielded = false;  // Of a component that gave itself up.
    Instant since;
  };
  struct Proposal {
    Epoch epoch;
    std::vector<Process> asked;
    std::map<Process, message::Promise> promises;
    std::set<Process> lost;
    std::vector<Epoch> yielded;
    Instant started;
    Instant ends;
    bool full = false;
    bool takes_over = false;  // The proposer does not lead its base.
  };
  enum class Hurry : std::uint8_t { Now, Quiet };
  void want_view(Hurry hurry, std::string reason);
  void view_tick();
  void candidate_tick();
  bool forsaken() const;
  void propose(bool takes_over);
  void ask_for_promises();
  message::Prepare prepare_message() const;
  void on_message(const Process& from, const message::Prepare& prepare);
  bool follows(const Process& from, const message::Prepare& prepare) const;
  bool takes_word_of(const Process& from, const message::Prepare& prepare);
  message::Promise promise_for(const message::Prepare& prepare) const;
  void report_copies(const message::Prepare& prepare, bool full, message::Promise& out) const;
  void on_message(const Process& from, const message::Promise& promise);
  void on_message(const Process& from, const message::Refuse& refuse);
  bool one_asked_has_died() const;
  void proposal_tick();
  void decide();
  Duration prepare_time() const;
  Duration take_over_time() const;
  void took_too_long();
  void give_up_proposal();
  void on_message(const Process& from, const message::Commit& commit);
  bool assemble(const message::Commit& commit, View& out) const;
  void install(View next, std::uint32_t next_n, const std::vector<Epoch>& past);
  bool is_elsewhere(const Process& member) const;
  bool is_lost_to_us(const Process& member) const;
  bool left_behind() const;
  void excluded_by(View next, std::uint32_t next_n, const std::vector<Epoch>& past);
  void give_rows(const View* before);
  void after_install();
  message::Commit commit_for(const Process& member) const;
  void send_view(const Process& member);
  void on_message(const Process& from, const message::Installed& installed);
  void on_message(const Process& from, const message::Pull& pull);
  void resend_tick();
  bool in_lineage(const Epoch& epoch) const;
  void remember_lineage(const Epoch& epoch);
  void persist_view();
  Epoch fresh_epoch() const { return {epoch_number_ + 1, self.process.boot}; }
  void saw_epoch(const Epoch& epoch) { epoch_number_ = std::max(epoch_number_, epoch.number); }

  // --- Computation (membership_compute.cc).
  View compute(std::uint32_t& next_n);
  std::vector<NodeInfo> next_members() const;
  void next_away(View& next) const;
  void compute_rows(NamespaceRows& rows, View& next, std::uint32_t& next_n);
  std::map<std::string, std::uint32_t> agreed_factors(const View& next) const;
  std::vector<bool> data_of(const Process& process, const std::string& ns) const;
  std::vector<Targets> targets_for(const NamespaceRows& rows, const View& next) const;
  bool waiting_is_over() const;
  void merge_promised_items();
  std::map<Process, std::size_t> components() const;

  // --- Rows (membership_rows.cc).
  struct Moving {
    Row row;           // The newest that was issued.
    RowVersion under;  // The row that it is to replace.
    Instant at;
  };
  using PartitionKey = std::pair<std::uint32_t, std::uint16_t>;
  void on(const Asked& event);
  void on(const Quiesce& event);
  void on(const Leave& event);
  void on(const Part& event);
  void on(const Describe& event);
  void on(const Recluster& event);
  void on_message(const Process& from, const message::Ask& ask);
  void carry_ask(const RowAsk& ask);
  void repeat_moved();
  void on_message(const Process& from, const message::Rows& rows);
  void on_message(const Process& from, const message::Move& move);
  void on_message(const Process& from, const message::Describe& describe);
  void on_message(const Process& from, const message::Left& left);
  void on_message(const Process& from, const message::Recluster& recluster);
  Row* row_of(std::uint32_t ns, wire::PartitionId partition);
  /// Between PREPARE and COMMIT, and after YIELD or a promise to another, nothing is granted: the
  /// view would be computed from rows that are not the newest.
  bool may_grant() const {
    return is_leader() && !proposal_ && !yielded_until_ && promised_ == view->epoch;
  }
  void grant(const Process& from, const RowAsk& ask);
  void change_row(std::uint32_t ns, wire::PartitionId partition, Row row, bool urgent);
  bool must_hold(const Row& given, const Row& row) const;
  void give(std::vector<std::tuple<std::uint32_t, wire::PartitionId, Row>> rows);
  void flush_rows();
  void release_held();
  void look_at_all_rows();
  void issue_moves();
  std::optional<Process> mover_target(const Row& row) const;
  message::Rows rows_since(std::uint32_t from) const;
  bool trim(std::uint32_t ns, wire::PartitionId partition, const Row& row);
  bool is_settled(const PartitionKey& key, std::optional<Process>& to);
  const NodeInfo* member_of(const Uuid& node) const;
  void leave_tick();
  void describe_self();
  std::pair<std::size_t, std::size_t> own_duties() const;
  bool all_leave() const;

  // --- Metadata (membership_items.cc).
  struct Setting {
    message::SetItem what;
    Process origin;
    std::set<Process> missing;
    std::uint64_t cutoff = 0;
    bool asking_clocks = false;
    Instant started;
    Instant resend;
    std::uint64_t id = 0;
    std::uint64_t persists = 0;  // That hold the item here.
  };
  /// Items of the leader that are to be durable before it hears that they are stored.
  struct Stored {
    Process leader;
    std::uint64_t id = 0;
    std::uint64_t persists = 0;
  };
  struct Finished {
    Process origin;
    std::uint64_t id = 0;
    bool everywhere = false;
  };
  struct OwnSetting {
    message::SetItem what;
    Instant started;
    Instant resend;
  };
  void on(const SetMetadata& event);
  void on(const Persisted& event) { persisted_ = std::max(persisted_, event.count); }
  void on_message(const Process& from, const message::SetItem& set);
  void on_message(const Process& from, const message::Items& list);
  void on_message(const Process& from, const message::ItemsStored& stored);
  void on_message(const Process& from, const message::ItemDone& done);
  void on_message(const Process& from, const message::ClockAsk& ask);
  void on_message(const Process& from, const message::ClockAnswer& answer);
  void on_message(const Process&, const message::Hello&) {}
  void on_message(const Process&, const message::Fragment&) {}
  void items_tick();
  bool promised_away() const;
  void start_setting();
  void spread_setting();
  void ask_missing();
  void compare_items(const Process& member, Known& known);
  void finish_setting(bool everywhere);
  void take_items(const std::vector<Item>& list);
  std::uint64_t cluster_ms() const;
  std::uint64_t stamp_ms() const;
  void note_cluster_time();

  void dispatch(const Process& from, const Message& message);
  void tick();
  Instant deadline();
  bool nothing_is_due() const;
  Instant next_call() const;
  void act(Action action) { out_->push_back(std::move(action)); }
  void log(bool warning, std::string text) { act(Log{warning, std::move(text)}); }
  std::string name(const Process& process) const;

  const LocalCopies& copies_;
  Random random_;
  Instant now_;
  WallTime wall_;
  bool started_ = false;
  bool rests_ = false;  // The last deadline was that of a node that nothing is due for.
  std::optional<Process> arrived_by_;  // Who passed on the message that is being handled.
  std::vector<Action>* out_ = nullptr;

  std::map<LinkId, Link> links_;
  std::map<Endpoint, Address> addresses_;
  std::map<std::string, Name> names_;
  std::map<Process, Known> known_;

  Instant next_beat_;
  Instant no_accusing_until_;
  Instant paused_until_;
  Instant next_rumour_;
  bool holding_clients_ = false;
  std::uint32_t late_ms_ = 0;

  Instant orphan_since_;
  Instant last_orphan_seen_;
  Instant next_join_;
  Duration join_backoff_{0};
  std::set<Process> seen_orphans_;
  std::string held_why_;
  std::map<Process, unsigned> twin_joins_;
  std::optional<Instant> yielded_until_;
  struct Yielded {
    Process to;
    std::pair<std::size_t, Epoch> as;  // Living members and view, as told in YIELD.
  } yielded_;                          // To another component, last.
  Instant next_yield_;

  std::uint64_t epoch_number_ = 0;  // The highest seen.
  Epoch promised_;
  Process promised_to_;
  std::optional<Proposal> proposal_;
  Instant no_proposal_until_;
  int slow_ = 0;  // How often in a row a view was too slow to come about; since slow_at_.
  Instant slow_at_;
  std::optional<Instant> view_due_;
  std::optional<Instant> view_first_wanted_;
  std::string view_reason_;
  Instant last_view_at_;
  std::optional<Instant> candidate_since_;
  std::map<Process, Joiner> joiners_;
  std::set<Process> heard_;  // Whose promises made the view.
  std::vector<NodeInfo>
      base_members_;                // Of view's base, if this node led that as well or followed.
  std::set<Epoch> yielded_epochs_;  // Given to this leader, not yet in a view.
  std::vector<Epoch> lineage_;      // Of the view, newest last.
  struct Told {
    Epoch epoch;  // What the member is known to have installed,
    std::uint32_t n = 0;
    std::uint32_t sent = 0;  // ROWS are under way up to here; n at least.
    Instant next;            // Then what is not known to have come is sent again.
    Duration backoff{0};

    /// The member says so. False: nothing new.
    bool has(const Epoch& installed, std::uint32_t up_to);
  };
  std::map<Process, Told> told_;  // The leader's knowledge of members.
  std::optional<Instant> excluded_since_;
  Instant next_pull_;
  bool view_changed_since_persist_ = false;
  Instant next_persist_;
  std::vector<Away> restored_away_;
  std::set<Process> restored_members_;
  std::optional<Instant> waiting_since_;
  Instant next_prepare_;

  /// Rows that the copies have not been given, as they are not in force before another member has
  /// them; with the rows that the copies have meanwhile.
  std::map<PartitionKey, Row> held_;
  std::map<PartitionKey, Moving> moving_;
  std::deque<std::pair<Process, RowAsk>> asks_;  // That came while nothing is granted.
  std::map<PartitionKey, RowAsk> moved_;         // To this process; until the leader has said so.
  Instant next_moved_;
  std::optional<Instant> rows_due_;
  Instant rows_flushed_;
  Instant moved_at_;  // A partition's primary, last.
  Instant next_moves_;
  std::set<PartitionKey> unsettled_;  // The leader's: rows that may be to move or to trim.
  bool part_ = false;
  std::set<Process> parting_;  // The leader's: members that clients are done with.
  std::map<Process, Instant> leaving_since_;
  bool drained_ = false;
  bool left_ = false;
  Instant leave_asked_;
  Instant next_describe_;
  Instant next_duties_;

  HybridClock clock_;
  std::deque<Setting> settings_;
  std::int64_t stamps_ahead_ = std::numeric_limits<std::int64_t>::min() / 2;  // Of now_, in ms.
  std::deque<Finished> finished_;  // The last of them, oldest first.
  std::map<std::uint64_t, OwnSetting> own_settings_;
  std::uint64_t next_setting_ = 1;
  std::uint64_t persists_ = 0;   // So many have been asked for,
  std::uint64_t persisted_ = 0;  // and so many are durable.
  std::optional<Stored> stored_;
};

}  // namespace flotilla::cluster
