#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace flotilla {
namespace {

// The vendor's line: "Nov 23 2026 07:00:00 GMT: INFO (context): text". JSON: one object a line.
constexpr const char* kTextPattern = "%b %d %Y %H:%M:%S GMT: %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v)";

struct Log {
  std::mutex mutex;  // Guards sinks while files are added or reopened.
  std::shared_ptr<spdlog::sinks::dist_sink_mt> sinks =
      std::make_shared<spdlog::sinks::dist_sink_mt>();
  spdlog::sink_ptr console = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  spdlog::logger logger{"flotilla", sinks};
  std::vector<std::string> files;
  std::vector<spdlog::sink_ptr> file_sinks;
  std::atomic<LogLevel> level{LogLevel::Info};
  std::atomic<LogFormat> format{LogFormat::Text};

  Log() {
    sinks->add_sink(console);
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::trace);
    logger.set_formatter(pattern(kTextPattern));
  }
  static std::unique_ptr<spdlog::formatter> pattern(const char* text) {
    return std::make_unique<spdlog::pattern_formatter>(text, spdlog::pattern_time_type::utc);
  }
  const char* pattern_in_use() const {
    return format.load() == LogFormat::Json ? kJsonPattern : kTextPattern;
  }
};

Log& the_log() {
  static Log log;
  return log;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::Detail:
      return "DETAIL";
    case LogLevel::Debug:
      return "DEBUG";
    case LogLevel::Info:
      return "INFO";
    case LogLevel::Warning:
      return "WARNING";
    case LogLevel::Critical:
      return "CRITICAL";
  }
  return "?";
}

std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void log_line(LogLevel level, std::string_view context, std::string_view text) {
  Log& log = the_log();
  if (log.format.load(std::memory_order_relaxed) == LogFormat::Json) {
    log.logger.log(spdlog::level::info, R"("level":"{}","context":"{}","message":"{}"}})",
                   name_of(level), json_escaped(context), json_escaped(text));
  } else {
    log.logger.log(spdlog::level::info, "{} ({}): {}", name_of(level), context, text);
  }
}

void set_log_level(LogLevel level) { the_log().level.store(level, std::memory_order_relaxed); }
LogLevel log_level() { return the_log().level.load(std::memory_order_relaxed); }

void set_log_format(LogFormat format) {
  Log& log = the_log();
  log.format.store(format);
  log.logger.set_formatter(Log::pattern(log.pattern_in_use()));
}

void set_log_console(LogConsole console) {
  Log& log = the_log();
  const std::scoped_lock lock(log.mutex);
  spdlog::sink_ptr next = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  if (console == LogConsole::Stdout) next = std::make_shared<spdlog::sinks::stdout_sink_mt>();
  next->set_formatter(Log::pattern(log.pattern_in_use()));
  log.sinks->remove_sink(log.console);
  log.sinks->add_sink(next);
  log.console = std::move(next);
}

bool add_log_file(std::string_view path) {
  Log& log = the_log();
  const std::scoped_lock lock(log.mutex);
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(std::string(path));
    sink->set_formatter(Log::pattern(log.pattern_in_use()));
    log.sinks->add_sink(sink);
    log.files.emplace_back(path);
    log.file_sinks.push_back(std::move(sink));
    return true;
  } catch (const spdlog::spdlog_ex&) {
    return false;
  }
}

void reopen_log_files() {
  Log& log = the_log();
  std::vector<std::string> files;
  {
    const std::scoped_lock lock(log.mutex);
    for (const auto& sink : log.file_sinks) log.sinks->remove_sink(sink);
    log.file_sinks.clear();
    files.swap(log.files);
  }
  for (const auto& file : files) add_log_file(file);
}

}  // namespace flotilla
