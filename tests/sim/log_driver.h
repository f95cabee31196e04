#pragma once

#include <memory>

#include "sim/disk.h"
#include "sim/plain_owner.h"

namespace flotilla::sim {

/// A log on a disk with an owner, driven in order and without surprises.
struct DrivenLog {
  DrivenLog(const store::LogOptions& options, Disk& on, Instant start) : disk(on), now(start) {
    const std::uint64_t sizes[] = {disk.size()};
    log = std::make_unique<store::Log>(options, sizes, owner, owner);
    owner.attach(*log);
    tick();
  }

  void feed(const store::Log::Event& event) {
    for (const store::IoRequest& request : log->step(0, now, event)) disk.submit(request);
  }
  /// One tick, and all that follows from it.
  void tick() {
    feed(store::Log::Tick{});
    while (!disk.idle()) feed(disk.complete_first());
  }
  void pass(Duration time) {
    now = now + time;
    tick();
  }
  void close() {
    log->close();
    tick();
  }

  Disk& disk;
  Instant now;
  PlainOwner owner;
  std::unique_ptr<store::Log> log;
};

}  // namespace flotilla::sim
