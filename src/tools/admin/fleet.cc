#include "tools/admin/fleet.h"

#include <netdb.h>

#include <algorithm>
#include <thread>

#include "base/parse.h"

namespace flotilla::tools::admin {
namespace {

/// The name of the host behind an address, as the resolver knows it; the address itself where it
/// knows none.
std::string host_name(const client::Address& address) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), nullptr, &hints, &found) != 0) return address.text();
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> holder(found, &freeaddrinfo);
  char name[NI_MAXHOST];
  if (getnameinfo(found->ai_addr, found->ai_addrlen, name, sizeof name, nullptr, 0, NI_NAMEREQD) !=
      0)
    return address.text();
  return client::Address{.host = name, .port = address.port, .tls_name = {}}.text();
}

std::string_view without_port(std::string_view address) {
  return address.substr(0, address.rfind(':'));
}

}  // namespace

std::vector<Member> select(const std::vector<Member>& members,
                           const std::vector<std::string>& with) {
  if (with.empty() || std::ranges::find(with, "all") != with.end()) return members;
  std::vector<Member> chosen;
  for (const Member& member : members) {
    const bool meant = std::ranges::any_of(with, [&](const std::string& word) {
      return word == member.name || word == member.address || word == without_port(member.name) ||
             word == without_port(member.address) || member.id.starts_with(word);
    });
    if (meant) chosen.push_back(member);
  }
  return chosen;
}

client::Expected<Fleet> Fleet::connect(const std::vector<client::Address>& seeds,
                                       client::ClientOptions options,
                                       std::chrono::milliseconds timeout, bool single) {
  options.use_nodes_not_ready = true;
  options.connect_timeout = timeout;
  auto client = client::Client::connect(seeds, options);
  if (!client) return tl::unexpected(client.error());
  Fleet fleet(*std::move(client), timeout, single);
  fleet.seeds_ = seeds;
  for (const client::Address& seed : seeds) {
    fleet.self_ = fleet.ask_address(seed, {"node"})["node"];
    if (!fleet.self_.empty()) break;
  }
  return fleet;
}

Answers Fleet::ask_address(const client::Address& address,
                           const std::vector<std::string>& commands) const {
  Answers answers;
  const std::vector<std::string_view> views(commands.begin(), commands.end());
  if (const auto found = client::ask(address, views, timeout_, client_.access()))
    for (const client::InfoAnswer& answer : *found) answers[answer.command] = answer.value;
  return answers;
}

std::vector<Member> Fleet::members() const {
  std::vector<Member> members;
  for (const client::NodeName& node : client_.nodes())
    members.push_back(
        {.id = node.name, .name = host_name(node.address), .address = node.address.text()});
  for (Member& member : members) member.is_self = member.id == self_;
  if (single_ && members.size() > 1) {
    const auto self = std::ranges::find(members, true, &Member::is_self);
    members = {self == members.end() ? members.front() : *self};
  }
  const std::vector<Answers> answers = ask(members, {"statistics"});
  std::string principal;
  for (const Answers& answer : answers)
    if (principal.empty())
      principal = value_of(pairs_of(answer, "statistics"), "cluster_principal");
  for (Member& member : members) member.is_principal = member.id == principal;
  std::ranges::sort(members, {}, &Member::name);
  return members;
}

std::vector<Answers> Fleet::ask(const std::vector<Member>& members,
                                const std::vector<std::string>& commands) const {
  std::vector<Answers> answers(members.size());
  const std::vector<std::string_view> views(commands.begin(), commands.end());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < members.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto found = client_.info(members[i].id, views, timeout_);
      if (!found) return;
      for (const client::InfoAnswer& answer : *found) answers[i][answer.command] = answer.value;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return answers;
}

Answers pairs_of(const Answers& answers, std::string_view command) {
  Answers pairs;
  const auto at = answers.find(command);
  if (at == answers.end() || client::is_info_error(at->second)) return pairs;
  for (auto& [name, value] : client::parse_pairs(at->second))
    pairs[std::move(name)] = std::move(value);
  return pairs;
}

std::string_view value_of(const Answers& pairs, std::string_view name) {
  const auto at = pairs.find(name);
  return at == pairs.end() ? std::string_view() : std::string_view(at->second);
}

}  // namespace flotilla::tools::admin
