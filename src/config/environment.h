#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "builder.h"

namespace flotilla::config {

/// The variables of the process, by name. Entries that are no assignment are left out.
using Environment = std::map<std::string, std::string, std::less<>>;
Environment environment_of(std::span<const std::string> assignments);

/// The value of a variable that is set and not empty.
std::optional<std::string_view> value_of(const Environment& environment, std::string_view name);

/// The container's variables: SERVICE_PORT, CLUSTER_SEEDS, NAMESPACE, ... `has_file`: a
/// configuration file was given, so NAMESPACE picks one of its namespaces instead of naming the
/// only one.
Outcome<void> apply_container_variables(Builder& builder, const Environment& environment,
                                        bool has_file);

/// FLOTILLA__context__name.
Outcome<void> apply_overrides(Builder& builder, const Environment& environment);

}  // namespace flotilla::config
