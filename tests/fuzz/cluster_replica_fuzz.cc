// Property: whatever frames arrive at a copy, as primary and as backup, it neither crashes nor
// reads beyond them, its claims stay in order, and a write by itself still is numbered.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "base/check.h"
#include "cluster/history.h"
#include "cluster/replica.h"

namespace {

using namespace flotilla;
using cluster::Process;
using cluster::Replica;
using cluster::Row;

constexpr wire::PartitionId kPartition{0x305};
constexpr std::uint32_t kTag = 77;

struct Silent final : cluster::Effects {
  Instant now() const override { return at; }
  WallTime wall() const override { return {1'000'000}; }
  void send(const Process&, Bytes frame) override { sent += frame.size(); }
  void ask(const cluster::RowAsk&) override {}
  void acknowledged() override {}
  void want_tick(std::uint32_t, wire::PartitionId) override {}
  void bits_changed(std::uint32_t, wire::PartitionId) override {}

  Instant at{};
  std::size_t sent = 0;
};

Process process(unsigned index) {
  Process p;
  p.node[0] = static_cast<std::byte>(index);
  p.boot = index;
  return p;
}

/// One namespace for all inputs: it is large. Emptied after each.
store::Namespace& records() {
  static store::HybridClock clock;
  static store::Namespace ns("test", clock);
  return ns;
}

void put(store::Namespace& ns, std::byte last) {
  wire::Digest digest;
  digest.bytes[0] = static_cast<std::byte>(kPartition.raw() & 0xFF);
  digest.bytes[1] = static_cast<std::byte>(kPartition.raw() >> 8);
  digest.bytes[19] = last;
  store::Partition& partition = ns.partition(kPartition);
  store::RecordUpdate update;
  update.digest = digest;
  update.generation = 1;
  const auto done = ns.put(partition, partition.index.find(digest), update, {1'000'000});
  FLOTILLA_CHECK(done.has_value());
}

}  // namespace

/// Input: role u8, then frames, each with a length u16 LE in front and a kind of step in the
/// length's top bits: 0 a frame, 1 a tick, 2 a write.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader in(Bytes(reinterpret_cast<const std::byte*>(data), size));
  const bool leads = (in.le<std::uint8_t>() & 1) != 0;
  store::Namespace& ns = records();
  store::Partition& partition = ns.partition(kPartition);
  Silent effects;
  cluster::MemoryTermTable terms;
  cluster::CopyNode node{effects, terms, process(1)};
  cluster::CopyContext context{node, ns, kTag};
  context.options.replication_factor = 2;
  context.options.answer_bytes = 100;
  context.options.ring_most = 4;
  {
    Replica replica(context, kPartition);
    Row row;
    row.version = row.term = {{1, 1}, 1};
    row.primary = process(leads ? 1 : 2);
    row.in_sync = {row.primary, process(leads ? 2 : 1)};
    row.targets = {process(1).node, process(2).node};
    replica.install(row);
    while (in.ok() && in.left() > 0) {
      const auto step = in.le<std::uint16_t>();
      effects.at.since_start += std::chrono::milliseconds(30);
      if (step >> 14 == 1) {
        replica.tick();
      } else if (step >> 14 == 2) {
        if (replica.write_access() != Replica::Access::Here) continue;
        const store::Lsn before = partition.last_lsn;
        put(ns, static_cast<std::byte>(step));
        FLOTILLA_CHECK(partition.last_lsn > before);
      } else {
        const Bytes frame = in.bytes(std::min<std::size_t>(step, in.left()));
        replica.receive(process(2), frame);
      }
    }
    const Buffer saved = replica.save();
    const cluster::CopyReport report = replica.report();
    FLOTILLA_CHECK(report.history.size() <= cluster::kHistoryMost + 1);
    Replica again(context, kPartition);
    FLOTILLA_CHECK(again.load(saved).has_value());
    (void)again.load(Bytes(reinterpret_cast<const std::byte*>(data), size));
  }
  partition.listener = nullptr;
  for (std::vector<store::MemoryRecord*> some;;) {
    partition.index.next_below(nullptr, some);
    if (some.empty()) break;
    for (store::MemoryRecord* record : some) ns.drop(partition, record);
  }
  partition.last_lsn = {};
  return 0;
}
