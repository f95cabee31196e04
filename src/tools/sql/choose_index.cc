#include "choose_index.h"

#include <fmt/format.h>

#include <map>

#include "base/parse.h"
#include "text.h"

namespace flotilla::tools::sql {
namespace {

using client::Value;
using client::exp::Type;

using Fields = std::map<std::string, std::string, std::less<>>;

std::string_view field(const Fields& fields, std::string_view name) {
  const auto at = fields.find(name);
  return at == fields.end() ? std::string_view() : std::string_view(at->second);
}

Fields fields_of(std::string_view text, char separator) {
  Fields fields;
  for (auto& [name, value] : client::parse_pairs(text, separator)) fields[std::move(name)] = value;
  return fields;
}

/// Whether an index of the list serves a condition with = on a bin as a whole.
bool serves(const Fields& index, const Target& target, const Condition& condition) {
  const std::string_view set = field(index, "set");
  const bool is_of_set = target.set.empty() ? set.empty() || same_word(set, "NULL")
                                            : set == std::string_view(target.set);
  const std::string_view kind = field(index, "indextype");
  const bool is_of_bin =
      field(index, "bin") == std::string_view(condition.bin) &&
      (kind.empty() || same_word(kind, "default") || same_word(kind, "none")) &&
      (field(index, "context").empty() || same_word(field(index, "context"), "null"));
  const std::string type = upper(field(index, "type"));
  const bool is_of_type =
      (condition.low.is<std::int64_t>() && (type == "NUMERIC" || type == "INT SIGNED")) ||
      (condition.low.is<std::string>() && (type == "STRING" || type == "TEXT"));
  return is_of_set && is_of_bin && is_of_type;
}

/// How many records an index has for a value, as the mean of the nodes that tell it.
client::Expected<double> records_per_value(const Context& context, const std::string& ns,
                                           std::string_view index) {
  double sum = 0;
  double nodes = 0;
  for (const client::NodeName& node : context.client.nodes()) {
    const auto answer =
        context.ask(node.name, fmt::format("sindex-stat:namespace={};indexname={}", ns, index));
    if (!answer) return tl::unexpected(answer.error());
    const auto figure = parse_real(field(fields_of(*answer, ';'), "entries_per_bval"));
    if (!figure) continue;
    sum += *figure;
    ++nodes;
  }
  return nodes == 0 ? 0 : sum / nodes;
}

Type type_of(const Value& value) {
  if (value.is<bool>()) return Type::Bool;
  if (value.is<std::int64_t>()) return Type::Integer;
  if (value.is<double>()) return Type::Double;
  if (value.is<client::List>()) return Type::List;
  if (value.is<client::Map>()) return Type::Map;
  if (value.is<client::GeoJson>()) return Type::GeoJson;
  return Type::String;
}

}  // namespace

client::Expected<std::optional<std::size_t>> choose_index(const Context& context,
                                                          const Select& statement) {
  const std::string& ns = statement.target.ns;
  const auto list = context.ask({}, fmt::format("sindex-list:namespace={}", ns));
  if (!list) return tl::unexpected(list.error());
  std::optional<std::size_t> chosen;
  double fewest = 0;
  for (const std::string_view part : split(*list, ';')) {
    const Fields index = fields_of(part, ':');
    for (std::size_t i = 0; i < statement.conditions.size(); ++i) {
      if (!serves(index, statement.target, statement.conditions[i])) continue;
      const auto records = records_per_value(context, ns, field(index, "indexname"));
      if (!records) return tl::unexpected(records.error());
      if (chosen && *records >= fewest) continue;
      chosen = i;
      fewest = *records;
    }
  }
  return chosen;
}

client::Expression filter_of(const Condition& condition) {
  return client::exp::eq(client::exp::bin(type_of(condition.low), condition.bin),
                         client::exp::value(condition.low));
}

}  // namespace flotilla::tools::sql
