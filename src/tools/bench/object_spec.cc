#include "tools/bench/object_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "base/parse.h"
#include "text.h"

namespace flotilla::tools::bench {
namespace {

using client::Value;

constexpr std::size_t kSizeMax = 8 << 20;   // Of one text or blob.
constexpr std::size_t kPartsMax = 100'000;  // Of all lists and maps of an object together.
constexpr int kDepthMax = 32;

/// Reads left to right; the first mistake latches error().
class SpecReader {
 public:
  SpecReader(std::string_view text, double compressed_share)
      : text_(text), compressed_share_(compressed_share) {}

  const std::optional<std::string>& error() const { return error_; }
  bool at_end() const { return at_ == text_.size(); }
  bool take(char c) {
    skip_blanks();
    if (error_ || at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// Values up to `end`, '\0' for the end of the text; `is_map`: key:value pairs.
  std::vector<ValueSpec> values(char end, bool is_map, int depth) {
    std::vector<ValueSpec> all;
    if (depth > kDepthMax) fail("is nested too deeply");
    skip_blanks();
    if (end != '\0' && take(end)) return all;
    do {
      const std::size_t times = repetition();
      const std::size_t before = parts_;
      std::vector<ValueSpec> one = {value(depth)};
      if (is_map) {
        if (!take(':')) fail("wants ':' between key and value");
        one.push_back(value(depth));
      }
      // What is inside of a repeated list or map is made as often as it is.
      parts_ = before + times * (parts_ - before + one.size());
      if (parts_ > kPartsMax) fail("has too many values");
      for (std::size_t i = 0; i < times && !error_; ++i)
        all.insert(all.end(), one.begin(), one.end());
    } while (take(','));
    skip_blanks();
    if (end == '\0' ? !at_end() : !take(end)) fail("goes on unexpectedly");
    return all;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  void fail(std::string_view why) {
    if (!error_) error_ = fmt::format("the object spec {} at '{}'", why, text_.substr(at_));
  }
  std::string_view word() {
    skip_blanks();
    const std::size_t end = std::min(text_.find_first_of(",:[]{}* ", at_), text_.size());
    const std::string_view found = text_.substr(at_, end - at_);
    at_ = end;
    return found;
  }
  /// "n*" in front of a value.
  std::size_t repetition() {
    skip_blanks();
    const std::size_t star = text_.find_first_not_of("0123456789", at_);
    if (star == std::string_view::npos || star == at_ || text_[star] != '*') return 1;
    const auto times = parse_integer(text_.substr(at_, star - at_));
    at_ = star + 1;
    if (!times || *times < 1 || static_cast<std::size_t>(*times) > kPartsMax)
      fail("repeats too often");
    return error_ ? 0 : static_cast<std::size_t>(*times);
  }

  ValueSpec value(int depth) {
    if (error_) return {};
    if (take('[')) return {.kind = ValueSpec::Kind::List, .parts = values(']', false, depth + 1)};
    if (take('{')) return {.kind = ValueSpec::Kind::Map, .parts = values('}', true, depth + 1)};
    if (take('"')) return quoted();
    return plain(word());
  }

  ValueSpec quoted() {
    const std::size_t close = text_.find('"', at_);
    if (close == std::string_view::npos) {
      fail("lacks a closing quote");
      return {};
    }
    const std::string_view inside = text_.substr(at_, close - at_);
    at_ = close + 1;
    return {.kind = ValueSpec::Kind::Constant, .constant = Value(inside)};
  }

  ValueSpec plain(std::string_view word) {
    using Kind = ValueSpec::Kind;
    if (word == "b") return {.kind = Kind::Bool};
    if (word == "D") return {.kind = Kind::Double};
    if (word == "true" || word == "false")
      return {.kind = Kind::Constant, .constant = Value(word == "true")};
    if (const auto number = parse_integer(word))
      return {.kind = Kind::Constant, .constant = Value(*number)};
    if (const auto real = parse_real(word))
      return {.kind = Kind::Constant, .constant = Value(*real)};
    const auto size =
        word.size() > 1 ? parse_integer(word.substr(1)) : std::optional<std::int64_t>(4);
    if (!word.empty() && size && *size > 0) {
      const auto bytes = static_cast<std::size_t>(*size);
      if (word[0] == 'I' && bytes <= 8) return {.kind = Kind::Integer, .size = bytes};
      if (word[0] == 'B' && word.size() > 1 && bytes <= kSizeMax)
        return {.kind = Kind::Bytes, .size = bytes, .random_bytes = random_bytes(bytes)};
      if (word[0] == 'S' && word.size() > 1 && bytes <= kSizeMax)
        return {.kind = Kind::String, .size = bytes};
    }
    at_ -= word.size();
    fail("has no such value");
    return {};
  }

  /// What is random does not get shorter by compression, zeros all but vanish.
  std::size_t random_bytes(std::size_t size) const {
    return static_cast<std::size_t>(std::ceil(static_cast<double>(size) * compressed_share_));
  }

  std::string_view text_;
  double compressed_share_;
  std::size_t at_ = 0;
  std::size_t parts_ = 0;
  std::optional<std::string> error_;
};

Value make(const ValueSpec& spec, Random& random);

std::string random_text(std::size_t size, Random& random) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string text(size, '\0');
  for (char& c : text) c = kLetters[random.below(kLetters.size())];
  return text;
}

Buffer make_bytes(const ValueSpec& spec, Random& random) {
  Buffer bytes(spec.size);
  for (std::byte& b : std::span(bytes).first(spec.random_bytes))
    b = static_cast<std::byte>(random.next() & 0xFF);
  return bytes;
}

/// Numbers that take exactly so many bytes, so that records are as large as they are said to be.
std::int64_t random_integer(std::size_t bytes, Random& random) {
  if (bytes == 8) return static_cast<std::int64_t>(random.next());
  const std::uint64_t least = bytes == 1 ? 0 : std::uint64_t{1} << (8 * (bytes - 1));
  return static_cast<std::int64_t>(random.between(least, (std::uint64_t{1} << (8 * bytes)) - 1));
}

Value make_map(const ValueSpec& spec, Random& random) {
  client::Map map;
  for (std::size_t i = 0; i + 1 < spec.parts.size(); i += 2) {
    Value key = make(spec.parts[i], random);
    // Keys drawn twice are left out: a map has each once.
    const bool known =
        std::ranges::any_of(map.entries, [&](const auto& entry) { return entry.first == key; });
    if (!known) map.entries.emplace_back(std::move(key), make(spec.parts[i + 1], random));
  }
  return map;
}

Value make(const ValueSpec& spec, Random& random) {
  using Kind = ValueSpec::Kind;
  switch (spec.kind) {
    case Kind::Bool:
      return random.chance(0.5);
    case Kind::Integer:
      return random_integer(spec.size, random);
    case Kind::Bytes:
      return client::Blob{.bytes = make_bytes(spec, random)};
    case Kind::String:
      return random_text(spec.size, random);
    case Kind::Double:
      return static_cast<double>(random.next() >> 11) / 9007199254740992.0;
    case Kind::Constant:
      return spec.constant;
    case Kind::Map:
      return make_map(spec, random);
    case Kind::List: {
      client::List list;
      for (const ValueSpec& part : spec.parts) list.items.push_back(make(part, random));
      return list;
    }
  }
  return {};
}

}  // namespace

tl::expected<std::vector<ValueSpec>, std::string> parse_object_spec(std::string_view text,
                                                                    double compressed_share) {
  SpecReader reader(text, compressed_share);
  auto specs = reader.values('\0', false, 0);
  if (reader.error()) return tl::unexpected(*reader.error());
  return specs;
}

std::string bin_name(std::string_view first, std::size_t number) {
  return number == 1 ? std::string(first) : fmt::format("{}_{}", first, number);
}

std::vector<client::Bin> make_bins(const std::vector<ValueSpec>& specs, std::string_view bin,
                                   Random& random) {
  std::vector<client::Bin> bins;
  for (std::size_t i = 0; i < specs.size(); ++i)
    bins.push_back({bin_name(bin, i + 1), make(specs[i], random)});
  return bins;
}

tl::expected<BinNumbers, std::string> parse_bin_numbers(std::string_view text) {
  BinNumbers numbers;
  for (const std::string_view part : split(text, ',')) {
    const auto number = parse_u64(part);
    if (!number || *number < 1)
      return tl::unexpected(
          fmt::format("'{}' is not the number of a bin: they count from 1", part));
    numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  if (numbers.empty() || std::ranges::adjacent_find(numbers) != numbers.end())
    return tl::unexpected(fmt::format("'{}' is not a list of different bins", text));
  return numbers;
}

}  // namespace flotilla::tools::bench
