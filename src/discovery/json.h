#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "discovery/model.h"

/// Reading JSON that others wrote: what is missing, null, or of another type is empty.
namespace flotilla::discovery {

using Json = nlohmann::json;

inline Expected<Json> parse_json(std::string_view text, const char* what) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return problem(std::string(what) + ": the answer is not JSON");
  return json;
}

inline const Json& at(const Json& json, const char* key) {
  static const Json none;
  if (!json.is_object()) return none;
  const auto found = json.find(key);
  return found == json.end() ? none : *found;
}
template <class... Keys>
const Json& at(const Json& json, const char* key, Keys... more) {
  return at(at(json, key), more...);
}

inline std::string text_of(const Json& json) {
  return json.is_string() ? json.get<std::string>() : std::string();
}
template <class... Keys>
std::string text_at(const Json& json, Keys... keys) {
  return text_of(at(json, keys...));
}
inline std::int64_t number_of(const Json& json) {
  return json.is_number_integer() ? json.get<std::int64_t>() : 0;
}

/// The texts of an object.
inline std::map<std::string, std::string> texts_of(const Json& json) {
  std::map<std::string, std::string> out;
  if (json.is_object())
    for (const auto& [key, value] : json.items())
      if (value.is_string()) out[key] = value.get<std::string>();
  return out;
}

/// The elements of an array; none when it is no array.
inline const Json& elements(const Json& json) {
  static const Json none = Json::array();
  return json.is_array() ? json : none;
}

/// Serialised; bytes that are not UTF-8 are replaced.
inline std::string to_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace flotilla::discovery
