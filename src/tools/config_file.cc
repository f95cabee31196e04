#include "tools/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/bytes.h"
#include "base/parse.h"

namespace flotilla::tools {
namespace {

constexpr int kIncludeDepthMax = 3;
constexpr std::size_t kFileSizeMax = 1 << 20;

/// Keys of [cluster], for every tool.
constexpr std::string_view kClusterKeys[] = {"auth",
                                             "host",
                                             "password",
                                             "port",
                                             "tls-cafile",
                                             "tls-capath",
                                             "tls-cert-blacklist",
                                             "tls-certfile",
                                             "tls-cipher-suite",
                                             "tls-crl-check",
                                             "tls-crl-check-all",
                                             "tls-enable",
                                             "tls-keyfile",
                                             "tls-keyfile-password",
                                             "tls-name",
                                             "tls-protocols",
                                             "user",
                                             "services-alternate"};

tl::unexpected<std::string> at_line(int line, std::string_view why) {
  return tl::unexpected(fmt::format("line {}: {}", line, why));
}

std::string with_dashes(std::string_view key) {
  std::string result(key);
  std::ranges::replace(result, '_', '-');
  return result;
}

/// A quoted text with its escapes, or what stands up to a comment. Nothing: no closing quote.
std::optional<std::string> value_of(std::string_view text) {
  if (text.empty() || (text[0] != '"' && text[0] != '\''))
    return std::string(trim(text.substr(0, text.find('#'))));
  const char quote = text[0];
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      const std::string_view rest = trim(text.substr(i + 1));
      if (rest.empty() || rest[0] == '#') return value;
      return std::nullopt;
    }
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      value += text[i] == 'n' ? '\n' : (text[i] == 't' ? '\t' : text[i]);
    } else {
      value += text[i];
    }
  }
  return std::nullopt;
}

tl::expected<std::string, std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(fmt::format("cannot read '{}'", path));
  std::string text(kFileSizeMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileSizeMax) return tl::unexpected(fmt::format("'{}' is too large", path));
  return text;
}

tl::expected<void, std::string> read_into(const std::string& path, int depth,
                                          std::vector<ConfigEntry>& entries);

tl::expected<void, std::string> include(const ConfigEntry& entry, int depth,
                                        std::vector<ConfigEntry>& entries) {
  if (depth == kIncludeDepthMax)
    return tl::unexpected(
        fmt::format("files include each other more than {} deep", kIncludeDepthMax));
  if (entry.key == "file") return read_into(entry.value, depth + 1, entries);
  std::error_code error;
  std::vector<std::string> paths;
  for (const auto& found : std::filesystem::directory_iterator(entry.value, error))
    paths.push_back(found.path().string());
  if (error) return tl::unexpected(fmt::format("cannot read the folder '{}'", entry.value));
  std::ranges::sort(paths);
  for (const std::string& path : paths)
    if (auto done = read_into(path, depth + 1, entries); !done) return done;
  return {};
}

tl::expected<void, std::string> read_into(const std::string& path, int depth,
                                          std::vector<ConfigEntry>& entries) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  const auto parsed = parse_config(*text);
  if (!parsed) return tl::unexpected(fmt::format("{}, {}", path, parsed.error()));
  for (const ConfigEntry& entry : *parsed) {
    if (entry.section != "include") {
      entries.push_back(entry);
    } else if (auto done = include(entry, depth, entries); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace

tl::expected<std::vector<ConfigEntry>, std::string> parse_config(std::string_view text) {
  std::vector<ConfigEntry> entries;
  std::string section;
  int number = 0;
  for (const std::string_view raw : split(text, '\n')) {
    ++number;
    const std::string_view line = trim(raw);
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      const std::size_t close = line.find(']');
      if (close == std::string_view::npos)
        return at_line(number, "a section lacks its closing bracket");
      section = trim(line.substr(1, close - 1));
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return at_line(number, "expected 'key = value'");
    const auto value = value_of(trim(line.substr(equals + 1)));
    if (!value) return at_line(number, "a text lacks its closing quote");
    entries.push_back({section, with_dashes(trim(line.substr(0, equals))), *value, number});
  }
  return entries;
}

tl::expected<ConfigValues, std::string> choose_values(const std::vector<ConfigEntry>& entries,
                                                      const ConfigRequest& request) {
  const std::string suffix = request.instance.empty() ? std::string() : '_' + request.instance;
  const std::string cluster = "cluster" + suffix;
  const std::string tool = request.tool + suffix;
  ConfigValues values;
  for (const ConfigEntry& entry : entries) {
    if (entry.section != cluster && entry.section != tool) continue;
    const bool known = entry.section == cluster
                           ? std::ranges::find(kClusterKeys, entry.key) != std::end(kClusterKeys)
                           : std::ranges::find(request.allowed, entry.key) != request.allowed.end();
    if (!known)
      return tl::unexpected(
          fmt::format("unknown key '{}' in section [{}]", entry.key, entry.section));
    auto value = resolve_secret(entry.value);
    if (!value) return tl::unexpected(value.error());
    values[entry.key] = *std::move(value);
  }
  return values;
}

std::vector<std::string> config_paths(const ConfigPlaces& places, std::string_view home) {
  if (places.none) return {};
  if (places.only) return {*places.only};
  std::vector<std::string> paths = {"/etc/aerospike/astools.conf"};
  if (!home.empty()) paths.push_back(fmt::format("{}/.aerospike/astools.conf", home));
  if (places.extra) paths.push_back(*places.extra);
  return paths;
}

tl::expected<std::vector<ConfigEntry>, std::string> read_config(const ConfigPlaces& places,
                                                                std::string_view home) {
  std::vector<ConfigEntry> entries;
  for (const std::string& path : config_paths(places, home)) {
    const bool named = path == places.extra || path == places.only;
    if (!named && !std::filesystem::exists(path)) continue;
    if (const auto read = read_into(path, 0, entries); !read) return tl::unexpected(read.error());
  }
  return entries;
}

tl::expected<std::string, std::string> resolve_secret(std::string_view value) {
  const auto decoded = [](std::string_view text) -> tl::expected<std::string, std::string> {
    Buffer bytes;
    if (!from_base64(trim(text), bytes))
      return tl::unexpected<std::string>("a secret is not base64");
    return std::string(as_text(bytes));
  };
  const auto from_environment =
      [](std::string_view name) -> tl::expected<std::string, std::string> {
    const char* const found = std::getenv(std::string(name).c_str());
    if (found == nullptr) return tl::unexpected(fmt::format("the environment has no {}", name));
    return std::string(found);
  };
  if (value.starts_with("env-b64:")) {
    const auto text = from_environment(value.substr(8));
    return text ? decoded(*text) : text;
  }
  if (value.starts_with("env:")) return from_environment(value.substr(4));
  if (value.starts_with("b64:")) return decoded(value.substr(4));
  if (value.starts_with("file:")) {
    auto text = read_file(std::string(value.substr(5)));
    while (text && text->ends_with('\n')) text->pop_back();
    return text;
  }
  return std::string(value);
}

}  // namespace flotilla::tools
