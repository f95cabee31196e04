#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "client/record.h"

namespace flotilla::tools {

/// What a statement answers, on its way to the screen: rows, how they ended, and how the statement
/// ended.
///
///   writer->begin(columns);                      // Once a set of rows; `columns` may be empty.
///   writer->row(cells); ...
///   writer->end_rows(node, seconds);
///   writer->success("1 record affected.");       // Or failure(): exactly one of them ends the
///   statement.
///
/// Not thread-safe.
class ResultWriter {
 public:
  virtual ~ResultWriter() = default;

  /// A new set of rows begins. `columns`: those that were asked for, in their order; empty: as they
  /// turn up.
  virtual void begin(const std::vector<std::string>& columns) = 0;
  /// One row; a column that it does not name is empty.
  virtual void row(const std::vector<client::Bin>& cells) = 0;
  /// The set has ended. `node`: "address:port" when it came from one node alone, else empty.
  virtual void end_rows(std::string_view node, double seconds) = 0;
  /// `message` is empty when rows were the answer.
  virtual void success(std::string_view message) = 0;
  virtual void failure(std::int32_t code, std::string_view message) = 0;
};

enum class OutputMode : std::uint8_t { Table, Json, Raw, Mute, JsonLines, Csv, Tsv };

/// "table", "JSON", ... in any case; `extended` also jsonl, csv, tsv. Nothing for an unknown word.
std::optional<OutputMode> parse_output_mode(std::string_view word, bool extended);
std::string_view output_mode_name(OutputMode mode);
/// Whether programs read it, so that nothing but the answer may be printed.
bool is_machine_readable(OutputMode mode);

struct OutputOptions {
  OutputMode mode = OutputMode::Table;
  bool with_types = true;  // Wrap lists, maps, GeoJSON.
  bool cuts_cells = true;  // Cells of a table end at 254 bytes, as in the original; false: whole.
};

/// Writes to `out`; failures in table mode to `err`. Both must outlive it.
std::unique_ptr<ResultWriter> make_writer(const OutputOptions& options, std::ostream& out,
                                          std::ostream& err);

/// "1 row in set (0.003 secs)", as it ends every set of rows.
std::string rows_footer(std::uint64_t rows, std::string_view node, double seconds);

}  // namespace flotilla::tools
