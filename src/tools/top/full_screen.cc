#include "full_screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "base/parse.h"

namespace flotilla::tools::top {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kClearToEndOfLine = "\x1b[K";
constexpr std::string_view kClearBelow = "\x1b[J";
constexpr std::string_view kEndOfInput = "\x04";

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

FullScreen::FullScreen() {
  tcgetattr(STDIN_FILENO, &before_);
  termios keys = before_;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  keys.c_cc[VMIN] = 1;
  keys.c_cc[VTIME] = 0;
  keys.c_cc[VSUSP] = _POSIX_VDISABLE;
  tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  write_all(kEnter);
}

FullScreen::~FullScreen() {
  write_all(kLeave);
  tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

FullScreen::Size FullScreen::size() const {
  winsize window{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0)
    return {.columns = 80, .lines = 24};
  return {.columns = window.ws_col, .lines = window.ws_row};
}

void FullScreen::show(std::string_view text) {
  std::string out(kHome);
  std::size_t left = size().lines;
  for (const std::string_view line : split(text, '\n')) {
    if (left-- == 0) break;
    if (out.size() > kHome.size()) out += "\r\n";
    out += line;
    out += kClearToEndOfLine;
  }
  out += kClearBelow;
  write_all(out);
}

std::string FullScreen::key(std::chrono::milliseconds wait) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, static_cast<int>(wait.count())) <= 0) return {};
  char bytes[8];
  const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
  if (count < 0) return errno == EINTR ? std::string() : std::string(kEndOfInput);
  if (count == 0) return std::string(kEndOfInput);
  const std::string_view typed(bytes, static_cast<std::size_t>(count));
  if (typed == "\x1b[A" || typed == "\x1bOA") return "up";
  if (typed == "\x1b[B" || typed == "\x1bOB") return "down";
  return typed.starts_with('\x1b') ? std::string() : std::string(typed.substr(0, 1));
}

}  // namespace flotilla::tools::top
