#include "start_log.h"

#include <algorithm>

#include "base/log.h"

namespace flotilla::server {

void start_log(const config::Config& config) {
  const auto& sinks = config.logging.sinks();
  const auto least = std::ranges::min_element(sinks, {}, &config::LogSink::least_level);
  if (least != sinks.end()) set_log_level(least->least_level());
  if (config.service.log_format() == config::LogStyle::Json) set_log_format(LogFormat::Json);
  for (const config::LogSink& sink : sinks) {
    if (sink.kind() == config::LogSink::Kind::File && !add_log_file(sink.path()))
      log_warning("as", "log file {} cannot be written; the console has it all", sink.path());
  }
}

}  // namespace flotilla::server
