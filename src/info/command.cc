#include "command.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parse.h"

namespace flotilla::info {
namespace {

// Commands longer than that name nothing.
constexpr std::size_t kPairsMost = 64;

std::vector<Command> all_commands() {
  std::vector<Command> all;
  for (const auto family :
       {address_commands(), cluster_commands(), config_commands(), debug_commands(),
        identity_commands(), log_commands(), namespace_commands(), partition_commands(),
        query_commands(), sindex_commands(), statistics_commands(), truncate_commands(),
        udf_commands()})
    all.insert(all.end(), family.begin(), family.end());
  std::ranges::sort(all, {}, &Command::name);
  return all;
}

const std::vector<Command>& sorted_commands() {
  static const std::vector<Command> all = all_commands();
  return all;
}

}  // namespace

const Command* find_command(std::string_view name) {
  const auto& all = sorted_commands();
  const auto at = std::ranges::lower_bound(all, name, {}, &Command::name);
  return at != all.end() && at->name == name ? &*at : nullptr;
}

std::span<const CommandRow> command_rows() {
  static const std::vector<CommandRow> table = [] {
    std::vector<CommandRow> rows;
    for (const Command& c : sorted_commands()) rows.push_back({c.name, c.help});
    return rows;
  }();
  return table;
}

Request Request::parse(std::string_view command) {
  const std::size_t at = command.find_first_of(":/;");
  if (at == std::string_view::npos) return {command, {}};
  return {command.substr(0, at), command.substr(at + 1)};
}

std::string error(Code code, std::string_view text) {
  return fmt::format("ERROR:{}:{}", static_cast<unsigned>(code), text);
}

std::string done(const Result<void>& result) {
  return result ? "ok" : error(result.error().code, result.error().why);
}

Params::Params(std::string_view args) {
  for (const std::string_view part : split(args, ';')) {
    if (part.empty() || pairs_.size() == kPairsMost) continue;
    const std::size_t at = part.find('=');
    if (at == std::string_view::npos) {
      pairs_.push_back({part, {}});
    } else {
      pairs_.push_back({part.substr(0, at), part.substr(at + 1)});
    }
  }
}

std::optional<std::string_view> Params::find(std::string_view name) const {
  for (const Pair& pair : pairs_)
    if (pair.name == name) return pair.value;
  return std::nullopt;
}

Parsed<std::optional<std::string_view>> Params::optional(const Wanted& wanted) const {
  std::optional<std::string_view> value = find(wanted.name);
  for (std::size_t i = 0; !value && i < wanted.aliases.size(); ++i) value = find(wanted.aliases[i]);
  if (!value) return std::nullopt;
  if (value->empty())
    return tl::unexpected(error(wanted.code, fmt::format("missing '{}' value", wanted.name)));
  if (value->size() > wanted.longest)
    return tl::unexpected(error(wanted.code, fmt::format("'{}' value too long", wanted.name)));
  return value;
}

Parsed<std::string_view> Params::required(const Wanted& wanted) const {
  const auto value = optional(wanted);
  if (!value) return tl::unexpected(value.error());
  if (!*value) return tl::unexpected(error(wanted.code, fmt::format("missing '{}'", wanted.name)));
  return **value;
}

Parsed<std::string_view> Params::namespace_name() const {
  return required({"namespace", config::NamespaceConfig::kNameMax, Code::Namespace, {"ns", "id"}});
}

Parsed<config::NamespaceConfig*> Params::namespace_of(Context& context) const {
  const auto name = namespace_name();
  if (!name) return tl::unexpected(name.error());
  if (config::NamespaceConfig* ns = context.node.config().find_namespace(*name)) return ns;
  return tl::unexpected(error(Code::Namespace, "namespace not found on node"));
}

std::string text_of(wire::NodeId node) { return fmt::format("{:X}", node.raw()); }

std::string text_of(const std::vector<wire::NodeId>& nodes) {
  std::string out;
  for (const wire::NodeId node : nodes) out += (out.empty() ? "" : ",") + text_of(node);
  return out;
}

std::string text_of(const Endpoint& endpoint) {
  const bool v6 = endpoint.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", endpoint.address, v6 ? "]" : "", endpoint.port);
}

std::string text_of(const std::vector<Endpoint>& endpoints, char separator) {
  std::string out;
  for (const Endpoint& endpoint : endpoints) {
    if (!out.empty()) out += separator;
    out += text_of(endpoint);
  }
  return out;
}

}  // namespace flotilla::info
