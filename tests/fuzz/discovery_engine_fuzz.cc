// Any answer of an engine is read or refused, in one line; what is read selects members that are
// reachable or say why not.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "discovery/engine_answers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace flotilla::discovery;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto networks = parse_networks(text).value_or(std::vector<Network>{});
  const auto services = parse_services(text).value_or(std::map<std::string, Service>{});
  const auto nodes = parse_nodes(text).value_or(std::map<std::string, std::string>{});
  auto containers = parse_containers(text).value_or(std::vector<Container>{});
  for (Container& task : parse_tasks(text, services, nodes).value_or(std::vector<Container>{}))
    containers.push_back(std::move(task));
  for (const Container& container : containers) FLOTILLA_CHECK(!container.id.empty());
  for (const char* network : {"", "prod"}) {
    const Listing listing =
        select_members(containers, networks, {.cluster = {}, .network = network});
    for (const Desired& member : listing.members)
      FLOTILLA_CHECK(!member.host.empty() || !member.problem.empty());
  }
  if (const auto version = parse_version(text)) {
    const auto agreed = negotiate(*version);
    FLOTILLA_CHECK(!agreed || (*agreed <= version->newest && *agreed >= version->oldest));
  }
  if (const auto event = parse_event(text)) is_relevant(*event);
  is_swarm_manager(text);
  FLOTILLA_CHECK(refusal(text).find('\n') == std::string::npos);
  return 0;
}
