#include "copies.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <random>

#include "base/log.h"
#include "base/parse.h"
#include "cluster/ownership.h"
#include "net/reactor.h"
#include "store/metadata.h"

namespace flotilla::server {
namespace {

using cluster::Process;
using cluster::Replica;
using cluster::Row;
using wire::PartitionId;

constexpr Duration kTickEvery = std::chrono::milliseconds(20);
constexpr int kTickRest = 4;  // Times what the last tick took.
constexpr Duration kSaveEvery = std::chrono::seconds(1);
constexpr Duration kLookForTransfersEvery = std::chrono::seconds(1);
constexpr Duration kLookAtLogsEvery = std::chrono::milliseconds(50);
constexpr Duration kLastFlush = std::chrono::seconds(10);
constexpr Duration kShowAgainAfter = std::chrono::milliseconds(500);
// A transfer has one frame under way at a time and ends with a question to the leader, so many
// small ones are needed for the work of one that streams.
constexpr unsigned kTransfersPerUnit = 64;
constexpr Duration kProbeEvery = std::chrono::milliseconds(4);
constexpr Duration kAdjustEvery = std::chrono::milliseconds(20);
constexpr std::size_t kFrameHeader = 7;  // | kind u8 | namespace u32 | partition u16 |

cluster::CopyOptions options_of(const config::NamespaceConfig& config) {
  return {.replication_factor = config.replication_factor(),
          .conflict = config.conflict_resolution_policy() == config::ConflictPolicy::Generation
                          ? cluster::CopyOptions::Conflict::Generation
                          : cluster::CopyOptions::Conflict::LastUpdate,
          .durable = config.keeps_data()};
}

/// As tools compare versions: a key that names the term, a family, and flags.
std::string version_text(const Row& row, const Process& self, char state) {
  if (state == 'A' || row.term == cluster::Term{}) return "0.0.0";
  const std::uint64_t key = XXH64(&row.term, sizeof row.term, 0) & 0xFFFF'FFFF'FFFFULL;
  return fmt::format("{:012x}.0.{}{}-", key, row.primary == self ? 'm' : '-',
                     state == 'S' ? 'p' : 's');
}

}  // namespace

struct Copies::NamespaceCopies {
  NamespaceCopies(cluster::CopyNode& node, exec::Namespace& ns_, cluster::CopyOptions options)
      : ns(ns_),
        context{.node = node,
                .records = ns_.records,
                .tag = cluster::namespace_tag(ns_.name()),
                .options = options} {
    for (std::uint16_t id = 0; id < wire::kPartitions; ++id)
      replicas.push_back(std::make_unique<Replica>(context, PartitionId(id)));
  }

  store::Partition& partition(PartitionId id) const { return ns.records.partition(id); }

  /// What others ask of a partition without its lock.
  struct Cell {
    std::atomic<Role> role{Role::None};
    std::atomic<bool> waiting{false};
    std::atomic<std::uint8_t> sends{0};  // Copies to be brought in sync, or the lead to hand over.
    std::atomic<bool> sends_lead{false};
    std::atomic<bool> receives{false};
    std::atomic<std::uint8_t> targets{0};
  };

