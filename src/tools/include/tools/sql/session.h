#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "client/client.h"
#include "tools/sql/settings.h"

namespace flotilla::tools::sql {

/// Whose manners to have.
enum class Dialect : std::uint8_t {
  Classic,   // As `aql` answers, byte for byte.
  Extended,  // Our own: errors point at their place, statements may span lines, more output modes,
             // whole cells.
};

struct Streams {
  std::ostream& out;
  std::ostream& err;
};

/// Carries out statements one after the other. One thread.
class Session {
 public:
  struct Options {
    Dialect dialect = Dialect::Classic;
    Settings settings = {};
    bool stops_at_failure = false;  // Of a text or a file: do not run what stands behind a failure.
    /// Seconds since any start, to time statements; a test may hold it still.
    std::function<double()> clock = {};
    /// Asked between the records of a scan: whether to leave it. Nothing: never.
    std::function<bool()> is_interrupted = {};
  };
  /// What became of a statement, or of the last of several.
  enum class Verdict : std::uint8_t {
    Done,
    Failed,
    Incomplete,  // Extended: the statement may go on in the next line; nothing was run or printed.
    Exit,
  };

  /// `client` and the streams must outlive the session.
  Session(const client::Client& client, Streams streams, Options options);

  /// One statement without its ';'. `may_go_on`: an incomplete one is to be reported as such, not
  /// as an error.
  Verdict run_statement(std::string_view statement, bool may_go_on = false);
  /// All statements of a text. Done when every one was done, else Failed; Exit as soon as one says
  /// so.
  Verdict run_text(std::string_view text);
  /// A file, line by line. In the extended dialect a statement may span lines.
  Verdict run_file(const std::string& path);

  const Settings& settings() const { return settings_; }
  Dialect dialect() const { return options_.dialect; }

 private:
  void report(std::string_view statement, const struct SyntaxError& error);
  OutputOptions output_options() const;

  const client::Client& client_;
  Streams streams_;
  Options options_;
  Settings settings_;
  int file_depth_ = 0;
};

}  // namespace flotilla::tools::sql
