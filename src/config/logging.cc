#include "config/logging.h"

#include <algorithm>
#include <cctype>

namespace flotilla::config {
namespace {

constexpr std::string_view kContexts[] = {
    "misc",         "alloc",     "arenax",     "hardware",    "msg",          "os",
    "secrets",      "socket",    "tls",        "vault",       "vmapx",        "xmem",
    "aggr",         "appeal",    "as",         "audit",       "batch",        "batch-sub",
    "bin",          "config",    "clustering", "deprecation", "drv-mem",      "drv_pmem",
    "drv_ssd",      "exchange",  "exp",        "fabric",      "flat",         "geo",
    "hb",           "health",    "hlc",        "index",       "info",         "info-command",
    "key-busy",     "migrate",   "mrt-audit",  "mrt-monitor", "namespace",    "nsup",
    "particle",     "partition", "proto",      "proxy",       "proxy-divert", "query",
    "record",       "roster",    "rw",         "rw-client",   "security",     "service",
    "service-list", "sindex",    "skew",       "smd",         "storage",      "truncate",
    "tsvc",         "udf",       "xdr",        "xdr-client",  "masking",
};
static_assert(std::size(kContexts) == kLogContexts);

constexpr std::string_view kLevels[] = {"DETAIL", "DEBUG", "INFO", "WARNING", "CRITICAL"};

}  // namespace

std::span<const std::string_view> log_contexts() { return kContexts; }

std::optional<LogLevel> log_level_of(std::string_view word) {
  for (std::size_t i = 0; i < std::size(kLevels); ++i) {
    const bool same = std::ranges::equal(kLevels[i], word, [](char a, char b) {
      return a == std::toupper(static_cast<unsigned char>(b));
    });
    if (same) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

std::string_view name_of(LogLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

LogSink::LogSink(Kind kind, std::string_view path) : kind_(kind), path_(path) {
  if (kind == Kind::Console) path_ = "stderr";
  if (kind == Kind::Syslog) path_ = "syslog";
  for (auto& level : levels_) level.store(LogLevel::Critical, std::memory_order_relaxed);
}

LogLevel LogSink::level(std::size_t context) const {
  return levels_.at(context).load(std::memory_order_relaxed);
}

bool LogSink::set_level(std::string_view context, LogLevel level) {
  if (context == "any") {
    for (auto& l : levels_) l.store(level, std::memory_order_relaxed);
    return true;
  }
  const auto* at = std::ranges::find(kContexts, context);
  if (at == std::end(kContexts)) return false;
  levels_[static_cast<std::size_t>(at - kContexts)].store(level, std::memory_order_relaxed);
  return true;
}

LogLevel LogSink::least_level() const {
  LogLevel least = LogLevel::Critical;
  for (const auto& level : levels_) least = std::min(least, level.load(std::memory_order_relaxed));
  return least;
}

}  // namespace flotilla::config
