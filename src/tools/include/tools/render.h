#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "client/value.h"

namespace flotilla::tools {

/// A value as established tools print it: "abc" in quotes and not escaped, integers plain, doubles
/// with 16 digits, true, NIL, bytes in hex ("01 AF"), LIST('[1, "a"]'), MAP('{"k":1}'),
/// GeoJSON('...'). Without types the wrappers of lists, maps, and GeoJSON fall away.
std::string render(const client::Value& value, bool with_types);

/// The value in JSON. Map keys become text, bytes hex digits, GeoJSON its own JSON where it parses.
nlohmann::ordered_json to_json(const client::Value& value);

}  // namespace flotilla::tools
