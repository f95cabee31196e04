#include <fmt/format.h>

#include "text.h"
#include "writers.h"

namespace flotilla::tools {
namespace {

struct ModeName {
  OutputMode mode;
  std::string_view name;
  bool is_extension;
  bool is_machine_readable;
};
constexpr ModeName kModes[] = {
    {OutputMode::Table, "TABLE", false, false},   {OutputMode::Json, "JSON", false, true},
    {OutputMode::Raw, "RAW", false, false},       {OutputMode::Mute, "MUTE", false, false},
    {OutputMode::JsonLines, "JSONL", true, true}, {OutputMode::Csv, "CSV", true, true},
    {OutputMode::Tsv, "TSV", true, true},
};

const ModeName& row_of(OutputMode mode) {
  for (const ModeName& row : kModes)
    if (row.mode == mode) return row;
  return kModes[0];
}

}  // namespace

std::optional<OutputMode> parse_output_mode(std::string_view word, bool extended) {
  for (const ModeName& row : kModes)
    if (same_word(row.name, word) && (extended || !row.is_extension)) return row.mode;
  return std::nullopt;
}

std::string_view output_mode_name(OutputMode mode) { return row_of(mode).name; }

bool is_machine_readable(OutputMode mode) { return row_of(mode).is_machine_readable; }

std::string rows_footer(std::uint64_t rows, std::string_view node, double seconds) {
  const std::string time = fmt::format("{:.3f}", seconds);
  return fmt::format("{}{} {} in set ({} {})\n", node.empty() ? "" : fmt::format("[{}] ", node),
                     rows, rows == 1 ? "row" : "rows", time, time == "1.000" ? "sec" : "secs");
}

std::unique_ptr<ResultWriter> make_writer(const OutputOptions& options, std::ostream& out,
                                          std::ostream& err) {
  switch (options.mode) {
    case OutputMode::Table:
      return make_table_writer(options, out, err);
    case OutputMode::Json:
      return make_json_writer(out);
    case OutputMode::Raw:
      return make_raw_writer(options, out);
    case OutputMode::Mute:
      return make_mute_writer(out);
    case OutputMode::JsonLines:
      return make_json_lines_writer(out, err);
    case OutputMode::Csv:
      return make_separated_writer(',', out, err);
    case OutputMode::Tsv:
      return make_separated_writer('\t', out, err);
  }
  return make_table_writer(options, out, err);
}

}  // namespace flotilla::tools
