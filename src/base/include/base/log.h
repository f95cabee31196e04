#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace flotilla {

enum class LogLevel { Detail, Debug, Info, Warning, Critical };

/// One line to the log. Thread-safe. It goes to the console, and to files that were added.
void log_line(LogLevel level, std::string_view context, std::string_view text);
/// Lines below this level are dropped. Default: Info.
void set_log_level(LogLevel level);
LogLevel log_level();

/// What the console is. Default: Stderr, as tools need; a server's log is its output.
enum class LogConsole { Stderr, Stdout };
void set_log_console(LogConsole console);

enum class LogFormat { Text, Json };
void set_log_format(LogFormat format);
/// Sends lines to a file as well; reopen_log_files() on SIGHUP. False when it cannot be opened.
bool add_log_file(std::string_view path);
void reopen_log_files();

template <class... Args>
void log(LogLevel level, std::string_view context, fmt::format_string<Args...> format,
         Args&&... args) {
  if (level >= log_level())
    log_line(level, context, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(std::string_view context, fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::Info, context, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warning(std::string_view context, fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::Warning, context, format, std::forward<Args>(args)...);
}

}  // namespace flotilla
