#include <fmt/format.h>

#include "document.h"

namespace flotilla::config {

Outcome<std::vector<Entry>> parse_yaml(std::string_view, std::string_view path) {
  return refuse(fmt::format("{}: YAML", path));
}

}  // namespace flotilla::config
