#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flotilla::info {

using Label = std::pair<std::string_view, std::string_view>;

/// "name="value"" pairs, escaped and joined; without braces.
std::string print_labels(std::initializer_list<Label> labels);

/// Metrics in the making: samples of one family must stand together under its HELP and TYPE lines.
class Families {
 public:
  enum class Type { Gauge, Counter, Histogram };

  struct Family {
    std::string name;
    Type type = Type::Gauge;
    std::string help;
  };

  /// `suffix` comes behind the family's name: "_bucket".
  void add(const Family& family, std::string_view labels, std::string_view value,
           std::string_view suffix = {});
  std::string text() const;

 private:
  struct Samples {
    Family family;
    std::string lines;
  };
  std::vector<Samples> families_;  // In the order of their first sample.
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace flotilla::info
