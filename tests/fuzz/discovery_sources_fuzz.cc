// Any answer of a source or a node, and any file of members, is read or refused; whatever is read
// as a member has a name and an id.

#include <cstdint>
#include <string_view>

#include "backends/backends.h"
#include "base/bytes.h"
#include "base/check.h"
#include "client/login.h"
#include "discovery/source_answers.h"
#include "net/srv.h"

namespace {

void check(const std::vector<flotilla::discovery::Desired>& members) {
  for (const auto& member : members)
    FLOTILLA_CHECK(!member.id.empty() && !member.name.empty() && !member.host.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace flotilla::discovery;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto consul = parse_consul(text, {}).value_or(std::vector<Desired>{});
  for (const Desired& member : consul)
    FLOTILLA_CHECK(!member.host.empty() || !member.problem.empty());
  check(parse_etcd(text, {}).value_or(EtcdRange{}).members);
  check(parse_endpoint_slices(text, {}).value_or(EndpointSlices{}).members);
  check(parse_members(text, {}).value_or(std::vector<Desired>{}));
  parse_etcd_watch(text).has_value();
  is_good_watch_event(text);
  using flotilla::net::Target;
  for (const Target& at :
       flotilla::net::parse_srv(flotilla::as_bytes(text)).value_or(std::vector<Target>{}))
    FLOTILLA_CHECK(at.host.size() < 1024);
  for (const Seed& seed : read_seeds(text)) FLOTILLA_CHECK(!seed.host.empty());
  const std::pair<std::string, std::string> answers[] = {{"statistics", std::string(text)},
                                                         {"peers-clear-std", std::string(text)}};
  read_answers("id", answers);
  if (const auto reply = flotilla::client::parse_login_reply(flotilla::as_bytes(text)))
    FLOTILLA_CHECK(reply->token.size() < size);
  return 0;
}
