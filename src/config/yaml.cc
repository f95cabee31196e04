// The YAML form, turned into the tree of the other form: everything after that is common.

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "base/parse.h"
#include "config/parameter.h"
#include "document.h"

namespace flotilla::config {
namespace {

// An alias may stand for a tree that holds aliases; without a bound a short text describes a huge
// one.
constexpr std::size_t kEntriesMost = 20000;

// Maps whose keys are names of sections of one kind.
struct Plural {
  std::string_view key;
  std::string_view section;
};
constexpr Plural kNamedSections[] = {
    {"dcs", "dc"}, {"namespaces", "namespace"}, {"sets", "set"}, {"tls", "tls"}};
constexpr std::string_view kTypedSections[] = {"storage-engine", "index-type", "sindex-type"};

std::string singular(std::string_view name) {
  if (name.ends_with("addresses"))
    name.remove_suffix(2);
  else if (name.ends_with('s'))
    name.remove_suffix(1);
  return std::string(name);
}

// The parameter of that name, in whatever scope: `m` means minutes for a time and millions for a
// size.
bool is_time(std::string_view name) {
  return std::ranges::any_of(parameters(), [&](const Parameter& p) {
    return p.kind.type == Type::Seconds &&
           (p.name == name || p.name.ends_with(fmt::format(".{}", name)));
  });
}

class YamlReader {
 public:
  explicit YamlReader(std::string_view path) : path_(path) {}

  Outcome<std::vector<Entry>> read(const YAML::Node& root) {
    if (!root.IsMap()) return bad(root, "the document is no map of sections");
    std::vector<Entry> top;
    if (auto done = read_map(root, 0, top); !done) return tl::unexpected(done.error());
    return top;
  }

 private:
  tl::unexpected<std::string> bad(const YAML::Node& at, std::string_view text) const {
    return refuse(fmt::format("{}:{}: {}", path_, at.Mark().line + 1, text));
  }

  Entry entry_at(const YAML::Node& at, std::string_view name) const {
    Entry entry;
    entry.name = name;
    entry.line = static_cast<std::uint32_t>(at.Mark().line + 1);
    return entry;
  }

  Outcome<void> read_map(const YAML::Node& map, std::size_t depth, std::vector<Entry>& out) {
    if (depth > kDepthMax) return bad(map, fmt::format("sections nest deeper than {}", kDepthMax));
    std::set<std::string> seen;
    for (const auto& pair : map) {
      if (!pair.first.IsScalar()) return bad(pair.first, "a key is no name");
      const std::string& key = pair.first.Scalar();
      if (!seen.insert(key).second)
        return bad(pair.first, fmt::format("'{}' stands here twice", key));
      if (auto done = read_pair(key, pair.first, pair.second, depth, out); !done) return done;
    }
    return {};
  }

  Outcome<void> read_pair(const std::string& key, const YAML::Node& at, const YAML::Node& value,
                          std::size_t depth, std::vector<Entry>& out) {
    if (++entries_ > kEntriesMost)
      return bad(at, fmt::format("more than {} entries", kEntriesMost));
    if (value.IsScalar()) {
      out.push_back(entry_at(at, key));
      out.back().values = {value.Scalar()};
      return {};
    }
    if (key == "logging" && value.IsSequence()) return read_logging(at, value, out);
    if (value.IsSequence()) return read_list(key, at, value, out);
    if (value.IsMap() && value["value"] && value["unit"]) return read_quantity(key, at, value, out);
    if (value.IsMap()) return read_section(key, at, value, depth, out);
    return bad(at, fmt::format("'{}' has no value", key));
  }

  Outcome<void> read_section(const std::string& key, const YAML::Node& at, const YAML::Node& value,
                             std::size_t depth, std::vector<Entry>& out) {
    for (const Plural& plural : kNamedSections) {
      if (plural.key != key) continue;
      for (const auto& pair : value) {
        if (!pair.first.IsScalar() || !pair.second.IsMap())
          return bad(pair.first, fmt::format("'{}' holds no map", key));
        Entry named = entry_at(pair.first, plural.section);
        named.section = true;
        named.values = {pair.first.Scalar()};
        if (auto done = read_map(pair.second, depth + 1, named.children); !done) return done;
        out.push_back(std::move(named));
      }
      return {};
    }
    Entry section = entry_at(at, key);
    section.section = true;
    if (auto done = read_map(value, depth + 1, section.children); !done) return done;
    if (std::ranges::find(kTypedSections, key) != std::end(kTypedSections)) {
      const auto type = std::ranges::find(section.children, "type", &Entry::name);
      if (type == section.children.end()) return bad(at, fmt::format("'{}' needs a type", key));
      section.values = type->values;
      section.children.erase(type);
    }
    out.push_back(std::move(section));
    return {};
  }

