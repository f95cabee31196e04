#include <fmt/format.h>

#include <cmath>

#include "client/codec.h"
#include "tools/asb/asb.h"
#include "types.h"

namespace flotilla::tools::asb {
namespace {

using client::Value;

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "+inf" : "-inf";
  return fmt::format("{:.17g}", value);
}

char letter_of(wire::ParticleType type) {
  for (const BytesLetter& row : kBytesLetters)
    if (row.type == type) return row.letter;
  return 'B';
}

}  // namespace

void Writer::end_item() {
  out_ << item_;
  size_ += item_.size();
  if (sums_ != nullptr) sums_->add(item_);
  item_.clear();
}

void Writer::head(std::string_view ns, bool first) {
  put(fmt::format("Version 3.1\n# namespace {}\n", escaped(ns)));
  if (first) put("# first-file\n");
  end_item();
}

void Writer::index(const Index& index) {
  put(fmt::format("* i {} {} {} {} 1 {} {}{}{}\n", escaped(index.ns), escaped(index.set),
                  escaped(index.name), index.elements, escaped(index.bin), index.type,
                  index.context.empty() ? "" : " ", index.context));
  end_item();
}

void Writer::module(const Module& module) {
  put(fmt::format("* u L {} {} ", escaped(module.name), module.content.size()));
  put(module.content);
  put("\n");
  end_item();
}

void Writer::bytes(std::string_view prefix, char letter, std::string_view name, Bytes bytes) {
  const std::string data = compact_ ? std::string(as_text(bytes)) : to_base64(bytes);
  put(fmt::format("{}{}{} {}{} ", prefix, letter, compact_ ? "!" : "", name, data.size()));
  put(data);
  put("\n");
}

/// `name` is empty or ends in a blank.
void Writer::value(std::string_view prefix, std::string_view name, const Value& value) {
  if (value.is_nil())
    return put(fmt::format("{}N {}\n", prefix, name.substr(0, name.empty() ? 0 : name.size() - 1)));
  if (const auto* truth = value.get_if<bool>())
    return put(fmt::format("{}Z {}{}\n", prefix, name, *truth ? 'T' : 'F'));
  if (const auto* number = value.get_if<std::int64_t>())
    return put(fmt::format("{}I {}{}\n", prefix, name, *number));
  if (const auto* real = value.get_if<double>())
    return put(fmt::format("{}D {}{}\n", prefix, name, real_text(*real)));
  if (const auto* blob = value.get_if<client::Blob>())
    return bytes(prefix, letter_of(blob->type), name, blob->bytes);
  const auto* text = value.get_if<std::string>();
  const auto* geo = value.get_if<client::GeoJson>();
  if (text != nullptr || geo != nullptr) {
    const std::string& content = text != nullptr ? *text : geo->text;
    put(fmt::format("{}{} {}{} ", prefix, text != nullptr ? 'S' : 'G', name, content.size()));
    put(content);
    return put("\n");
  }
  // A list or map that was not left encoded.
  if (const auto encoded = client::encode(value))
    bytes(prefix, letter_of(encoded->type), name, encoded->bytes);
}

void Writer::record(const client::Record& record) {
  if (record.key.user_key) value("+ k ", "", *record.key.user_key);
  put(fmt::format("+ n {}\n+ d {}\n", escaped(record.key.ns), to_base64(record.key.digest.view())));
  if (!record.key.set.empty()) put(fmt::format("+ s {}\n", escaped(record.key.set)));
  put(fmt::format("+ g {}\n+ t {}\n+ b {}\n", record.generation, record.void_time,
                  record.bins.size()));
  for (const client::Bin& bin : record.bins) value("- ", escaped(bin.name) + ' ', bin.value);
  end_item();
}

}  // namespace flotilla::tools::asb
