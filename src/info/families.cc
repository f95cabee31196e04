#include "families.h"

#include <fmt/format.h>

namespace flotilla::info {

std::string print_labels(std::initializer_list<Label> labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    fmt::format_to(std::back_inserter(out), "{}{}=\"", out.empty() ? "" : ",", name);
    for (const char c : value) {
      if (c == '\\' || c == '"') out += '\\';
      out += c == '\n' ? ' ' : c;
    }
    out += '"';
  }
  return out;
}

void Families::add(const Family& family, std::string_view labels, std::string_view value,
                   std::string_view suffix) {
  const auto [at, is_new] = by_name_.try_emplace(family.name, families_.size());
  if (is_new) families_.push_back({family, {}});
  fmt::format_to(std::back_inserter(families_[at->second].lines), "{}{}{{{}}} {}\n", family.name,
                 suffix, labels, value);
}

std::string Families::text() const {
  constexpr std::string_view kTypes[] = {"gauge", "counter", "histogram"};
  std::string out;
  for (const Samples& s : families_) {
    if (!s.family.help.empty())
      fmt::format_to(std::back_inserter(out), "# HELP {} {}\n", s.family.name, s.family.help);
    fmt::format_to(std::back_inserter(out), "# TYPE {} {}\n{}", s.family.name,
                   kTypes[static_cast<std::size_t>(s.family.type)], s.lines);
  }
  return out;
}

}  // namespace flotilla::info
