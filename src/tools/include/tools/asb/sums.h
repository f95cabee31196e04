#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace flotilla::tools::asb {

/// A checksum for each item of one backup file, its head being the first: what the format itself
/// has no place for. Kept in a file beside it (docs/formats/asb.md).
class Sums {
 public:
  static std::uint32_t of(std::string_view item);

  void add(std::string_view item) { items_.push_back(of(item)); }
  std::size_t count() const { return items_.size(); }
  std::uint32_t operator[](std::size_t place) const { return items_[place]; }

  std::string encode() const;
  /// The error is a sentence.
  static tl::expected<Sums, std::string> parse(std::string_view bytes);

  friend bool operator==(const Sums&, const Sums&) = default;

 private:
  std::vector<std::uint32_t> items_;
};

/// "x.asb.sum"
std::string sums_path(std::string_view backup_file);

}  // namespace flotilla::tools::asb
