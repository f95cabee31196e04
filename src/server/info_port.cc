#include "info_port.h"

#include "base/parse.h"

namespace flotilla::server {
namespace {

/// "10.0.0.7:3000" or "[fe80::1]:3000".
info::Endpoint endpoint_of(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  const auto port = parse_u64(text.substr(colon + 1)).value_or(0);
  return {std::string(address), static_cast<std::uint16_t>(port)};
}

}  // namespace

std::string InfoPort::answer(Asker& asker, std::string_view request) {
  info::Connection connection{.local = endpoint_of(asker.local),
                              .remote = endpoint_of(asker.peer),
                              .admin = asker.admin,
                              .user_agent = std::move(asker.user_agent)};
  info::Context context{view_, connection};
  std::string reply = info::handle(context, request);
  asker.user_agent = std::move(connection.user_agent);
  return reply;
}

void InfoPort::connection_closed(const Asker& asker) {
  if (!asker.user_agent.empty()) view_.user_agents().remove(asker.user_agent);
}

}  // namespace flotilla::server