  exec::Namespace& ns;
  cluster::CopyContext context;
  std::vector<std::unique_ptr<Replica>> replicas;  // By partition.
  std::array<Cell, wire::kPartitions> cells;
  using Marks = std::array<std::atomic<std::uint64_t>, wire::kPartitions / 64>;
  Marks ticking{};
  std::array<Marks, 3> queued{};  // By Slot: those that wait for a transfer to end, or their turn.
  mutable std::mutex map_mutex;   // Guards columns. Nothing else is locked under it.
  std::vector<std::bitset<wire::kPartitions>> columns;
};

Copies::Copies(const Process& self, cluster::TermTable& terms, exec::Node& node,
               const config::Config& config, Outlets outlets)
    : self_(self),
      node_(node),
      outlets_(std::move(outlets)),
      copy_node_{.effects = *this, .terms = terms, .self = self} {
  for (const auto& ns : node.namespaces)
    namespaces_.push_back(std::make_unique<NamespaceCopies>(
        copy_node_, *ns, options_of(*config.find_namespace(ns->name()))));
  retune(config);
}

Copies::~Copies() {
  stop();
  for (const auto& ns : namespaces_) ns->ns.records.damaged().set_wake(nullptr);
}

void Copies::retune(const config::Config& config) {
  copy_node_.budget.in_most = kTransfersPerUnit * config.service.migrate_max_num_incoming();
  copy_node_.budget.out_most = kTransfersPerUnit * config.service.migrate_threads();
}

Copies::NamespaceCopies* Copies::find(std::uint32_t tag) const {
  for (const auto& ns : namespaces_)
    if (ns->context.tag == tag) return ns.get();
  return nullptr;
}

Copies::NamespaceCopies* Copies::find(std::string_view name) const {
  for (const auto& ns : namespaces_)
    if (ns->ns.name() == name) return ns.get();
  return nullptr;
}

Result<void> Copies::load(Place place, const std::set<std::string>& whole) {
  place_ = std::move(place);
  for (const auto& ns : namespaces_) {
    if (!ns->context.options.durable) continue;
    for (std::uint16_t id = 0; id < wire::kPartitions; ++id)
      copy_node_.terms.reserve(ns->partition(PartitionId(id)).last_lsn.term());
  }
  if (place_.folder == nullptr) return {};
  const auto states = store::load_metadata(*place_.folder, place_.file);
  if (!states) return tl::unexpected(states.error());
  std::set<std::string> unbelieved;
  for (const auto& [key, state] : *states) {
    const auto parts = split(key, '\0');
    const auto id = parts.size() == 2 ? parse_u64(parts[1]) : std::nullopt;
    NamespaceCopies* const ns = parts.empty() ? nullptr : find(parts[0]);
    // A namespace that keeps no records has nothing that a state would be true of.
    if (ns == nullptr || !id || *id >= wire::kPartitions || !ns->context.options.durable) continue;
    if (!whole.contains(ns->ns.name())) {
      unbelieved.insert(ns->ns.name());
      continue;
    }
    const PartitionId partition(static_cast<std::uint16_t>(*id));
    const std::scoped_lock lock(ns->partition(partition).write);
    if (!ns->replicas[*id]->load(as_bytes(state)))
      log_warning("partition", "{{{}}} {}: its state is damaged; the copy is filled anew",
                  ns->ns.name(), *id);
  }
  for (const std::string& name : unbelieved)
    log_warning("partition", "{{{}}} records are lost: its copies are compared as if never filled",
                name);
  return {};
}

void Copies::start() {
  for (const auto& ns : namespaces_)
    ns->ns.records.damaged().set_wake([this] {
      if (!damaged_.exchange(true)) wake_.notify_all();
    });
  damaged_.store(true);
  thread_ = std::thread([this] { run(); });
  if (place_.folder != nullptr) keeper_ = std::thread([this] { keep(); });
}

void Copies::stop() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  keeper_wake_.notify_all();
  thread_.join();
  if (keeper_.joinable()) keeper_.join();
  outlets_.sync_terms();
  if (place_.folder == nullptr || (!take_states() && states_.empty())) return;
  outlets_.flush();
  const Instant until = now() + kLastFlush;
  while (!states_need_.is_durable() && now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (states_need_.is_durable())
    write_states();
  else
    log_warning("partition", "the records are not on disk: states of the copies are not kept");
}

void Copies::run() {
  Instant tick_at = now();
  bool more = false;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    if (damaged_.exchange(false)) take_damaged();
    if (slot_free_.exchange(false)) tick_queued();
    const Instant follow_at = follow_clients(now());
    const bool paced = pace_wanted_.load() && !tick_paced();
    if (more ? now() >= tick_at : tick_wanted_.load()) {
      const Instant began = now();
      const bool had_more = std::exchange(more, tick_all());
      // Where processors are short, ticks leave most of them to requests and to heartbeats.
      tick_at = now() + std::max(kTickEvery, kTickRest * (now() - began));
      // Answers to what a tick sent again come back on another reactor than the one that waits, the
      // last ones after the last tick that had work.
      if (more || had_more) outlets_.nudge();
    }
    if (show_again_.load()) show_again();
    lock.lock();
    const auto wanted = [&] {
      return stopping_ || damaged_.load() || slot_free_.load() || (!more && tick_wanted_.load()) ||
             (!paced && pace_wanted_.load());
    };
    Instant until = follow_at;
    if (more) until = std::min(until, tick_at);
    if (paced) until = std::min(until, copy_node_.pace.allows_at(now()));
    Duration pause = std::max(until - now(), Duration(0));
    if (show_again_.load()) pause = std::min(pause, kShowAgainAfter);
    wake_.wait_for(lock, pause, wanted);
  }
}

