#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "config/config.h"

namespace flotilla::config {

/// Where a parameter stands.
enum class Scope : std::uint8_t {
  Service,
  Network,
  Tls,
  Namespace,
  Set,
  ModLua,
  Security,
  Xdr,
  XdrDc,
  XdrDcNamespace,
};

enum class Change : std::uint8_t {
  Static,   // From the file and the environment only.
  Dynamic,  // By set-config too.
};

/// What a parameter does here.
enum class Standing : std::uint8_t {
  Acts,        // What its help says.
  Accepted,    // Read, checked, and reported; nothing in this server needs it.
  Planned,     // Read, checked, and reported; its feature does not exist yet.
  Deprecated,  // Acts, but should not be used in new files.
  Own,         // Acts, and exists in Flotilla only.
};

/// One row for every parameter: the file parser, get-config, set-config, the environment, and the
/// reference page read it.
struct Parameter {
  Scope scope;
  std::string_view
      name;  // As get-config shows it: "heartbeat.interval", "storage-engine.defrag-lwm-pct".
  Kind kind;
  std::string_view initial;  // As text; "" leaves a text empty, a list without items.
  Change change;
  Standing standing;
  std::string_view help;
  /// The cell in its owner, which must be of the row's scope.
  Cell (*cell)(const Owner& owner);
};

/// All rows, those of one scope together, in the order get-config shows them.
std::span<const Parameter> parameters();
std::span<const Parameter> parameters(Scope scope);
/// Null when the scope has no such name.
const Parameter* find_parameter(Scope scope, std::string_view name);
Scope scope_of(const Owner& owner);
/// "service", "namespace", "xdr dc", as messages and the reference page call it.
std::string_view name_of(Scope scope);

/// docs/manual/configuration.md, whole.
std::string reference_page();

}  // namespace flotilla::config
