#include <algorithm>
#include <map>

#include "tools/render.h"
#include "writers.h"

namespace flotilla::tools {
namespace {

/// A table is printed with a header of its own after so many rows, so that a long scan shows
/// something early.
constexpr std::size_t kRowsPerTable = 99;
constexpr std::size_t kColumnsMax = 64;
constexpr std::size_t kCellSizeMax = 254;

/// Terminals count characters, not bytes: those that continue a UTF-8 sequence have no width.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

class TableWriter : public ResultWriter {
 public:
  TableWriter(const OutputOptions& options, std::ostream& out, std::ostream& err)
      : options_(options), out_(out), err_(err) {}

  void begin(const std::vector<std::string>& columns) override {
    columns_.clear();
    for (const std::string& name : columns) add_column(name, name.size() + 1);
    rows_.clear();
    total_ = 0;
  }

  void row(const std::vector<client::Bin>& cells) override {
    std::vector<std::string> texts(columns_.size());
    for (const client::Bin& cell : cells) {
      const std::size_t column = column_of(cell.name);
      if (column == kColumnsMax) continue;
      if (texts.size() <= column) texts.resize(column + 1);
      texts[column] = text_of(cell);
    }
    rows_.push_back(std::move(texts));
    ++total_;
    if (rows_.size() == kRowsPerTable) flush();
  }

  void end_rows(std::string_view node, double seconds) override {
    flush();
    out_ << rows_footer(total_, node, seconds) << '\n';
  }

  void success(std::string_view message) override {
    out_ << "OK" << (message.empty() ? "" : ", ") << message << "\n\n";
  }

  void failure(std::int32_t code, std::string_view message) override {
    out_.flush();
    err_ << "Error: (" << code << ") " << message << "\n\n";
    err_.flush();
  }

 private:
  struct Column {
    std::string name;
    std::size_t least_width;
  };

  std::size_t column_of(const std::string& name) {
    const auto at = std::ranges::find(columns_, name, &Column::name);
    if (at != columns_.end()) return static_cast<std::size_t>(at - columns_.begin());
    if (columns_.size() == kColumnsMax) return kColumnsMax;
    add_column(name, name.size());
    return columns_.size() - 1;
  }
  void add_column(const std::string& name, std::size_t least_width) {
    if (columns_.size() < kColumnsMax) columns_.push_back({name, least_width});
  }

  std::string text_of(const client::Bin& cell) const {
    std::string text = render(cell.value, options_.with_types);
    if (options_.cuts_cells && text.size() > kCellSizeMax) text.resize(kCellSizeMax);
    return text;
  }

  void flush() {
    if (rows_.empty()) return;
    std::vector<std::size_t> widths;
    for (const Column& column : columns_) widths.push_back(column.least_width);
    for (const auto& cells : rows_)
      for (std::size_t i = 0; i < cells.size(); ++i)
        widths[i] = std::max(widths[i], width_of(cells[i]));
    std::string rule;
    for (const std::size_t width : widths) rule += '+' + std::string(width + 2, '-');
    rule += "+\n";
    std::vector<std::string> names;
    for (const Column& column : columns_) names.push_back(column.name);
    out_ << rule;
    write_line(names, widths);
    out_ << rule;
    for (const auto& cells : rows_) write_line(cells, widths);
    out_ << rule;
    rows_.clear();
  }

  void write_line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
    static const std::string kEmpty;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string& text = i < cells.size() ? cells[i] : kEmpty;
      out_ << "| " << text << std::string(widths[i] - width_of(text) + 1, ' ');
    }
    out_ << "|\n";
  }

  const OutputOptions options_;
  std::ostream& out_;
  std::ostream& err_;
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  // Of the table being filled.
  std::uint64_t total_ = 0;
};

}  // namespace

std::unique_ptr<ResultWriter> make_table_writer(const OutputOptions& options, std::ostream& out,
                                                std::ostream& err) {
  return std::make_unique<TableWriter>(options, out, err);
}

}  // namespace flotilla::tools