/// Waits for the disk, so that the other thread, and with it every hand-over, need not.
void Copies::keep() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    outlets_.sync_terms();
    keep_states();
    lock.lock();
    const Duration pause = states_.empty() ? kSaveEvery : kLookAtLogsEvery;
    keeper_wake_.wait_for(lock, pause, [this] { return stopping_; });
  }
}

/// Has other copies asked for records that cannot be read here.
void Copies::take_damaged() {
  for (const auto& ns : namespaces_)
    for (const store::RecordWanted& copy : ns->ns.records.damaged().take_new()) {
      const PartitionId id = copy.digest.partition();
      const std::scoped_lock lock(ns->partition(id).write);
      ns->replicas[id.raw()]->repair(copy);
    }
}

/// True: some want more.
bool Copies::tick_all() {
  tick_wanted_.store(false);
  bool more = false;
  for (const auto& ns : namespaces_) {
    for (std::size_t word = 0; word < ns->ticking.size(); ++word) {
      std::uint64_t bits = ns->ticking[word].exchange(0);
      for (; bits != 0; bits &= bits - 1) {
        const auto id =
            static_cast<std::uint16_t>(word * 64 + static_cast<unsigned>(std::countr_zero(bits)));
        Replica& replica = *ns->replicas[id];
        const std::scoped_lock lock(ns->partition(PartitionId(id)).write);
        replica.tick();
        if (!replica.wants_tick()) continue;
        ns->ticking[word].fetch_or(bits & -bits);
        more = true;
      }
    }
  }
  return more;
}

void Copies::want_tick(std::uint32_t tag, PartitionId partition) {
  NamespaceCopies* const ns = find(tag);
  const std::uint64_t bit = 1ULL << (partition.raw() % 64);
  if ((ns->ticking[partition.raw() / 64].fetch_or(bit) & bit) != 0) return;
  if (!tick_wanted_.exchange(true)) wake_.notify_all();
}

/// Transfers have ended: the turn of as many that wait for one. Who still finds none says so again.
void Copies::tick_queued() {
  slot_wanted_.store(false);
  const cluster::TransferBudget& budget = copy_node_.budget;
  const auto serve = [this](Slot slot, const auto& used, const auto& most) {
    for (std::uint32_t turns = most.load(); turns > 0 && used() < most.load(); --turns)
      if (!tick_next_queued(slot)) return;
    slot_wanted_.store(true);
  };
  serve(Slot::In, [&] { return budget.in(); }, budget.in_most);
  serve(Slot::Out, [&] { return budget.out(); }, budget.out_most);
}

/// Answers that wait for their turn, as many as the pace allows. True: these were all.
bool Copies::tick_paced() {
  while (copy_node_.pace.allows(now())) {
    pace_wanted_.store(false);
    if (!tick_next_queued(Slot::Pace)) return true;
    pace_wanted_.store(true);
  }
  return false;
}

/// When to call it again, while copies are filled from here.
Instant Copies::follow_clients(Instant now) {
  cluster::TransferPace& pace = copy_node_.pace;
  if (copy_node_.budget.out() == 0) {
    pace.reset();
    return now + kLookForTransfersEvery;
  }
  if (now >= adjust_at_) {
    const std::uint64_t before = std::exchange(requests_, outlets_.requests());
    if (const auto wait = probe_.take(now)) pace.adjust(now, *wait, requests_ != before);
    adjust_at_ = now + kAdjustEvery;
  }
  if (now >= probe_at_) {
    probe_.send(now);
    probe_at_ = now + kProbeEvery;
  }
  return std::min(adjust_at_, probe_at_);
}

/// False: nobody waits.
bool Copies::tick_next_queued(Slot slot) {
  for (const auto& ns : namespaces_) {
    auto& marks = ns->queued[static_cast<std::size_t>(slot)];
    for (std::size_t word = 0; word < marks.size(); ++word) {
      const std::uint64_t bits = marks[word].load();
      if (bits == 0) continue;
      marks[word].fetch_and(~(bits & -bits));
      const auto id =
          static_cast<std::uint16_t>(word * 64 + static_cast<unsigned>(std::countr_zero(bits)));
      const std::scoped_lock lock(ns->partition(PartitionId(id)).write);
      ns->replicas[id]->tick();
      return true;
    }
  }
  return false;
}

