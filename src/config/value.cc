#include "config/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/parse.h"

namespace flotilla::config {
namespace {

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

struct Suffix {
  char letter;
  std::int64_t factor;
};
constexpr Suffix kSizes[] = {
    {'k', std::int64_t{1} << 10}, {'m', std::int64_t{1} << 20}, {'g', std::int64_t{1} << 30},
    {'t', std::int64_t{1} << 40}, {'p', std::int64_t{1} << 50},
};
constexpr Suffix kTimes[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

template <std::size_t N>
std::int64_t factor_of(const Suffix (&table)[N], char letter) {
  for (const Suffix& s : table)
    if (s.letter == std::tolower(static_cast<unsigned char>(letter))) return s.factor;
  return 0;
}

Outcome<std::int64_t> parse_scaled(const Kind& kind, std::string_view text) {
  std::int64_t factor = 1;
  std::string_view digits = text;
  if (!text.empty() && std::isdigit(static_cast<unsigned char>(text.back())) == 0) {
    const char letter = text.back();
    factor = kind.type == Type::Bytes     ? factor_of(kSizes, letter)
             : kind.type == Type::Seconds ? factor_of(kTimes, letter)
             : kind.type == Type::Count   ? factor_of(kSizes, letter)
                                          : 0;
    digits.remove_suffix(1);
  }
  const auto number = parse_i64(digits);
  if (!number || factor == 0) {
    if (kind.type == Type::Bytes)
      return refuse(fmt::format("'{}' is not a size such as 512M", text));
    if (kind.type == Type::Seconds)
      return refuse(fmt::format("'{}' is not a time such as 30, 15m, or 2d", text));
    return refuse(fmt::format("'{}' is not a number", text));
  }
  std::int64_t value = 0;
  if (__builtin_mul_overflow(*number, factor, &value))
    return refuse(fmt::format("'{}' is too large", text));
  return value;
}

Outcome<std::int64_t> parse_flag(std::string_view text) {
  if (same_word(text, "true") || same_word(text, "yes")) return 1;
  if (same_word(text, "false") || same_word(text, "no")) return 0;
  return refuse(fmt::format("'{}' is neither true nor false", text));
}

std::string spoken(std::string_view choices) {
  std::string out;
  for (const std::string_view word : split(choices, '|')) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

Outcome<std::int64_t> parse_choice(const Kind& kind, std::string_view text) {
  std::int64_t place = 0;
  for (const std::string_view word : split(kind.choices, '|')) {
    if (same_word(word, text)) return place;
    ++place;
  }
  return refuse(fmt::format("'{}' is none of {}", text, spoken(kind.choices)));
}

std::string item_of(Type type, const std::vector<std::string_view>& tokens) {
  std::string item;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) item += type == Type::Endpoints ? ':' : ' ';
    // An IPv6 address needs brackets before a port can follow it.
    const bool bare_v6 = type == Type::Endpoints && i == 0 && tokens.size() > 1 &&
                         tokens[0].find(':') != std::string_view::npos && tokens[0].front() != '[';
    item += bare_v6 ? fmt::format("[{}]", tokens[i]) : std::string(tokens[i]);
  }
  return item;
}

Outcome<void> assign_list(const Kind& kind, ListCell& cell,
                          const std::vector<std::string_view>& tokens) {
  constexpr std::size_t kItemsMax = 512;
  const bool pair = kind.type == Type::Endpoints;
  if (tokens.empty()) return refuse("a value is missing");
  if (kind.type == Type::Words && tokens.size() != 1) return refuse("one value a line");
  if (pair && tokens.size() != 2) return refuse("needs a host and a port");
  if (pair) {
    const auto port = parse_u64(tokens[1]);
    if (!port || *port == 0 || *port > 65535)
      return refuse(fmt::format("'{}' is not a port", tokens[1]));
  }
  if (cell.items().size() == kItemsMax)
    return refuse(fmt::format("more than {} lines of it", kItemsMax));
  if (!cell.configured)
    cell.items().clear();  // The first line replaces the initial value, further ones add to it.
  cell.items().push_back(item_of(kind.type, tokens));
  return {};
}

}  // namespace

bool is_list(Type type) {
  return type == Type::Paths || type == Type::Endpoints || type == Type::Words;
}

Outcome<std::int64_t> parse_number(const Kind& kind, std::string_view text) {
  if (kind.type == Type::Flag) return parse_flag(text);
  if (kind.type == Type::Choice) return parse_choice(kind, text);
  if (kind.type == Type::Hex) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    const auto number = text.size() <= 16 ? parse_hex_u64(text) : std::nullopt;
    if (!number)
      return refuse(fmt::format("'{}' is not a hexadecimal number of at most 16 digits", text));
    return static_cast<std::int64_t>(*number);
  }
  auto value = parse_scaled(kind, text);
  if (!value) return value;
  if (*value < kind.least) return refuse(fmt::format("'{}' is below {}", text, kind.least));
  if (*value > kind.most) return refuse(fmt::format("'{}' is above {}", text, kind.most));
  return value;
}

Outcome<void> assign(const Kind& kind, Cell cell, const std::vector<std::string_view>& tokens) {
  if (auto* const* list = std::get_if<ListCell*>(&cell)) {
    auto done = assign_list(kind, **list, tokens);
    if (done) (*list)->configured = true;
    return done;
  }
  // `run-as-daemon` may stand alone.
  if (tokens.empty() && kind.type == Type::Flag) return assign(kind, cell, {"true"});
  if (tokens.empty()) return refuse("a value is missing");
  if (tokens.size() > 1) return refuse(fmt::format("'{}' is one value too many", tokens[1]));
  if (auto* const* text = std::get_if<TextCell*>(&cell)) {
    if (tokens[0].size() > static_cast<std::size_t>(kind.most))
      return refuse(fmt::format("longer than {} bytes", kind.most));
    (*text)->set(std::string(tokens[0] == "null" ? std::string_view() : tokens[0]));
    return {};
  }
  const auto value = parse_number(kind, tokens[0]);
  if (!value) return tl::unexpected(value.error());
  std::get<NumberCell*>(cell)->set_raw(*value);
  return {};
}

std::string print(const Kind& kind, Cell cell) {
  if (auto* const* text = std::get_if<TextCell*>(&cell)) {
    std::string value = (**text)();
    return value.empty() ? "null" : value;
  }
  if (auto* const* list = std::get_if<ListCell*>(&cell))
    return fmt::format("{}", fmt::join((**list)(), ","));
  const std::int64_t raw = std::get<NumberCell*>(cell)->raw();
  if (kind.type == Type::Flag) return raw != 0 ? "true" : "false";
  if (kind.type == Type::Hex) return fmt::format("{:X}", static_cast<std::uint64_t>(raw));
  if (kind.type == Type::Choice)
    return std::string(split(kind.choices, '|').at(static_cast<std::size_t>(raw)));
  return fmt::format("{}", raw);
}

bool configured(Cell cell) {
  return std::visit([](const auto* c) { return c->configured; }, cell);
}
void mark_configured(Cell cell) {
  std::visit([](auto* c) { c->configured = true; }, cell);
}

}  // namespace flotilla::config
