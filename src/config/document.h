#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.h"

namespace flotilla::config {

/// A configuration file as a tree, before anybody knows what the names mean.
struct Entry {
  std::string name;
  std::vector<std::string> values;  // Of a parameter; the argument, if any, of a section.
  bool section = false;
  std::vector<Entry> children;
  std::uint32_t line = 0;
};

/// Value of a `${NAME}` in the file; nothing when it is not known.
using Variables = std::function<std::optional<std::string>(std::string_view)>;

inline constexpr std::size_t kFileSizeMax = 1 << 20;
inline constexpr std::size_t kLineMax = 1023;
inline constexpr std::size_t kDepthMax = 8;

/// Parses aerospike.conf. Errors begin with "path:line: ".
Outcome<std::vector<Entry>> parse_conf(std::string_view text, std::string_view path,
                                       const Variables& variables);
/// Parses the YAML form into the same tree.
Outcome<std::vector<Entry>> parse_yaml(std::string_view text, std::string_view path);
/// True when the text looks like the YAML form: by the path's suffix, or because its first line
/// that means something ends with a colon.
bool is_yaml(std::string_view text, std::string_view path);

}  // namespace flotilla::config