void Copies::want_slot(std::uint32_t tag, PartitionId partition, Slot slot) {
  find(tag)->queued[static_cast<std::size_t>(slot)][partition.raw() / 64].fetch_or(
      1ULL << (partition.raw() % 64));
  if (slot != Slot::Pace)
    slot_wanted_.store(true);
  else if (!pace_wanted_.exchange(true))
    wake_.notify_all();
}

void Copies::slot_freed() {
  if (slot_wanted_.load() && !slot_free_.exchange(true)) wake_.notify_all();
}

/// All states together: they are small, and a file that is replaced whole needs no repair.
void Copies::keep_states() {
  if (place_.folder == nullptr) return;
  if (!states_.empty() && states_need_.is_durable()) write_states();
  if (states_.empty() && now() - states_taken_ >= kSaveEvery) take_states();
}

/// False: nothing has changed.
bool Copies::take_states() {
  states_taken_ = now();
  const bool changed = std::ranges::any_of(namespaces_, [](const auto& ns) {
    return ns->context.options.durable &&
           std::ranges::any_of(ns->replicas, [](const auto& copy) { return copy->unsaved(); });
  });
  if (!changed) return false;
  states_.clear();
  states_need_ = {};
  for (const auto& ns : namespaces_) {
    if (!ns->context.options.durable) continue;
    for (std::uint16_t id = 0; id < wire::kPartitions; ++id) {
      const std::scoped_lock lock(ns->partition(PartitionId(id)).write);
      states_.emplace(ns->ns.name() + '\0' + std::to_string(id), as_text(ns->replicas[id]->save()));
    }
    states_need_.add(*ns->ns.records.log());
  }
  return true;
}

void Copies::write_states() {
  if (auto ok = store::save_metadata(*place_.folder, place_.file, states_); !ok)
    log_warning("partition", "the states of the copies cannot be kept: {}", ok.error().why);
  states_.clear();
}

/// A client looks at one node after the other. If it met the new owner of a partition first and the
/// old one before that had let go, it believes the old one, and learns better only from a node
/// whose number has changed.
void Copies::show_again() {
  const Instant shown{Duration(shown_at_ns_.load())};
  if (now() - shown >= kShowAgainAfter && show_again_.exchange(false)) generation_.fetch_add(1);
}

void Copies::begin_changes() { changing_.fetch_add(1); }

/// The generation rises after the maps show what has changed, and once for many changes together.
void Copies::end_changes() {
  if (changing_.fetch_sub(1) != 1 || !changed_.exchange(false)) return;
  shown_at_ns_.store(now().since_start.count());
  show_again_.store(true);
  if (generation_.load() >= 0) {
    generation_.fetch_add(1);
    return;
  }
  // A client that knows an earlier life of this node must not find the number that it has.
  std::random_device device;
  generation_.store(static_cast<std::int64_t>(device() % 1'000'000 + 1));
}

void Copies::install(const Rows& rows) {
  std::vector<cluster::Term> terms;
  for (const auto& [tag, partition, row] : rows)
    if (terms.empty() || terms.back() != row.term) terms.push_back(row.term);
  outlets_.prepare(terms);
  begin_changes();
  orphaned_.store(false);
  for (const auto& [tag, partition, row] : rows) {
    NamespaceCopies* const ns = find(tag);
    if (ns == nullptr || partition.raw() >= wire::kPartitions) continue;
    const std::scoped_lock lock(ns->partition(partition).write);
    ns->replicas[partition.raw()]->install(row);
    show(*ns, partition);
  }
  if (generation_.load() < 0) changed_.store(true);
  end_changes();
}

void Copies::move(std::uint32_t tag, PartitionId partition, const Row& row) {
  NamespaceCopies* const ns = find(tag);
  if (ns == nullptr || partition.raw() >= wire::kPartitions) return;
  const std::scoped_lock lock(ns->partition(partition).write);
  ns->replicas[partition.raw()]->move(row);
}

void Copies::orphan() {
  begin_changes();
  orphaned_.store(true);
  for (const auto& ns : namespaces_) {
    for (std::uint16_t id = 0; id < wire::kPartitions; ++id) {
      const std::scoped_lock lock(ns->partition(PartitionId(id)).write);
      ns->replicas[id]->orphan();
      show(*ns, PartitionId(id));
    }
  }
  end_changes();
}

