#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/log.h"

namespace flotilla::config {

/// Names of log contexts, in the order in which `log` lists them.
std::span<const std::string_view> log_contexts();
inline constexpr std::size_t kLogContexts = 65;

/// "info" or "INFO" to LogLevel.
std::optional<LogLevel> log_level_of(std::string_view word);
/// In capitals, as info commands show it.
std::string_view name_of(LogLevel level);

/// Where log lines go, and from which level on. Levels may be read and set from any thread.
class LogSink {
 public:
  enum class Kind : std::uint8_t { Console, File, Syslog };

  LogSink(Kind kind, std::string_view path);
  Kind kind() const { return kind_; }
  /// Of a file; "stderr" and "syslog" otherwise.
  const std::string& path() const { return path_; }

  LogLevel level(std::size_t context) const;
  /// Level of one context, or of all when it is "any". False: no such context.
  bool set_level(std::string_view context, LogLevel level);
  /// The most talkative level of any context.
  LogLevel least_level() const;

 private:
  Kind kind_;
  std::string path_;
  std::array<std::atomic<LogLevel>, kLogContexts> levels_;
};

/// All sinks, numbered from 0. Sinks are added while loading only.
class Logging {
 public:
  LogSink& add(LogSink::Kind kind, std::string_view path) {
    return sinks_.emplace_back(kind, path);
  }
  std::deque<LogSink>& sinks() { return sinks_; }
  const std::deque<LogSink>& sinks() const { return sinks_; }

 private:
  std::deque<LogSink> sinks_;
};

}  // namespace flotilla::config
