#include "tools/render.h"
#include "writers.h"

namespace flotilla::tools {
namespace {

/// What raw and mute have in common: everything goes to one stream, rows are counted.
class PlainWriter : public ResultWriter {
 public:
  explicit PlainWriter(std::ostream& out) : out_(out) {}

  void begin(const std::vector<std::string>&) override { rows_ = 0; }
  void success(std::string_view message) override {
    out_ << "OK" << (message.empty() ? "" : ", ") << message << "\n\n";
  }
  void failure(std::int32_t code, std::string_view message) override {
    out_ << "Error: (" << code << ") " << message << "\n\n";
  }

 protected:
  std::ostream& out_;
  std::uint64_t rows_ = 0;
};

class RawWriter : public PlainWriter {
 public:
  RawWriter(const OutputOptions& options, std::ostream& out)
      : PlainWriter(out), options_(options) {}

  void row(const std::vector<client::Bin>& cells) override {
    const std::string stars(27, '*');
    out_ << stars << ' ' << ++rows_ << ". row " << stars << '\n';
    for (const client::Bin& cell : cells)
      out_ << cell.name << ": " << render(cell.value, options_.with_types) << '\n';
  }
  void end_rows(std::string_view node, double seconds) override {
    out_ << '\n' << rows_footer(rows_, node, seconds) << '\n';
  }

 private:
  const OutputOptions options_;
};

class MuteWriter : public PlainWriter {
 public:
  using PlainWriter::PlainWriter;

  void row(const std::vector<client::Bin>&) override { ++rows_; }
  void end_rows(std::string_view node, double seconds) override {
    out_ << rows_footer(rows_, node, seconds) << '\n';
  }
};

}  // namespace

std::unique_ptr<ResultWriter> make_raw_writer(const OutputOptions& options, std::ostream& out) {
  return std::make_unique<RawWriter>(options, out);
}

std::unique_ptr<ResultWriter> make_mute_writer(std::ostream& out) {
  return std::make_unique<MuteWriter>(out);
}

}  // namespace flotilla::tools
