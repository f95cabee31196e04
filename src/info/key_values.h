#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace flotilla::info {

/// Text of the form "name=value;name=value", the shape of most info answers.
class KeyValues {
 public:
  explicit KeyValues(char separator = ';') : separator_(separator) {}

  template <class T>
  void add(std::string_view name, const T& value) {
    if (!text_.empty()) text_ += separator_;
    fmt::format_to(std::back_inserter(text_), "{}={}", name, value);
  }
  const std::string& text() const& { return text_; }
  std::string text() && { return std::move(text_); }

 private:
  char separator_;
  std::string text_;
};

}  // namespace flotilla::info
