#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "client/scan.h"

namespace flotilla::tools::asb {

/// How far an interrupted backup has come: with it another run goes on in new files.
struct BackupState {
  std::string ns;
  std::string directory;
  std::string sets;     // As given, separated by commas.
  std::size_t set = 0;  // Which of them is being read.
  int next_file = 0;    // Those before it are whole.
  std::uint64_t records = 0;
  client::ScanCursor cursor = {};

  /// JSON.
  std::string encode() const;
  /// The error is a sentence.
  static tl::expected<BackupState, std::string> parse(std::string_view text);
};

}  // namespace flotilla::tools::asb
