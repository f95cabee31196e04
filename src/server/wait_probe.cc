#include "wait_probe.h"

#include "net/reactor.h"

namespace flotilla::server {

WaitProbe::WaitProbe(const std::vector<net::Reactor*>& reactors) {
  for (net::Reactor* const reactor : reactors)
    targets_.push_back(std::make_shared<Target>(*reactor));
}

void WaitProbe::send(Instant now) {
  for (const auto& target : targets_) {
    if (target->under_way.exchange(true)) continue;
    target->sent = now;
    target->reactor.run_on_thread([target] {
      target->waited.fetch_add((net::Reactor::now() - target->sent).count());
      target->count.fetch_add(1);
      target->under_way.store(false);
    });
  }
}

std::optional<Duration> WaitProbe::take(Instant now) {
  Duration sum{0};
  int count = 0;
  for (const auto& target : targets_) {
    if (target->under_way.load()) {
      sum += now - target->sent;
      ++count;
    }
    sum += Duration(target->waited.exchange(0));
    count += target->count.exchange(0);
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

}  // namespace flotilla::server
