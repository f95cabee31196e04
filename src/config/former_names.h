#pragma once

#include <span>
#include <string_view>

#include "config/parameter.h"

namespace flotilla::config {

class Builder;
struct Entry;

/// A name of older versions, and what becomes of it. `name` carries the prefix of its section, as
/// in the table of parameters.
struct FormerName {
  enum class Fate : std::uint8_t {
    Ignored,
    Renamed,       // To `to`, in the same scope.
    ToNamespaces,  // `to` in every namespace that does not set it itself.
    Translated,    // By `translate`.
  };
  Scope scope;
  std::string_view name;
  Fate fate;
  std::string_view to = {};
  Outcome<void> (*translate)(Builder& builder, const Owner& owner, const Entry& entry) = nullptr;
};

std::span<const FormerName> former_names();
const FormerName* find_former_name(Scope scope, std::string_view name);

/// A value that was valid once.
struct FormerValue {
  Scope scope;
  std::string_view name;
  std::string_view value;
  std::string_view now;
};
const FormerValue* find_former_value(Scope scope, std::string_view name, std::string_view value);

}  // namespace flotilla::config
