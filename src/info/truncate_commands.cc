// Removing many records at once.

#include <fmt/format.h>

#include "base/parse.h"
#include "command.h"

namespace flotilla::info {
namespace {

// The cut-off: a given UTC time in nanoseconds, else now.
Parsed<WallTime> cut_off(Context& c, const Params& params) {
  const auto text = params.optional({"lut", 24});
  if (!text) return tl::unexpected(text.error());
  const WallTime now = c.node.wall_time();
  if (!*text) return now;
  const std::uint64_t ns = parse_u64(**text).value_or(0);
  const std::uint64_t ms = ns / 1'000'000;
  constexpr std::uint64_t kEpochMs = kEpochUnixSeconds * 1000;
  if (ms <= kEpochMs) return tl::unexpected(error(Code::Parameter, "would truncate to 0"));
  const WallTime cut{ms - kEpochMs};
  if (cut > now) return tl::unexpected(error(Code::Parameter, "would truncate in the future"));
  return cut;
}

Parsed<std::string_view> set_name(const Params& params) {
  return params.required({"set", config::NamespaceConfig::kSetNameMax});
}

std::string truncate(Context& c, const Request& request) {
  const Params params(request.args);
  const auto ns = params.namespace_name();
  if (!ns) return ns.error();
  const auto set = set_name(params);
  if (!set) return set.error();
  const auto cut = cut_off(c, params);
  return cut ? done(c.node.truncate(*ns, *set, *cut)) : cut.error();
}

std::string truncate_namespace(Context& c, const Request& request) {
  const Params params(request.args);
  const auto ns = params.namespace_name();
  if (!ns) return ns.error();
  if (params.find("set")) return error(Code::Parameter, "unexpected set name");
  const auto cut = cut_off(c, params);
  return cut ? done(c.node.truncate(*ns, {}, *cut)) : cut.error();
}

std::string truncate_undo(Context& c, const Request& request) {
  const Params params(request.args);
  const auto ns = params.namespace_name();
  if (!ns) return ns.error();
  const auto set = set_name(params);
  return set ? done(c.node.undo_truncate(*ns, *set)) : set.error();
}

std::string truncate_namespace_undo(Context& c, const Request& request) {
  const Params params(request.args);
  const auto ns = params.namespace_name();
  if (!ns) return ns.error();
  if (params.find("set")) return error(Code::Parameter, "unexpected set name");
  return done(c.node.undo_truncate(*ns, {}));
}

std::string eviction_reset(Context& c, const Request& request) {
  const Params params(request.args);
  const auto ns = params.namespace_name();
  if (!ns) return ns.error();
  const auto ttl_text = params.optional({"ttl", 10});
  if (!ttl_text) return ttl_text.error();
  std::optional<std::uint64_t> ttl;
  if (*ttl_text) {
    ttl = parse_u64(**ttl_text);
    if (!ttl) return error(Code::Parameter, "bad ttl");
  }
  return done(c.node.reset_eviction(*ns, ttl));
}

constexpr Command kCommands[] = {
    {"eviction-reset", "namespace=NS[;ttl=S]: forgets how far eviction went, or sets it",
     &eviction_reset},
    {"truncate",
     "namespace=NS;set=S[;lut=NANOSECONDS]: removes records last updated up to then, or now",
     &truncate},
    {"truncate-namespace", "namespace=NS[;lut=NANOSECONDS]: the same for all records",
     &truncate_namespace},
    {"truncate-namespace-undo", "namespace=NS: takes the cut-off away; what is gone stays gone",
     &truncate_namespace_undo},
    {"truncate-undo", "namespace=NS;set=S: takes the cut-off away; what is gone stays gone",
     &truncate_undo},
};

}  // namespace

std::span<const Command> truncate_commands() { return kCommands; }

}  // namespace flotilla::info
