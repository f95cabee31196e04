#include "builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "check_together.h"
#include "former_names.h"

namespace flotilla::config {

namespace {

// A section inside a scope: it stays in the scope and puts a prefix before names, or opens the
// scope of something that has a name of its own.
struct SectionRow {
  enum class Does : std::uint8_t { Prefixes, PrefixesAndNamesKind, Opens, Nothing };
  Scope parent;
  std::string_view word;
  Does does;
};

using Does = SectionRow::Does;

constexpr SectionRow kSections[] = {
    {Scope::Network, "service", Does::Prefixes},
    {Scope::Network, "admin", Does::Prefixes},
    {Scope::Network, "heartbeat", Does::Prefixes},
    {Scope::Network, "fabric", Does::Prefixes},
    {Scope::Network, "http", Does::Prefixes},
    {Scope::Network, "info", Does::Prefixes},
    {Scope::Network, "tls", Does::Opens},
    {Scope::Namespace, "set", Does::Opens},
    {Scope::Namespace, "storage-engine", Does::PrefixesAndNamesKind},
    {Scope::Namespace, "index-type", Does::PrefixesAndNamesKind},
    {Scope::Namespace, "sindex-type", Does::PrefixesAndNamesKind},
    {Scope::Namespace, "geo2dsphere-within", Does::Prefixes},
    {Scope::Namespace, "si", Does::Nothing},
    {Scope::Security, "ldap", Does::Prefixes},
    {Scope::Security, "log", Does::Prefixes},
    {Scope::Security, "syslog", Does::Nothing},
    {Scope::Xdr, "dc", Does::Opens},
    {Scope::Xdr, "datacenter", Does::Nothing},
    {Scope::XdrDc, "namespace", Does::Opens},
};

constexpr std::size_t kNamespacesMax = 32;
constexpr std::size_t kTlsMax = 10;
constexpr std::size_t kDcsMax = 64;

// Characters that separate things in info answers cannot stand in names.
bool good_name(std::string_view name, std::size_t longest) {
  return !name.empty() && name.size() <= longest && name != "null" &&
         std::ranges::all_of(name, [](unsigned char c) { return c > ' ' && c < 0x7F; }) &&
         name.find_first_of(":;=,/\\\"'") == std::string_view::npos;
}

template <class T>
T* add_named(std::vector<std::unique_ptr<T>>& to, std::string_view name, std::size_t most) {
  for (const auto& one : to)
    if (one->name == name) return one.get();
  if (to.size() == most || !good_name(name, 255)) return nullptr;
  return to.emplace_back(std::make_unique<T>(name)).get();
}

std::string_view last_part(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

// "namespace storage-engine" of a namespace parameter with that prefix.
std::string place_of(Scope scope, std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::string(name_of(scope));
  return fmt::format("{} {}", name_of(scope), name.substr(0, dot));
}

}  // namespace

void Builder::warn(std::uint32_t line, std::string text) {
  warnings_.push_back(line == 0 ? std::move(text) : fmt::format("{}:{}: {}", path_, line, text));
}

void Builder::warn_old(std::uint32_t line, std::string text) {
  warn(line, std::move(text));
  old_.push_back(warnings_.back());
}

tl::unexpected<std::string> Builder::bad(std::uint32_t line, std::string_view text) const {
  return refuse(line == 0 ? std::string(text) : fmt::format("{}:{}: {}", path_, line, text));
}

NamespaceConfig* Builder::add_namespace(std::string_view name) {
  if (!good_name(name, NamespaceConfig::kNameMax)) return nullptr;
  return add_named(config_.namespaces, name, kNamespacesMax);
}

Outcome<void> Builder::apply(const std::vector<Entry>& top) {
  for (const Entry& entry : top)
    if (auto done = top_section(entry); !done) return done;
  return {};
}

Outcome<void> Builder::top_section(const Entry& entry) {
  constexpr std::string_view kWords[] = {"service", "network",  "namespace", "logging",
                                         "mod-lua", "security", "xdr"};
  if (!entry.section && std::ranges::find(kWords, entry.name) != std::end(kWords))
    return bad(entry.line, fmt::format("'{}' needs a '{{' at the end of the line", entry.name));
  if (!entry.section)
    return bad(entry.line,
               fmt::format("parameter '{}' stands outside of all sections", entry.name));
  if (entry.name == "namespace") {
    if (entry.values.size() != 1) return bad(entry.line, "a namespace needs a name");
    const std::string& name = entry.values[0];
    if (config_.find_namespace(name) != nullptr)
      return bad(entry.line, fmt::format("namespace '{}' is described twice", name));
    NamespaceConfig* ns = add_namespace(name);
    if (ns == nullptr)
      return bad(entry.line,
                 fmt::format("'{}' cannot be a namespace: at most {} printable characters, none of "
                             ":;=,/ and at most {} namespaces",
                             name, NamespaceConfig::kNameMax, kNamespacesMax));
    return apply_all(ns, "", entry.children);
  }
  if (!entry.values.empty() && std::ranges::find(kWords, entry.name) != std::end(kWords))
    return bad(entry.line, fmt::format("section '{}' takes no name", entry.name));
  if (entry.name == "service") return apply_all(&config_.service, "", entry.children);
  if (entry.name == "network") return apply_all(&config_.network, "", entry.children);
  if (entry.name == "mod-lua") return apply_all(&config_.mod_lua, "", entry.children);
  if (entry.name == "xdr") return apply_all(&config_.xdr, "", entry.children);
  if (entry.name == "logging") return logging(entry);
  if (entry.name == "security") {
    config_.security.enabled = true;
    return apply_all(&config_.security, "", entry.children);
  }
  const std::string_view meant = nearest(entry.name, {std::begin(kWords), std::end(kWords)});
  return bad(entry.line,
             fmt::format("unknown section '{}'{}", entry.name,
                         meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
}

Outcome<void> Builder::apply_all(const Owner& owner, std::string_view prefix,
                                 const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    auto done = entry.section ? section(owner, prefix, entry)
                              : parameter(owner, fmt::format("{}{}", prefix, entry.name), entry);
    if (!done) return done;
  }
  return {};
}

Outcome<void> Builder::section(const Owner& owner, std::string_view prefix, const Entry& entry) {
  const Scope scope = scope_of(owner);
  std::vector<std::string_view> words;
  for (const SectionRow& row : kSections) {
    if (row.parent != scope || !prefix.empty()) continue;
    words.push_back(row.word);
    if (row.word != entry.name) continue;
    if (row.does == Does::Opens) return named_section(owner, entry);
    if (row.does == Does::Nothing) {
      warn_old(entry.line, fmt::format("section '{}' is ignored", entry.name));
      return {};
    }
    if (row.does == Does::PrefixesAndNamesKind) {
      if (auto done = parameter(owner, entry.name, entry); !done) return done;
    } else if (!entry.values.empty()) {
      return bad(entry.line, fmt::format("section '{}' takes no name", entry.name));
    }
    return apply_all(owner, fmt::format("{}.", entry.name), entry.children);
  }
  if (find_parameter(scope, fmt::format("{}{}", prefix, entry.name)) != nullptr)
    return bad(entry.line, fmt::format("'{}' is no section", entry.name));
  const std::string_view meant = nearest(entry.name, words);
  return bad(entry.line,
             fmt::format("unknown section '{}' in {}{}", entry.name, name_of(scope),
                         meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
}

Outcome<void> Builder::named_section(const Owner& owner, const Entry& entry) {
  if (entry.values.size() != 1)
    return bad(entry.line, fmt::format("'{}' needs a name", entry.name));
  const std::string& name = entry.values[0];
  const auto opened = [&](auto* one) -> Outcome<void> {
    if (one == nullptr)
      return bad(entry.line,
                 fmt::format("'{}' cannot be a {}, or there are too many", name, entry.name));
    return apply_all(one, "", entry.children);
  };
  if (std::holds_alternative<NetworkConfig*>(owner))
    return opened(add_named(config_.tls, name, kTlsMax));
  if (std::holds_alternative<XdrConfig*>(owner))
    return opened(add_named(config_.xdr.dcs, name, kDcsMax));
  if (auto* const* dc = std::get_if<XdrDcConfig*>(&owner))
    return opened(add_named((*dc)->namespaces, name, kNamespacesMax));
  NamespaceConfig& ns = *std::get<NamespaceConfig*>(owner);
  return opened(good_name(name, NamespaceConfig::kSetNameMax) ? ns.set(name) : nullptr);
}

Outcome<void> Builder::parameter(const Owner& owner, std::string_view name, const Entry& entry) {
  const Scope scope = scope_of(owner);
  const Parameter* p = find_parameter(scope, name);
  if (p == nullptr) {
    bool handled = false;
    if (auto done = former(owner, name, entry, handled); !done || handled) return done;
    return unknown(owner, name, entry);
  }
  std::vector<std::string_view> tokens(entry.values.begin(), entry.values.end());
  if (tokens.size() == 1) {
    if (const FormerValue* was = find_former_value(scope, name, tokens[0])) {
      warn_old(entry.line, fmt::format("'{} {}' is no longer known, '{}' is used", entry.name,
                                       was->value, was->now));
      tokens[0] = was->now;
    }
  }
  const Cell cell = p->cell(owner);
  if (configured(cell) && !is_list(p->kind.type))
    warn(entry.line, fmt::format("'{}' is set again; the last line counts", entry.name));
  if (auto done = assign(p->kind, cell, tokens); !done)
    return bad(entry.line, fmt::format("{}: {}", entry.name, done.error()));
  mark_configured(cell);
  if (p->standing == Standing::Planned &&
      (is_list(p->kind.type) || print(p->kind, cell) != p->initial))
    warn(entry.line,
         fmt::format("'{}' has no effect yet: what it is for is not built", entry.name));
  return {};
}

Outcome<void> Builder::former(const Owner& owner, std::string_view name, const Entry& entry,
                              bool& handled) {
  const FormerName* was = find_former_name(scope_of(owner), name);
  handled = was != nullptr;
  if (was == nullptr) return {};
  using enum FormerName::Fate;
  switch (was->fate) {
    case Ignored:
      warn_old(entry.line, fmt::format("'{}' is obsolete and ignored", entry.name));
      return {};
    case Renamed:
      warn_old(entry.line, fmt::format("'{}' is now '{}'", entry.name, last_part(was->to)));
      return parameter(owner, was->to, entry);
    case ToNamespaces:
      warn_old(entry.line,
               fmt::format("'{}' is now a parameter of namespaces, '{}'", entry.name, was->to));
      for_namespaces_.push_back({std::string(was->to), entry.values, false, {}, entry.line});
      return {};
    case Translated:
      warn_old(entry.line, fmt::format("'{}' is read as '{}'", entry.name, last_part(was->to)));
      return was->translate(*this, owner, entry);
  }
  return {};
}

Outcome<void> Builder::unknown(const Owner& owner, std::string_view name, const Entry& entry) {
  const Scope scope = scope_of(owner);
  const std::string_view prefix = name.substr(0, name.size() - entry.name.size());
  std::vector<std::string_view> names;
  for (const Parameter& p : parameters(scope)) {
    if (!p.name.starts_with(prefix)) continue;
    const std::string_view rest = p.name.substr(prefix.size());
    if (rest.find('.') == std::string_view::npos) names.push_back(rest);
  }
  const std::string what =
      fmt::format("unknown parameter '{}' in {}", entry.name, place_of(scope, name));
  if (const std::string_view meant = nearest(entry.name, names); !meant.empty())
    return bad(entry.line, fmt::format("{}; did you mean '{}'?", what, meant));
  for (const Parameter& p : parameters())
    if (last_part(p.name) == entry.name)
      return bad(entry.line, fmt::format("{}; it belongs to {}", what, place_of(p.scope, p.name)));
  return bad(entry.line, what);
}

Outcome<void> Builder::logging(const Entry& entry) {
  for (const Entry& one : entry.children) {
    if (!one.section) return bad(one.line, fmt::format("'{}' in logging is no section", one.name));
    if (auto done = sink(one); !done) return done;
  }
  return {};
}

Outcome<void> Builder::sink(const Entry& entry) {
  LogSink::Kind kind = LogSink::Kind::Console;
  if (entry.name == "file") {
    kind = LogSink::Kind::File;
    if (entry.values.size() != 1) return bad(entry.line, "a log file needs a path");
  } else if (entry.name == "syslog") {
    kind = LogSink::Kind::Syslog;
  } else if (entry.name != "console") {
    return bad(entry.line,
               fmt::format("unknown section '{}' in logging; there are console, file, and syslog",
                           entry.name));
  }
  LogSink& sink = config_.logging.add(kind, entry.values.empty() ? "" : entry.values[0]);
  for (const Entry& line : entry.children) {
    if (kind == LogSink::Kind::Syslog &&
        (line.name == "facility" || line.name == "path" || line.name == "tag"))
      continue;
    if (line.name != "context" || line.section || line.values.size() != 2)
      return bad(line.line,
                 fmt::format("'{}' in logging; expected: context <name> <level>", line.name));
    const auto level = log_level_of(line.values[1]);
    if (!level)
      return bad(line.line, fmt::format("'{}' is none of critical, warning, info, debug, detail",
                                        line.values[1]));
    if (!sink.set_level(line.values[0], *level))
      warn(line.line, fmt::format("there is no log context '{}'", line.values[0]));
  }
  return {};
}

}  // namespace flotilla::config
