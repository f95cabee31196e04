#pragma once

#include <termios.h>

#include <chrono>
#include <string>
#include <string_view>

namespace flotilla::tools::top {

/// While it lives, the terminal shows a screen of ours, and keys come one by one, unseen. Needs
/// standard input and output to be terminals. Ctrl-C still makes a signal.
class FullScreen {
 public:
  FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;
  ~FullScreen();

  struct Size {
    std::size_t columns;
    std::size_t lines;
  };
  Size size() const;
  /// Puts the text in place of what is shown, without flicker.
  void show(std::string_view text);
  /// The next key: a byte as typed, "up", "down"; empty: none came in time. "\x04" when the
  /// terminal is gone.
  std::string key(std::chrono::milliseconds wait);

 private:
  termios before_{};
};

}  // namespace flotilla::tools::top