  Outcome<void> read_list(const std::string& key, const YAML::Node& at, const YAML::Node& value,
                          std::vector<Entry>& out) {
    for (const auto& item : value) {
      if (++entries_ > kEntriesMost)
        return bad(at, fmt::format("more than {} entries", kEntriesMost));
      if (!item.IsScalar())
        return bad(item, fmt::format("'{}' holds something else than texts", key));
      Entry entry = entry_at(item, singular(key));
      const std::string& text = item.Scalar();
      const std::size_t colon = text.rfind(':');
      if (key.ends_with("address-ports") && colon != std::string::npos) {
        std::string host = text.substr(0, colon);
        if (host.size() > 2 && host.front() == '[' && host.back() == ']')
          host = host.substr(1, host.size() - 2);
        entry.values = {std::move(host), text.substr(colon + 1)};
      } else {
        for (const std::string_view word : split(text, ' '))
          if (!word.empty()) entry.values.emplace_back(word);
      }
      out.push_back(std::move(entry));
    }
    return {};
  }

  Outcome<void> read_quantity(const std::string& key, const YAML::Node& at, const YAML::Node& value,
                              std::vector<Entry>& out) {
    constexpr std::string_view kDecimal = "kmgtp";
    const std::string digits = value["value"].IsScalar() ? value["value"].Scalar() : "";
    const std::string unit = value["unit"].IsScalar() ? value["unit"].Scalar() : "";
    if (!parse_u64(digits) || unit.empty() || value.size() != 2)
      return bad(at, fmt::format("'{}' is no quantity", key));
    const std::uint64_t number = parse_u64(digits).value_or(0);
    Entry entry = entry_at(at, key);
    const bool binary =
        unit.size() == 2 && unit[1] == 'i' && kDecimal.find(unit[0]) != std::string_view::npos;
    const bool time = unit == "s" || unit == "h" || unit == "d" || (unit == "m" && is_time(key));
    if (binary || time) {
      entry.values = {fmt::format("{}{}", number, unit[0])};
    } else if (unit.size() == 1 && kDecimal.find(unit[0]) != std::string_view::npos) {
      std::uint64_t product = number;
      for (std::size_t i = 0; i <= kDecimal.find(unit[0]); ++i)
        if (__builtin_mul_overflow(product, std::uint64_t{1000}, &product))
          return bad(at, fmt::format("'{}' is too large", key));
      entry.values = {fmt::format("{}", product)};
    } else {
      return bad(at, fmt::format("'{}' is no unit", unit));
    }
    out.push_back(std::move(entry));
    return {};
  }

  // [{type: console, contexts: {any: info}}, {type: file, path: /x, contexts: {...}}]
  Outcome<void> read_logging(const YAML::Node& at, const YAML::Node& value,
                             std::vector<Entry>& out) {
    Entry logging = entry_at(at, "logging");
    logging.section = true;
    for (const auto& item : value) {
      if (!item.IsMap() || !item["type"] || !item["type"].IsScalar())
        return bad(item, "a log needs a type");
      Entry sink = entry_at(item, item["type"].Scalar());
      sink.section = true;
      if (const auto path = item["path"]; path && path.IsScalar()) sink.values = {path.Scalar()};
      if (const auto contexts = item["contexts"]; contexts && contexts.IsMap()) {
        for (const auto& pair : contexts) {
          if (!pair.first.IsScalar() || !pair.second.IsScalar())
            return bad(pair.first, "a context is no name");
          if (++entries_ > kEntriesMost)
            return bad(at, fmt::format("more than {} entries", kEntriesMost));
          Entry line = entry_at(pair.first, "context");
          line.values = {pair.first.Scalar(), pair.second.Scalar()};
          sink.children.push_back(std::move(line));
        }
      }
      logging.children.push_back(std::move(sink));
    }
    out.push_back(std::move(logging));
    return {};
  }

  std::string_view path_;
  std::size_t entries_ = 0;
};

}  // namespace

Outcome<std::vector<Entry>> parse_yaml(std::string_view text, std::string_view path) {
  if (text.size() > kFileSizeMax)
    return refuse(fmt::format("{}: larger than {} bytes", path, kFileSizeMax));
  try {
    return YamlReader(path).read(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& e) {
    return refuse(fmt::format("{}:{}: {}", path, e.mark.line + 1, e.msg));
  }
}

}  // namespace flotilla::config
