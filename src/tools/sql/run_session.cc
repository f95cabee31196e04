#include <fmt/format.h>

#include <ostream>

#include "context.h"
#include "tools/sql/parser.h"

namespace flotilla::tools::sql {
namespace {

bool unknown(const Context& context, std::string_view name) {
  return context.fail(-1, fmt::format("there is no setting {}; GET ALL lists them", name));
}

}  // namespace

bool run(const Context& context, const SetOption& statement) {
  switch (change_setting(context.settings, statement.name, statement.value,
                         context.dialect == Dialect::Extended)) {
    case SetOutcome::UnknownName:
      return unknown(context, statement.name);
    case SetOutcome::BadValue:
      return context.fail(-1, fmt::format("{} cannot be '{}'; HELP SET lists what can",
                                          statement.name, statement.value));
    case SetOutcome::Done:
      break;
  }
  context.streams.out << *show_setting(context.settings, statement.name) << '\n';
  return true;
}

bool run(const Context& context, const GetOption& statement) {
  if (statement.name == "ALL") {
    for (const std::string& line : show_all_settings(context.settings))
      context.streams.out << line << '\n';
    return true;
  }
  const auto line = show_setting(context.settings, statement.name);
  if (!line) return unknown(context, statement.name);
  context.streams.out << *line << '\n';
  return true;
}

bool run(const Context& context, const ResetOption& statement) {
  if (!reset_setting(context.settings, statement.name)) return unknown(context, statement.name);
  context.streams.out << *show_setting(context.settings, statement.name) << '\n';
  return true;
}

bool run(const Context& context, const Print& statement) {
  context.streams.out << statement.text << '\n';
  return true;
}

bool run(const Context& context, const Help& statement) {
  const auto lines = usages(statement.topic);
  if (lines.empty())
    return context.fail(
        -1, fmt::format("there is no help on '{}'; HELP lists the commands", statement.topic));
  std::string_view topic;
  std::ostream& out = context.streams.out;
  for (const Usage& usage : lines) {
    if (usage.topic != topic) out << (topic.empty() ? "" : "\n") << usage.topic << '\n';
    topic = usage.topic;
    out << "  " << usage.line << '\n';
  }
  const bool about_set = lines.size() == 1 && lines[0].line.starts_with("SET");
  if (statement.topic.empty())
    out << "\nA <record> is PK = <key>, DIGEST = '<40 hex digits>', or EDIGEST = '<base64>'.\n"
           "A <value> is 1, 0x1F, 1.5, 'text', true, NULL, LIST('[1, 2]'), MAP('{\"k\": 1}'), "
           "GEOJSON('{...}'),\n"
           "or CAST(<value> AS INT|FLOAT|BOOL|STRING|JSON|LIST|MAP|GEOJSON).\n";
  if (about_set || statement.topic.empty()) {
    out << "\nSETTINGS\n";
    for (const std::string& line : settings_help()) out << "  " << line << '\n';
  }
  out << '\n';
  return true;
}

bool run(const Context& context, const NotYet& statement) {
  return context.fail(-1, statement.why);
}

}  // namespace flotilla::tools::sql
