#include "tools/sql/settings.h"

#include <fmt/format.h>

#include <variant>

#include "text.h"

namespace flotilla::tools::sql {
namespace {

using Place = std::variant<bool Settings::*, std::int64_t Settings::*, std::string Settings::*,
                           OutputMode Settings::*>;

struct Row {
  std::string_view name;
  Place place;
  std::string_view help;  // Empty: made from the type and the default.
};

const Row kRows[] = {
    {"ECHO", &Settings::echo, ""},
    {"VERBOSE", &Settings::verbose, ""},
    {"OUTPUT", &Settings::output, "TABLE | JSON | MUTE | RAW, default TABLE"},
    {"OUTPUT_TYPES", &Settings::output_types, ""},
    {"TIMEOUT", &Settings::timeout_ms, "time in ms, default 1000 ms"},
    {"SOCKET_TIMEOUT", &Settings::socket_timeout_ms,
     "time in ms, -1 as the client chooses, default -1"},
    {"LUA_USERPATH", &Settings::lua_userpath, "path, default /opt/aerospike/usr/udf/lua"},
    {"RECORD_TTL", &Settings::record_ttl,
     "time in seconds, 0 as the namespace is configured, -1 never, default 0"},
    {"RECORD_PRINT_METADATA", &Settings::record_print_metadata, ""},
    {"KEY_SEND", &Settings::key_send, ""},
    {"DURABLE_DELETE", &Settings::durable_delete, ""},
    {"SCAN_RECORDS_PER_SECOND", &Settings::scan_records_per_second,
     "records of each node, 0 unlimited, default 0"},
    {"NO_BINS", &Settings::no_bins, ""},
    {"REPLICA_ANY", &Settings::replica_any, ""},
};

const Row* find(std::string_view name) {
  for (const Row& row : kRows)
    if (row.name == name) return &row;
  return nullptr;
}

std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(std::int64_t value) { return fmt::format("{}", value); }
std::string text_of(const std::string& value) { return value; }
std::string text_of(OutputMode value) { return std::string(output_mode_name(value)); }

std::string text_of(const Settings& settings, const Row& row) {
  return std::visit([&](auto member) { return text_of(settings.*member); }, row.place);
}

bool read(std::string_view text, bool, bool& into) {
  const auto value = parse_truth(text);
  if (value) into = *value;
  return value.has_value();
}
bool read(std::string_view text, bool, std::int64_t& into) {
  const auto value = parse_integer(text);
  if (!value || *value < -1) return false;
  into = *value;
  return true;
}
bool read(std::string_view text, bool, std::string& into) {
  into = text;
  return !text.empty();
}
bool read(std::string_view text, bool extended, OutputMode& into) {
  const auto value = parse_output_mode(text, extended);
  if (value) into = *value;
  return value.has_value();
}

}  // namespace

std::optional<std::string> show_setting(const Settings& settings, std::string_view name) {
  const Row* const row = find(name);
  if (row == nullptr) return std::nullopt;
  return fmt::format("{} = {}", row->name, text_of(settings, *row));
}

std::vector<std::string> show_all_settings(const Settings& settings) {
  std::vector<std::string> lines;
  for (const Row& row : kRows)
    lines.push_back(fmt::format("{} = {}", row.name, text_of(settings, row)));
  return lines;
}

SetOutcome change_setting(Settings& settings, std::string_view name, std::string_view value,
                          bool extended) {
  const Row* const row = find(name);
  if (row == nullptr) return SetOutcome::UnknownName;
  const bool done =
      std::visit([&](auto member) { return read(value, extended, settings.*member); }, row->place);
  return done ? SetOutcome::Done : SetOutcome::BadValue;
}

bool reset_setting(Settings& settings, std::string_view name) {
  const Row* const row = find(name);
  if (row == nullptr) return false;
  std::visit([&](auto member) { settings.*member = Settings().*member; }, row->place);
  return true;
}

std::vector<std::string> settings_help() {
  std::vector<std::string> lines;
  for (const Row& row : kRows) {
    const std::string help = row.help.empty()
                                 ? fmt::format("true | false, default {}", text_of(Settings(), row))
                                 : std::string(row.help);
    lines.push_back(fmt::format("{}    ({})", row.name, help));
  }
  return lines;
}

}  // namespace flotilla::tools::sql
