#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

/// astools.conf: what users keep there instead of typing it. TOML, as far as such files use it:
/// [sections], key = value with strings, whole numbers, and booleans, and comments.
namespace flotilla::tools {

struct ConfigEntry {
  std::string section;  // "cluster", "aql", "cluster_backup", ...
  std::string key;      // Dashes and underscores are the same: kept with dashes.
  std::string value;    // As text, without quotes.
  int line = 0;
};

/// The error is a whole sentence with the line.
tl::expected<std::vector<ConfigEntry>, std::string> parse_config(std::string_view text);

struct ConfigRequest {
  std::string tool;                  // The section beside [cluster]: "aql", "asinfo".
  std::string instance;              // --instance: [cluster_X] and [aql_X] instead.
  std::vector<std::string> allowed;  // Keys that the tool knows, beside those of [cluster].
};

/// The values that count for one tool, by key: the sections of later files win over those of
/// earlier ones. The error is a sentence: an unknown key, or a secret that cannot be had.
using ConfigValues = std::map<std::string, std::string, std::less<>>;
tl::expected<ConfigValues, std::string> choose_values(const std::vector<ConfigEntry>& entries,
                                                      const ConfigRequest& request);

/// Where the options --config-file, --only-config-file, and --no-config-file lead, in the order of
/// reading.
struct ConfigPlaces {
  std::optional<std::string> extra = {};
  std::optional<std::string> only = {};
  bool none = false;
};
std::vector<std::string> config_paths(const ConfigPlaces& places, std::string_view home);

/// Reads them all; missing files are fine, but for one that was named. Files that [include] names
/// are read where they are named, three deep at most.
tl::expected<std::vector<ConfigEntry>, std::string> read_config(const ConfigPlaces& places,
                                                                std::string_view home);

/// A value that may be a reference: env:NAME, file:PATH, b64:TEXT, env-b64:NAME; anything else is
/// itself.
tl::expected<std::string, std::string> resolve_secret(std::string_view value);

}  // namespace flotilla::tools
