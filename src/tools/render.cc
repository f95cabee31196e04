#include "tools/render.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "text.h"

namespace flotilla::tools {
namespace {

using client::Value;
using Json = nlohmann::ordered_json;

std::string hex_with_blanks(Bytes bytes) {
  std::string text;
  for (const std::byte b : bytes) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{:02X}", static_cast<unsigned>(b));
  }
  return text;
}

std::string_view map_name(client::MapOrder order) {
  switch (order) {
    case client::MapOrder::Unordered:
      return "MAP";
    case client::MapOrder::KeyOrdered:
      return "KEY_ORDERED_MAP";
    case client::MapOrder::KeyValueOrdered:
      return "KEY_VALUE_ORDERED_MAP";
  }
  return "MAP";
}

/// A value as it stands inside a list or map, and, but for the wrappers, on its own.
struct Bare {
  std::string operator()(client::Nil) const { return "NIL"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const { return fmt::format("{:.16g}", value); }
  std::string operator()(const std::string& value) const { return '"' + value + '"'; }
  std::string operator()(const client::Blob& value) const { return hex_with_blanks(value.bytes); }
  std::string operator()(const client::GeoJson& value) const { return value.text; }
  std::string operator()(client::Marker marker) const {
    return marker == client::Marker::Wildcard ? "*" : "INF";
  }
  std::string operator()(const client::List& list) const {
    std::string text = "[";
    for (const Value& item : list.items) {
      if (text.size() > 1) text += ", ";
      text += std::visit(*this, item.variant());
    }
    return text + ']';
  }
  std::string operator()(const client::Map& map) const {
    std::string text = "{";
    for (const auto& [key, value] : map.entries) {
      if (text.size() > 1) text += ", ";
      text += std::visit(*this, key.variant()) + ':' + std::visit(*this, value.variant());
    }
    return text + '}';
  }
};

/// A map key as the name of a JSON member.
std::string key_text(const Value& key) {
  if (const auto* text = key.get_if<std::string>()) return *text;
  return std::visit(Bare(), key.variant());
}

struct ToJson {
  Json operator()(client::Nil) const { return nullptr; }
  Json operator()(bool value) const { return value; }
  Json operator()(std::int64_t value) const { return value; }
  Json operator()(double value) const { return value; }
  Json operator()(const std::string& value) const { return value; }
  Json operator()(const client::Blob& value) const { return upper(to_hex(value.bytes)); }
  Json operator()(const client::GeoJson& value) const {
    Json json = Json::parse(value.text, nullptr, false);
    return json.is_discarded() ? Json(value.text) : json;
  }
  Json operator()(client::Marker marker) const { return Bare()(marker); }
  Json operator()(const client::List& list) const {
    Json json = Json::array();
    for (const Value& item : list.items) json.push_back(to_json(item));
    return json;
  }
  Json operator()(const client::Map& map) const {
    Json json = Json::object();
    for (const auto& [key, value] : map.entries) json[key_text(key)] = to_json(value);
    return json;
  }
};

}  // namespace

std::string render(const Value& value, bool with_types) {
  std::string bare = std::visit(Bare(), value.variant());
  if (!with_types) return bare;
  if (value.is<client::List>()) return fmt::format("LIST('{}')", bare);
  if (const auto* map = value.get_if<client::Map>())
    return fmt::format("{}('{}')", map_name(map->order), bare);
  if (value.is<client::GeoJson>()) return fmt::format("GeoJSON('{}')", bare);
  return bare;
}

Json to_json(const Value& value) { return std::visit(ToJson(), value.variant()); }

}  // namespace flotilla::tools
