#include <algorithm>

#include "tools/render.h"
#include "writers.h"

namespace flotilla::tools {
namespace {

/// CSV (RFC 4180) and TSV: a header, then one line a row. The header names every column, so rows
/// are kept until the set has ended.
class SeparatedWriter : public ResultWriter {
 public:
  SeparatedWriter(char separator, std::ostream& out, std::ostream& err)
      : separator_(separator), out_(out), err_(err) {}

  void begin(const std::vector<std::string>& columns) override {
    columns_ = columns;
    rows_.clear();
  }
  void row(const std::vector<client::Bin>& cells) override {
    for (const client::Bin& cell : cells)
      if (std::ranges::find(columns_, cell.name) == columns_.end()) columns_.push_back(cell.name);
    rows_.push_back(cells);
  }
  void end_rows(std::string_view, double) override {
    for (std::size_t i = 0; i < columns_.size(); ++i) field(i, columns_[i]);
    if (!columns_.empty()) out_ << '\n';
    for (const auto& cells : rows_) {
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto at = std::ranges::find(cells, columns_[i], &client::Bin::name);
        field(i, at == cells.end() ? std::string() : plain(at->value));
      }
      out_ << '\n';
    }
    rows_.clear();
  }
  void success(std::string_view) override {}
  void failure(std::int32_t code, std::string_view message) override {
    err_ << "Error: (" << code << ") " << message << '\n';
  }

 private:
  /// Strings stand for themselves: the quotes of the format are enough.
  static std::string plain(const client::Value& value) {
    if (const auto* text = value.get_if<std::string>()) return *text;
    return render(value, false);
  }

  void field(std::size_t column, const std::string& text) {
    if (column > 0) out_ << separator_;
    if (separator_ == '\t') {
      for (const char c : text) {
        if (c == '\t')
          out_ << "\\t";
        else if (c == '\n')
          out_ << "\\n";
        else if (c == '\\')
          out_ << "\\\\";
        else
          out_ << c;
      }
      return;
    }
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
      out_ << text;
      return;
    }
    out_ << '"';
    for (const char c : text) out_ << (c == '"' ? "\"\"" : std::string(1, c));
    out_ << '"';
  }

  const char separator_;
  std::ostream& out_;
  std::ostream& err_;
  std::vector<std::string> columns_;
  std::vector<std::vector<client::Bin>> rows_;
};

}  // namespace

std::unique_ptr<ResultWriter> make_separated_writer(char separator, std::ostream& out,
                                                    std::ostream& err) {
  return std::make_unique<SeparatedWriter>(separator, out, err);
}

}  // namespace flotilla::tools
