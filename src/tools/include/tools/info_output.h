#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/info.h"

/// How the answers of info commands are shown.
namespace flotilla::tools {

/// An answer with a line feed for each separator: ';' if there is one, else ':', else ','.
std::string value_lines(std::string_view value);

/// "1 :  name" and the value on the next line, for each answer of the summary; `lines` splits long
/// values.
std::string summary_text(const std::vector<client::InfoAnswer>& answers, bool lines);

/// A list of pairs as an object, a list of lists of pairs as an array of objects, a list as an
/// array, else the text. Ends in a line feed.
std::string value_json(std::string_view value);
std::string summary_json(const std::vector<client::InfoAnswer>& answers);

}  // namespace flotilla::tools
