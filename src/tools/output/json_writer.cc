#include <nlohmann/json.hpp>

#include "tools/render.h"
#include "writers.h"

namespace flotilla::tools {
namespace {

using Json = nlohmann::ordered_json;

/// Bytes that are not UTF-8 are replaced: the output is JSON whatever the data.
std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json object_of(const std::vector<client::Bin>& cells) {
  Json object = Json::object();
  for (const client::Bin& cell : cells) object[cell.name] = to_json(cell.value);
  return object;
}

/// One array of arrays for each statement: a set of rows each, and at the end the status. Written
/// as the rows come.
class JsonWriter : public ResultWriter {
 public:
  explicit JsonWriter(std::ostream& out) : out_(out) {}

  void begin(const std::vector<std::string>&) override { in_set_ = false; }
  void row(const std::vector<client::Bin>& cells) override { element(object_of(cells)); }
  void end_rows(std::string_view node, double) override {
    if (!node.empty()) element(Json{{"node", std::string(node)}});
    if (!in_set_) open_set();
    close_set();
  }
  void success(std::string_view message) override { status(0, message); }
  void failure(std::int32_t code, std::string_view message) override { status(code, message); }

 private:
  void open_set() {
    out_ << (sets_++ == 0 ? "[\n" : ",\n") << "    [";
    in_set_ = true;
    elements_ = 0;
  }
  void close_set() {
    out_ << (elements_ == 0 ? "]" : "\n    ]");
    in_set_ = false;
  }
  void element(const Json& json) {
    if (!in_set_) open_set();
    out_ << (elements_++ == 0 ? "\n        " : ",\n        ");
    for (const char c : text_of(json, 4)) {
      out_ << c;
      if (c == '\n') out_ << "        ";
    }
  }
  void status(std::int32_t code, std::string_view message) {
    // A failure may come in the middle of a set.
    if (in_set_) close_set();
    Json json{{"Status", code}};
    if (!message.empty()) json["Message"] = std::string(message);
    element(json);
    close_set();
    out_ << "\n]\n\n";
    sets_ = 0;
  }

  std::ostream& out_;
  bool in_set_ = false;
  int sets_ = 0;
  std::uint64_t elements_ = 0;  // Of the open set.
};

/// One object a row and line; failures go to `err`.
class JsonLinesWriter : public ResultWriter {
 public:
  JsonLinesWriter(std::ostream& out, std::ostream& err) : out_(out), err_(err) {}

  void begin(const std::vector<std::string>&) override {}
  void row(const std::vector<client::Bin>& cells) override {
    out_ << text_of(object_of(cells), -1) << '\n';
  }
  void end_rows(std::string_view, double) override {}
  void success(std::string_view) override {}
  void failure(std::int32_t code, std::string_view message) override {
    err_ << "Error: (" << code << ") " << message << '\n';
  }

 private:
  std::ostream& out_;
  std::ostream& err_;
};

}  // namespace

std::unique_ptr<ResultWriter> make_json_writer(std::ostream& out) {
  return std::make_unique<JsonWriter>(out);
}

std::unique_ptr<ResultWriter> make_json_lines_writer(std::ostream& out, std::ostream& err) {
  return std::make_unique<JsonLinesWriter>(out, err);
}

}  // namespace flotilla::tools
