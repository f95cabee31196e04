#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

/// Tables of facts about a cluster: built from answers, then printed or written as JSON.
namespace flotilla::tools::admin {

enum class Align : std::uint8_t { Left, Right };
/// Why a cell stands out on a terminal.
enum class Tint : std::uint8_t { None, Good, Note, Alert };

struct Cell {
  std::string text = {};  // As printed.
  std::string raw = {};   // As the node said it; empty: as `text`.
  Tint tint = Tint::None;
};

struct Column {
  std::string group = {};  // Neighbours of the same group stand under one heading; empty: none.
  std::string title = {};
  Align align = Align::Right;
};

struct Row {
  std::vector<Cell> cells = {};  // As many as there are columns.
  bool is_total = false;         // A sum over rows above: not counted, not in JSON records.
};

struct Sheet {
  std::string title = {};
  std::vector<Column> columns = {};
  std::vector<Row> rows = {};
};

/// How sheets are printed.
struct Style {
  bool colours = false;
  std::string time = {};          // "2026-11-22 10:02:53 UTC", behind the title.
  std::size_t repeats_after = 0;  // The headings come again after so many rows; 0: never.
};

/// Title between tildes as wide as the table, headings (wrapped at blanks where the values are
/// narrower), one line a row, and the number of rows.
std::string print(const Sheet& sheet, const Style& style);

/// Columns as rows and rows as columns; totals are left out.
Sheet flipped(const Sheet& sheet);

/// Title, and per row the columns by name, grouped ones nested, each {"raw": ..., "converted":
/// ...}.
nlohmann::ordered_json to_json(const Sheet& sheet);
/// The same as text, ending in a line feed.
std::string json_text(const Sheet& sheet);

/// Figures as administrators are used to them: "1.234 K", "0.000  ", "95.367 MB", "0.0 %",
/// "00:02:09". Text that is no number stays as it is.
std::string scaled_count(std::string_view number);
std::string scaled_bytes(std::string_view number);
std::string percentage(std::string_view number);
std::string duration(std::string_view seconds);

}  // namespace flotilla::tools::admin
