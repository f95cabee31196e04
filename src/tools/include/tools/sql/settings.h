#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/result_writer.h"

namespace flotilla::tools::sql {

/// What SET changes.
struct Settings {
  bool echo = false;
  bool verbose = false;
  OutputMode output = OutputMode::Table;
  bool output_types = true;
  std::int64_t timeout_ms = 1000;       // Of single-record statements; 0: none.
  std::int64_t socket_timeout_ms = -1;  // -1: the client library's own.
  std::string lua_userpath = "/opt/aerospike/usr/udf/lua";
  std::int64_t record_ttl = 0;  // Seconds; 0: as the namespace is configured, -1: never expires.
  bool record_print_metadata = false;
  bool key_send = true;
  bool durable_delete = false;
  std::int64_t scan_records_per_second = 0;
  bool no_bins = false;
  bool replica_any = false;
};

/// "TIMEOUT = 1000"; nothing when there is no setting of that name (upper case).
std::optional<std::string> show_setting(const Settings& settings, std::string_view name);
/// All of them, in the order of the help.
std::vector<std::string> show_all_settings(const Settings& settings);

enum class SetOutcome : std::uint8_t { Done, UnknownName, BadValue };
/// `extended` lets OUTPUT take the modes that the original does not have.
SetOutcome change_setting(Settings& settings, std::string_view name, std::string_view value,
                          bool extended);
/// False: no such setting.
bool reset_setting(Settings& settings, std::string_view name);

/// "ECHO    (true | false, default false)", one line a setting.
std::vector<std::string> settings_help();

}  // namespace flotilla::tools::sql
