#include <cstdint>
#include <cstdlib>

#include "cluster/membership.h"

using namespace flotilla;
using namespace flotilla::cluster;

namespace {

struct NoCopies : LocalCopies {
  CopyReport report(std::uint32_t, wire::PartitionId) const override { return {}; }
};

}  // namespace

/// Any frames from a peer, before and after its HELLO: what comes out is bounded, and the machine
/// goes on. Input: | frame size u16, big-endian | frame | ...; a first frame that is a HELLO of
/// some node makes the others count. The restored state is the same bytes once more.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const NoCopies copies;
  const Bytes all(reinterpret_cast<const std::byte*>(data), size);
  Membership::Options options;
  options.cluster_name = "fuzz";
  options.partitions = 4;
  options.seeds = {{"10.0.0.2", 3002}};
  NodeInfo self;
  self.process.boot = 7;
  self.process.node[0] = std::byte{1};
  self.id = wire::NodeId(0xA1);
  self.namespaces = {{"test", 2, 0, false}};
  const Buffer whole(all.begin(), all.end());
  Membership machine(options, self, copies,
                     {{"view", whole}, {"tips", whole}, {"metadata/a/b", whole}});

  Instant now{std::chrono::seconds(1)};
  const WallTime wall{1'000'000};
  std::uint64_t link = 1;
  const auto step = [&](const Membership::Event& event) {
    now = now + std::chrono::milliseconds(60);
    bool hung_up = false;
    std::size_t sent = 0;
    for (const Membership::Action& action : machine.step(now, wall, event)) {
      if (const auto* hang = std::get_if<Membership::Hangup>(&action))
        hung_up |= hang->link == LinkId(link);
      if (const auto* send = std::get_if<Membership::Send>(&action)) sent += send->bytes.size();
    }
    if (sent > (64 << 20)) std::abort();
    if (hung_up) {
      ++link;
      machine.step(now, wall, Membership::LinkUp{LinkId(link), {}, "10.0.0.2"});
    }
  };
  step(Membership::Tick{});
  step(Membership::LinkUp{LinkId(link), Endpoint{"10.0.0.2", 3002}, "10.0.0.2"});
  Reader reader(all);
  while (reader.ok() && reader.left() > 0) {
    const Bytes frame = reader.bytes(reader.be<std::uint16_t>());
    step(Membership::Frame{LinkId(link), frame});
  }
  for (int i = 0; i < 4; ++i) step(Membership::Tick{});
  return 0;
}
