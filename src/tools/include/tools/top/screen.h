#pragma once

#include <string>
#include <string_view>

#include "tools/top/course.h"

namespace flotilla::tools::top {

/// How the cluster is looked at; the keys change it.
struct View {
  std::size_t width = 80;  // Columns.
  std::size_t height = 0;  // Lines; 0: as many as it takes.
  bool colours = false;
  bool utf8 = false;  // Else the course is drawn in ASCII.
  std::size_t sort_column = 0;
  bool reversed = false;
  bool shows_namespaces = true;
  bool is_paused = false;
  bool shows_keys = false;  // The last line.
  std::size_t first_node = 0;
  double interval_seconds = 2;
  std::string clock = {};  // "12:01:22"
};

/// What a key asks for. Everything else is in the view.
enum class Wish : std::uint8_t { None, Quit, Redraw };
/// `key`: one byte as typed, or "up" and "down".
Wish press(View& view, std::string_view key);

/// Lines of at most `view.width` columns, each ending in a line feed.
std::string draw(const Course& course, const View& view);

/// "0", "3.2", "950", "12.3k", "1.00M": at most five columns.
std::string short_number(double number);
/// The same in steps of 1024.
std::string short_bytes(double bytes);

}  // namespace flotilla::tools::top
