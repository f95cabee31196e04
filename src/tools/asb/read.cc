#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/parse.h"
#include "text.h"
#include "tools/asb/asb.h"
#include "types.h"

namespace flotilla::tools::asb {

using client::Value;

bool Reader::read_char(char& c) {
  if (peeked_ == -1) return false;
  if (peeked_ >= 0) {
    c = static_cast<char>(peeked_);
    peeked_ = -2;
  } else if (!in_.get(c)) {
    return false;
  }
  line_ += ends_line_ ? 1 : 0;
  ends_line_ = c == '\n';
  if (sums_ != nullptr) item_ += c;
  return true;
}

bool Reader::expect(std::string_view text) {
  for (const char wanted : text) {
    char c = 0;
    if (!read_char(c) || c != wanted) return false;
  }
  return true;
}

bool Reader::token(std::string& text, char separator) {
  text.clear();
  for (char c = 0; read_char(c);) {
    if (c == separator) return true;
    if (c == ' ' || c == '\n') return false;
    if (c == '\\' && !read_char(c)) return false;
    if (text.size() == kTokenSizeMax) return false;
    text += c;
  }
  return false;
}

bool Reader::number(std::uint64_t& value, std::uint64_t most, char separator) {
  std::string text;
  if (!token(text, separator)) return false;
  const auto parsed = parse_u64(text);
  if (!parsed || *parsed > most) return false;
  value = *parsed;
  return true;
}

bool Reader::raw(std::string& bytes, std::uint64_t size) {
  bytes.clear();
  // The length is the file's word: memory grows with what is really there.
  constexpr std::uint64_t kStep = 1 << 20;
  while (size > 0) {
    const std::uint64_t step = std::min(size, kStep);
    const std::size_t before = bytes.size();
    bytes.resize(before + step);
    if (!in_.read(bytes.data() + before, static_cast<std::streamsize>(step))) return false;
    size -= step;
  }
  if (bytes.empty()) return true;
  line_ += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end() - 1, '\n')) +
           (ends_line_ ? 1 : 0);
  ends_line_ = bytes.back() == '\n';
  if (sums_ != nullptr) item_ += bytes;
  return true;
}

bool Reader::sized_text(std::string& text) {
  std::uint64_t size = 0;
  return number(size, kValueSizeMax, ' ') && raw(text, size);
}

bool Reader::sized_bytes(Buffer& bytes, bool is_raw) {
  std::string text;
  if (!sized_text(text)) return false;
  if (!is_raw) return from_base64(text, bytes);
  bytes.assign(as_bytes(text).begin(), as_bytes(text).end());
  return true;
}

tl::unexpected<std::string> Reader::wrong() const {
  if (in_.eof())
    return tl::unexpected(fmt::format("line {}: the file ends here, it is truncated", line_));
  return tl::unexpected(fmt::format("line {}: not the format of a backup (version 3.1)", line_));
}

tl::expected<void, std::string> Reader::start() {
  std::string version;
  if (!expect("Version ") || !token(version, '\n')) return wrong();
  if (version != "3.0" && version != "3.1")
    return tl::unexpected(fmt::format("the backup has version {}, not 3.0 or 3.1", version));
  for (;;) {
    peeked_ = in_.peek() == std::istream::traits_type::eof() ? -1 : in_.get();
    if (peeked_ != '#') return verify();
    std::string word;
    if (!expect("# ")) return wrong();
    char c = 0;
    while (read_char(c) && c != ' ' && c != '\n' && word.size() < kTokenSizeMax) word += c;
    if (word == "first-file" && c == '\n')
      first_ = true;
    else if (word != "namespace" || c != ' ' || !token(ns_, '\n'))
      return wrong();
  }
}

tl::expected<void, std::string> Reader::verify() {
  if (sums_ == nullptr) return {};
  if (place_ >= sums_->count())
    return tl::unexpected(fmt::format("line {}: more than was written", line_));
  if (Sums::of(item_) != (*sums_)[place_])
    return tl::unexpected(
        fmt::format("item {}, which ends at line {}, does not match its checksum", place_, line_));
  item_.clear();
  ++place_;
  return {};
}

tl::expected<std::optional<Item>, std::string> Reader::next() {
  if (peeked_ == -2) peeked_ = in_.peek() == std::istream::traits_type::eof() ? -1 : in_.get();
  if (peeked_ == -1) {
    if (sums_ != nullptr && place_ < sums_->count())
      return tl::unexpected(
          fmt::format("line {}: the file is truncated, {} of {} items are missing", line_,
                      sums_->count() - place_, sums_->count() - 1));
    return std::optional<Item>();
  }
  auto item = parse_item();
  if (!item) return item;
  if (auto verified = verify(); !verified) return tl::unexpected(verified.error());
  return item;
}

tl::expected<std::optional<Item>, std::string> Reader::parse_item() {
  if (peeked_ == '*') {
    std::string kind;
    if (!expect("* ") || !token(kind, ' ')) return wrong();
    if (kind == "i") {
      Index found;
      if (!index(found)) return wrong();
      return std::optional<Item>(std::move(found));
    }
    Module found;
    if (kind != "u" || !module(found)) return wrong();
    return std::optional<Item>(std::move(found));
  }
  client::Record found{.key = {}};
  if (!record(found)) return wrong();
  return std::optional<Item>(std::move(found));
}

