#include "config/parameter.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace flotilla::config {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kGiB = 1024 * kMiB;
constexpr std::int64_t kTiB = 1024 * kGiB;
constexpr std::int64_t kMax32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kMax64 = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kTenYears = 10LL * 365 * 86400;
constexpr std::int64_t kMaxPath = 1000;

constexpr Kind flag() { return {Type::Flag, 0, 1}; }
constexpr Kind count(std::int64_t least, std::int64_t most) { return {Type::Count, least, most}; }
constexpr Kind bytes(std::int64_t least, std::int64_t most) { return {Type::Bytes, least, most}; }
constexpr Kind seconds(std::int64_t least, std::int64_t most) {
  return {Type::Seconds, least, most};
}
constexpr Kind millis(std::int64_t least, std::int64_t most) { return {Type::Millis, least, most}; }
constexpr Kind micros(std::int64_t least, std::int64_t most) { return {Type::Micros, least, most}; }
constexpr Kind percent() { return {Type::Percent, 0, 100}; }
constexpr Kind port() { return {Type::Port, 0, 65535}; }
constexpr Kind hex() { return {Type::Hex}; }
constexpr Kind choice(std::string_view choices) { return {Type::Choice, 0, 0, choices}; }
constexpr Kind text(std::int64_t longest) { return {Type::Text, 0, longest}; }
constexpr Kind paths() { return {Type::Paths}; }
constexpr Kind endpoints() { return {Type::Endpoints}; }
constexpr Kind words() { return {Type::Words}; }

using enum Change;
using enum Standing;

// NOLINTBEGIN(bugprone-macro-parentheses): a member and a type take none.
#define ROW(scope_, owner_, member, name_, cell_, kind_, initial_, change_, standing_, help_) \
  Parameter{scope_,  name_,                                                                   \
            kind_,   initial_,                                                                \
            change_, standing_,                                                               \
            help_,   [](const Owner& owner) -> Cell { \
              return &std::get<owner_*>(owner)->member; }},
// NOLINTEND(bugprone-macro-parentheses)

constexpr Parameter kParameters[] = {
#define SERVICE(...) ROW(Scope::Service, ServiceConfig, __VA_ARGS__)
#define NETWORK(...) ROW(Scope::Network, NetworkConfig, __VA_ARGS__)
#define TLS(...) ROW(Scope::Tls, TlsConfig, __VA_ARGS__)
#define NAMESPACE(...) ROW(Scope::Namespace, NamespaceConfig, __VA_ARGS__)
#define SET(...) ROW(Scope::Set, SetConfig, __VA_ARGS__)
#define MOD_LUA(...) ROW(Scope::ModLua, ModLuaConfig, __VA_ARGS__)
#define SECURITY(...) ROW(Scope::Security, SecurityConfig, __VA_ARGS__)
#define XDR(...) ROW(Scope::Xdr, XdrConfig, __VA_ARGS__)
#define XDR_DC(...) ROW(Scope::XdrDc, XdrDcConfig, __VA_ARGS__)
#define XDR_DC_NAMESPACE(...) ROW(Scope::XdrDcNamespace, XdrDcNamespaceConfig, __VA_ARGS__)
#include "config/parameters.def"
};
#undef ROW

constexpr std::string_view kScopeNames[] = {
    "service", "network",  "network tls", "namespace", "set",
    "mod-lua", "security", "xdr",         "xdr dc",    "xdr dc namespace",
};

template <class T>
void set_initial_values(T* owner) {
  const Owner as_owner(owner);
  for (const Parameter& p : parameters(scope_of(as_owner))) {
    if (p.initial.empty()) continue;
    FLOTILLA_CHECK(assign(p.kind, p.cell(as_owner), {p.initial}).has_value());
    std::visit([](auto* cell) { cell->configured = false; }, p.cell(as_owner));
  }
}

}  // namespace

std::span<const Parameter> parameters() { return kParameters; }

std::span<const Parameter> parameters(Scope scope) {
  const auto [first, last] = std::ranges::equal_range(kParameters, scope, {}, &Parameter::scope);
  return {first, last};
}

const Parameter* find_parameter(Scope scope, std::string_view name) {
  for (const Parameter& p : parameters(scope))
    if (p.name == name) return &p;
  return nullptr;
}

Scope scope_of(const Owner& owner) {
  constexpr Scope kScopes[] = {
      Scope::Service, Scope::Network,  Scope::Tls, Scope::Namespace, Scope::Set,
      Scope::ModLua,  Scope::Security, Scope::Xdr, Scope::XdrDc,     Scope::XdrDcNamespace};
  return kScopes[owner.index()];
}

std::string_view name_of(Scope scope) { return kScopeNames[static_cast<std::size_t>(scope)]; }

ServiceConfig::ServiceConfig() { set_initial_values(this); }
NetworkConfig::NetworkConfig() { set_initial_values(this); }
TlsConfig::TlsConfig(std::string_view n) : name(n) { set_initial_values(this); }
SetConfig::SetConfig(std::string_view n) : name(n) { set_initial_values(this); }
NamespaceConfig::NamespaceConfig(std::string_view n) : name(n) { set_initial_values(this); }
ModLuaConfig::ModLuaConfig() { set_initial_values(this); }
SecurityConfig::SecurityConfig() { set_initial_values(this); }
XdrConfig::XdrConfig() { set_initial_values(this); }
XdrDcConfig::XdrDcConfig(std::string_view n) : name(n) { set_initial_values(this); }
XdrDcNamespaceConfig::XdrDcNamespaceConfig(std::string_view n) : name(n) {
  set_initial_values(this);
}

}  // namespace flotilla::config
