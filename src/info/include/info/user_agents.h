#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::info {

/// How many connections each kind of client has, by what clients say they are. Any thread.
class UserAgents {
 public:
  /// Clients choose the texts, so only so many different ones are told apart.
  static constexpr std::size_t kDistinctMost = 1000;

  /// Counts a connection. Gives the text that it is counted under, which remove() wants back:
  /// "unknown" when there are too many different ones.
  std::string add(std::string_view agent);
  /// Once for every add(). An empty text is nobody.
  void remove(std::string_view counted_as);

  struct Line {
    std::string agent;  // Base64, as sent.
    std::uint64_t connections;
  };
  std::vector<Line> list() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

}  // namespace flotilla::info