bool Reader::index(Index& index) {
  std::string elements;
  std::string count;
  std::string last;
  if (!token(index.ns, ' ') || !token(index.set, ' ') || !token(index.name, ' ') ||
      !token(elements, ' ') || !token(count, ' ') || count != "1" || !token(index.bin, ' '))
    return false;
  // The context may follow the type, so the end of the line decides.
  char c = 0;
  while (read_char(c) && c != '\n' && last.size() < 4 * kTokenSizeMax) last += c;
  const std::size_t blank = last.find(' ');
  if (c != '\n' || elements.size() != 1 || blank == 0 || last.empty()) return false;
  if (blank != std::string::npos) index.context = last.substr(blank + 1);
  if (last.substr(0, blank).size() != 1) return false;
  index.elements = elements[0];
  index.type = last[0];
  return true;
}

bool Reader::module(Module& module) {
  std::string language;
  return token(language, ' ') && language == "L" && token(module.name, ' ') &&
         sized_text(module.content) && expect("\n");
}

bool Reader::typed_value(char letter, bool is_raw, Value& value) {
  std::string text;
  switch (letter) {
    case 'Z':
      if (!token(text, '\n') || (text != "T" && text != "F")) return false;
      value = text == "T";
      return true;
    case 'I': {
      const auto number = token(text, '\n') ? parse_i64(text) : std::nullopt;
      if (number) value = *number;
      return number.has_value();
    }
    case 'D': {
      if (!token(text, '\n')) return false;
      const auto real = parse_real(text);
      if (real) value = *real;
      return real.has_value();
    }
    case 'S':
      if (!sized_text(text)) return false;
      value = Value(text);
      return expect("\n");
    case 'G':
      if (!sized_text(text)) return false;
      value = client::GeoJson{std::move(text)};
      return expect("\n");
    case 'X': {
      Buffer bytes;
      if (!sized_bytes(bytes, false)) return false;
      value = Value(as_text(bytes));
      return expect("\n");
    }
    default:
      break;
  }
  for (const BytesLetter& row : kBytesLetters) {
    if (row.letter != letter) continue;
    client::Blob blob{.bytes = {}, .type = row.type};
    if (!sized_bytes(blob.bytes, is_raw)) return false;
    value = std::move(blob);
    return expect("\n");
  }
  return false;
}

bool Reader::key(client::Record& record) {
  std::string kind;
  if (!token(kind, ' ') || kind.empty() || kind.size() > 2) return false;
  const bool is_raw = kind.size() == 2;
  if (is_raw && kind[1] != '!') return false;
  Value value;
  if (!typed_value(kind[0], is_raw, value)) return false;
  record.key.user_key = std::move(value);
  return true;
}

bool Reader::record_head(client::Record& record, std::uint32_t& bins) {
  constexpr std::uint64_t kMost32 = std::numeric_limits<std::uint32_t>::max();
  // The lines come in this order; key and set may be missing.
  std::string order = "kndsgtb";
  for (;;) {
    std::string what;
    if (!expect("+ ") || !token(what, ' ') || what.size() != 1) return false;
    const std::size_t place = order.find(what[0]);
    if (place == std::string::npos) return false;
    order.erase(0, place + 1);
    std::string text;
    Buffer digest;
    std::uint64_t value = 0;
    switch (what[0]) {
      case 'k':
        if (!key(record)) return false;
        break;
      case 'n':
        if (!token(record.key.ns, '\n')) return false;
        break;
      case 'd':
        if (!token(text, '\n') || !from_base64(text, digest) ||
            digest.size() != wire::Digest::kSize)
          return false;
        record.key.digest = wire::Digest::load(digest.data());
        break;
      case 's':
        if (!token(record.key.set, '\n')) return false;
        break;
      case 'g':
        if (!number(value, 0xFFFF, '\n')) return false;
        record.generation = static_cast<std::uint32_t>(value);
        break;
      case 't':
        if (!number(value, kMost32, '\n')) return false;
        record.void_time = static_cast<std::uint32_t>(value);
        break;
      default:
        if (!number(value, kBinsMax, '\n') || record.key.ns.empty()) return false;
        bins = static_cast<std::uint32_t>(value);
        return true;
    }
  }
}

bool Reader::bin(client::Record& record) {
  std::string kind;
  if (!expect("- ") || !token(kind, ' ') || kind.empty() || kind.size() > 2) return false;
  const bool is_raw = kind.size() == 2;
  if (is_raw && kind[1] != '!') return false;
  client::Bin bin;
  if (kind[0] == 'N') {
    if (!token(bin.name, '\n')) return false;
  } else if (!token(bin.name, ' ') || !typed_value(kind[0], is_raw, bin.value)) {
    return false;
  }
  record.bins.push_back(std::move(bin));
  return true;
}

bool Reader::record(client::Record& record) {
  std::uint32_t bins = 0;
  if (!record_head(record, bins)) return false;
  for (std::uint32_t i = 0; i < bins; ++i)
    if (!bin(record)) return false;
  return true;
}

}  // namespace flotilla::tools::asb
