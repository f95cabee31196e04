#include "tools/info_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/parse.h"

namespace flotilla::tools {
namespace {

using Json = nlohmann::ordered_json;

/// The one of ; : , that separates the parts of a value; nothing: it is one.
char separator_of(std::string_view value) {
  for (const char separator : {';', ':', ','})
    if (value.find(separator) != std::string_view::npos) return separator;
  return '\0';
}

std::string replace_all(std::string_view text, char what, std::string_view with) {
  std::string result;
  for (const char c : text) {
    if (c == what)
      result += with;
    else
      result += c;
  }
  return result;
}

Json object_of(std::string_view text, char separator) {
  Json object = Json::object();
  for (auto& [key, value] : client::parse_pairs(text, separator)) object[key] = std::move(value);
  return object;
}

Json json_of(std::string_view value) {
  if (value.ends_with(';')) value.remove_suffix(1);
  const auto parts = split(value, ';');
  const auto has_pairs = [](std::string_view part) {
    return part.find('=') != std::string_view::npos;
  };
  const bool all_pairs = !parts.empty() && std::ranges::all_of(parts, has_pairs);
  if (all_pairs && std::ranges::any_of(parts, [](std::string_view part) {
        return part.find(':') != std::string_view::npos && std::ranges::count(part, '=') > 1;
      })) {
    Json array = Json::array();
    for (const std::string_view part : parts) array.push_back(object_of(part, ':'));
    return array;
  }
  if (all_pairs) return object_of(value, ';');
  if (parts.size() > 1) {
    Json array = Json::array();
    for (const std::string_view part : parts) array.push_back(std::string(part));
    return array;
  }
  return std::string(value);
}

std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string value_lines(std::string_view value) {
  const char separator = separator_of(value);
  return separator == '\0' ? std::string(value) : replace_all(value, separator, "\n");
}

std::string summary_text(const std::vector<client::InfoAnswer>& answers, bool lines) {
  std::string text;
  int number = 0;
  for (const client::InfoAnswer& answer : answers) {
    const char separator = lines ? separator_of(answer.value) : '\0';
    const std::string value =
        separator == '\0' ? answer.value : replace_all(answer.value, separator, "\n     ");
    text += fmt::format("{} :  {}\n     {}\n", ++number, answer.command, value);
  }
  return text;
}

std::string value_json(std::string_view value) { return text_of(json_of(value)); }

std::string summary_json(const std::vector<client::InfoAnswer>& answers) {
  Json object = Json::object();
  for (const client::InfoAnswer& answer : answers) object[answer.command] = json_of(answer.value);
  return text_of(object);
}

}  // namespace flotilla::tools