void Copies::set_away(const std::vector<cluster::Away>& away) {
  for (const auto& ns : namespaces_) {
    std::bitset<wire::kPartitions> held;
    for (const cluster::Away& holder : away)
      for (const auto& [tag, partition] : holder.partitions)
        if (tag == ns->context.tag && partition.raw() < wire::kPartitions)
          held.set(partition.raw());
    for (std::uint16_t id = 0; id < wire::kPartitions; ++id) {
      const std::scoped_lock lock(ns->partition(PartitionId(id)).write);
      ns->replicas[id]->set_holders_away(held.test(id));
    }
  }
}

void Copies::receive(const Process& from, Bytes frame) {
  if (frame.size() < kFrameHeader) return;
  NamespaceCopies* const ns = find(load_le<std::uint32_t>(frame.data() + 1));
  const auto id = load_le<std::uint16_t>(frame.data() + 5);
  if (ns == nullptr || id >= wire::kPartitions) return;
  const std::scoped_lock lock(ns->partition(PartitionId(id)).write);
  ns->replicas[id]->receive(from, frame);
}

void Copies::promise(const cluster::Epoch& epoch) const {
  const std::scoped_lock lock(promise_mutex_);
  promised_ = std::max(promised_, epoch);
}

cluster::Epoch Copies::promised() const {
  const std::scoped_lock lock(promise_mutex_);
  return promised_;
}

Instant Copies::now() const { return net::Reactor::now(); }

cluster::CopyReport Copies::report(std::uint32_t tag, PartitionId partition) const {
  const NamespaceCopies* const ns = find(tag);
  if (ns == nullptr || partition.raw() >= wire::kPartitions) return {};
  const std::scoped_lock lock(ns->partition(partition).write);
  return ns->replicas[partition.raw()]->report();
}

std::uint64_t Copies::last_update_ms() const { return node_.clock.latest().ms(); }

void Copies::bits_changed(std::uint32_t tag, PartitionId partition) {
  NamespaceCopies* const ns = find(tag);
  if (ns == nullptr) return;
  begin_changes();
  show(*ns, partition);
  end_changes();
}

/// Brings the maps in line with the partition's row. Its lock is held.
void Copies::show(NamespaceCopies& ns, PartitionId partition) {
  const std::uint16_t id = partition.raw();
  const Row row = orphaned_.load() ? Row{} : ns.replicas[id]->row();
  const Row shown = orphaned_.load() ? Row{} : ns.replicas[id]->claimed_row();
  const std::vector<bool> claimed = cluster::claimed_columns(shown, self_);
  bool differs = false;
  {
    const std::scoped_lock lock(ns.map_mutex);
    if (ns.columns.size() < claimed.size()) ns.columns.resize(claimed.size());
    for (std::size_t i = 0; i < ns.columns.size(); ++i) {
      const bool claims = i < claimed.size() && claimed[i];
      differs |= ns.columns[i].test(id) != claims;
      ns.columns[i].set(id, claims);
    }
  }
  const auto in_sync = [&](const cluster::Uuid& node) {
    return std::ranges::find(row.in_sync, node, &Process::node) != row.in_sync.end();
  };
  const bool is_primary = row.primary == self_ && self_ != Process{};
  const bool is_target = std::ranges::find(row.targets, self_.node) != row.targets.end();
  const bool acting = is_primary && !row.targets.empty() && row.targets.front() != self_.node;
  const auto behind =
      std::ranges::count_if(row.targets, [&](const cluster::Uuid& t) { return !in_sync(t); });
  const bool merging = row.has(Row::kMerging);
  const bool hands_over = acting && in_sync(row.targets.front());
  NamespaceCopies::Cell& cell = ns.cells[id];
  cell.role = is_primary ? Role::Primary : is_target ? Role::Replica : Role::None;
  cell.waiting = row.has(Row::kWaiting);
  cell.sends = is_primary ? static_cast<std::uint8_t>(behind + (hands_over || merging ? 1 : 0)) : 0;
  cell.sends_lead = acting;
  cell.receives = is_target && std::ranges::find(row.in_sync, self_) == row.in_sync.end();
  cell.targets = static_cast<std::uint8_t>(std::min<std::size_t>(row.targets.size(), 255));
  if (differs) changed_.store(true);
}

