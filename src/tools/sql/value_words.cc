#include "value_words.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/parse.h"
#include "client/codec.h"
#include "text.h"

namespace flotilla::tools::sql {
namespace {

using client::Value;
using Json = nlohmann::ordered_json;
using Casted = tl::expected<Value, std::string>;

Casted refuse(std::string_view text, std::string_view type) {
  return tl::unexpected(fmt::format("'{}' is not {}", text, type));
}

/// A literal as text, to be read again as another type.
std::string text_of(const Value& literal) {
  if (const auto* text = literal.get_if<std::string>()) return *text;
  if (const auto* number = literal.get_if<std::int64_t>()) return fmt::format("{}", *number);
  if (const auto* real = literal.get_if<double>()) return fmt::format("{}", *real);
  if (const auto* truth = literal.get_if<bool>()) return *truth ? "true" : "false";
  return {};
}

Casted to_integer(const Value& literal) {
  if (literal.is<std::int64_t>()) return literal;
  const std::string text = text_of(literal);
  if (const auto* truth = literal.get_if<bool>()) return Value(std::int64_t{*truth ? 1 : 0});
  if (const auto number = parse_integer(text)) return Value(*number);
  constexpr double kWithoutOverflow = 9.2e18;
  const auto real = parse_real(text);
  if (real && std::abs(*real) < kWithoutOverflow) return Value(static_cast<std::int64_t>(*real));
  return refuse(text, "an integer");
}

Casted to_real(const Value& literal) {
  if (literal.is<double>()) return literal;
  const std::string text = text_of(literal);
  if (const auto real = parse_real(text)) return Value(*real);
  return refuse(text, "a number");
}

Casted to_bool(const Value& literal) {
  if (literal.is<bool>()) return literal;
  const std::string text = text_of(literal);
  if (const auto truth = parse_truth(text)) return Value(*truth);
  return refuse(text, "a boolean");
}

Casted to_string(const Value& literal) { return Value(text_of(literal)); }

Casted to_json(const Value& literal) { return value_of_json(text_of(literal)); }

Casted to_list(const Value& literal) {
  Casted value = value_of_json(text_of(literal));
  if (value && !value->is<client::List>()) return refuse(text_of(literal), "a JSON array");
  return value;
}

Casted to_map(const Value& literal) {
  Casted value = value_of_json(text_of(literal));
  if (value && !value->is<client::Map>()) return refuse(text_of(literal), "a JSON object");
  return value;
}

Casted to_geo(const Value& literal) { return Value(client::GeoJson{text_of(literal)}); }

struct Type {
  std::string_view word;
  Casted (*cast)(const Value&);
};
constexpr Type kTypes[] = {
    {"DECIMAL", &to_integer}, {"INT", &to_integer}, {"NUMERIC", &to_integer},
    {"FLOAT", &to_real},      {"REAL", &to_real},   {"BOOL", &to_bool},
    {"STRING", &to_string},   {"CHAR", &to_string}, {"TEXT", &to_string},
    {"VARCHAR", &to_string},  {"JSON", &to_json},   {"LIST", &to_list},
    {"MAP", &to_map},         {"GEOJSON", &to_geo},
};

const Type* find_type(std::string_view word) {
  for (const Type& type : kTypes)
    if (same_word(type.word, word)) return &type;
  return nullptr;
}

Value convert(const Json& json, int depth, bool& too_deep) {
  if (depth > client::kNestingMax) {
    too_deep = true;
    return {};
  }
  switch (json.type()) {
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::number_integer:
      return json.get<std::int64_t>();
    case Json::value_t::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      if (number > INT64_MAX) return static_cast<double>(number);
      return static_cast<std::int64_t>(number);
    }
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string:
      return json.get<std::string>();
    case Json::value_t::array: {
      client::List list;
      for (const Json& item : json) list.items.push_back(convert(item, depth + 1, too_deep));
      return list;
    }
    case Json::value_t::object: {
      client::Map map;
      for (const auto& [key, value] : json.items())
        map.entries.emplace_back(Value(key), convert(value, depth + 1, too_deep));
      return map;
    }
    default:
      return client::Nil{};
  }
}

}  // namespace

bool is_type_word(std::string_view word) { return find_type(word) != nullptr; }

Casted cast(const Value& literal, std::string_view type) { return find_type(type)->cast(literal); }

Casted value_of_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return refuse(text, "JSON");
  bool too_deep = false;
  Value value = convert(json, 0, too_deep);
  if (too_deep) return tl::unexpected<std::string>("the JSON text is nested too deeply");
  return value;
}

Value value_of_quoted(std::string_view text) {
  if (text.starts_with("JSON")) {
    if (auto value = value_of_json(text.substr(4))) return *std::move(value);
  }
  return Value(text);
}

}  // namespace flotilla::tools::sql
