#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::tools {

/// Reads lines from a person: editing, history on disk (1000 lines, searched by ^R), completion by
/// Tab. One at a time, on the main thread: it takes SIGINT over while it lives.
class LineEditor {
 public:
  /// Called for Tab with the line up to the cursor.
  struct Proposal {
    std::size_t replaced = 0;  // Bytes before the cursor that the insertion replaces.
    std::string insertion;
    std::vector<std::string> choices;  // Shown when there is nothing to insert.
  };
  using Complete = std::function<Proposal(std::string_view line)>;
  /// The only candidate for the word that was begun `typed` bytes ago, or what all have in common,
  /// or the choice.
  static Proposal propose(std::size_t typed, const std::vector<std::string>& candidates);

  /// `history_file`: in the home folder.
  LineEditor(const char* program, std::string_view history_file, Complete complete = {});
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  ~LineEditor();

  struct Line {
    enum class Kind : unsigned char { Text, Interrupted, End } kind;
    std::string text;
  };
  Line read(std::string_view prompt);
  /// Adds to the history, on disk when this is gone.
  void remember(const std::string& text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flotilla::tools