info::ReplicaMap Copies::replicas(std::string_view name) const {
  info::ReplicaMap out;
  out.columns.resize(1);
  const NamespaceCopies* const ns = find(name);
  if (ns == nullptr || generation_.load() < 0) return out;
  const std::uint64_t count = std::max<std::uint64_t>(1, tally(name).replication_factor);
  const std::scoped_lock lock(ns->map_mutex);
  out.columns = ns->columns;
  out.columns.resize(count);
  return out;
}

Copies::Tally Copies::tally(std::string_view name) const {
  Tally out;
  const NamespaceCopies* const ns = find(name);
  if (ns == nullptr) return out;
  for (const auto& cell : ns->cells) {
    const Role role = cell.role.load(std::memory_order_relaxed);
    out.primaries += role == Role::Primary ? 1 : 0;
    out.replicas += role == Role::Replica ? 1 : 0;
    out.waiting += cell.waiting.load(std::memory_order_relaxed) ? 1 : 0;
    out.tx_remaining += cell.sends.load(std::memory_order_relaxed);
    out.tx_lead_remaining += cell.sends_lead.load(std::memory_order_relaxed) ? 1 : 0;
    out.rx_remaining += cell.receives.load(std::memory_order_relaxed) ? 1 : 0;
    out.replication_factor = std::max<std::uint64_t>(out.replication_factor,
                                                     cell.targets.load(std::memory_order_relaxed));
  }
  return out;
}

void Copies::count_objects(std::string_view name, Tally& tally) const {
  const NamespaceCopies* const ns = find(name);
  if (ns == nullptr) return;
  for (std::uint16_t id = 0; id < wire::kPartitions; ++id) {
    const Role role = ns->cells[id].role.load(std::memory_order_relaxed);
    if (role == Role::None) continue;
    const std::uint64_t objects = ns->ns.records.objects_in(PartitionId(id));
    (role == Role::Primary ? tally.master_objects : tally.prole_objects) += objects;
  }
}

const cluster::CopyStatistics* Copies::statistics(std::string_view name) const {
  const NamespaceCopies* const ns = find(name);
  return ns == nullptr ? nullptr : &ns->context.statistics;
}

std::uint64_t Copies::primaries() const {
  std::uint64_t out = 0;
  for (const auto& ns : namespaces_) out += tally(ns->ns.name()).primaries;
  return out;
}

std::uint64_t Copies::receiving() const {
  std::uint64_t out = 0;
  for (const auto& ns : namespaces_) out += tally(ns->ns.name()).rx_remaining;
  return out;
}

std::vector<info::PartitionLine> Copies::partitions(
    std::string_view name, const std::function<wire::NodeId(const cluster::Uuid&)>& id_of) const {
  std::vector<info::PartitionLine> lines(wire::kPartitions);
  const NamespaceCopies* const ns = find(name);
  if (ns == nullptr) return lines;
  for (std::uint16_t id = 0; id < wire::kPartitions; ++id) {
    info::PartitionLine& line = lines[id];
    line.records = ns->ns.records.objects_in(PartitionId(id));
    Row row;
    if (!orphaned_.load()) {
      const std::scoped_lock lock(ns->partition(PartitionId(id)).write);
      row = ns->replicas[id]->row();
    }
    const auto place = std::ranges::find(row.targets, self_.node);
    line.state = cluster::copy_state(row, self_, line.records > 0);
    line.replicas = static_cast<std::uint32_t>(row.targets.size());
    line.replica =
        place == row.targets.end() ? -1 : static_cast<std::int32_t>(place - row.targets.begin());
    line.succession = line.replica < 0 ? 0 : static_cast<std::uint32_t>(line.replica);
    line.working_master = id_of(row.primary.node);
    if (row.primary != self_) line.proxy_destination = line.working_master;
    const auto& cell = ns->cells[id];
    line.duplicates = row.has(Row::kMerging) ? 1 : 0;
    line.emigrates = cell.sends.load();
    line.lead_emigrates = cell.sends_lead.load() ? 1 : 0;
    line.immigrates = cell.receives.load() ? 1 : 0;
    line.version = version_text(row, self_, line.state);
    line.final_version = line.version;
  }
  return lines;
}

}  // namespace flotilla::server
