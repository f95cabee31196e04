#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "client/value.h"

/// Literals with a type: CAST('12' AS INT), LIST('[1, 2]'), GEOJSON('{...}').
namespace flotilla::tools::sql {

/// Whether the word names a type (any case).
bool is_type_word(std::string_view word);

/// The value as that type. The error is a whole sentence. `type` must be a type word.
tl::expected<client::Value, std::string> cast(const client::Value& literal, std::string_view type);

/// JSON text as a value: arrays are lists, objects maps with string keys in their order. The error
/// is a sentence.
tl::expected<client::Value, std::string> value_of_json(std::string_view text);

/// What a quoted literal means: itself, but for the old form 'JSON[1, 2]'.
client::Value value_of_quoted(std::string_view text);

}  // namespace flotilla::tools::sql
