#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/parameter.h"
#include "document.h"

namespace flotilla::config {

/// Sizes of a namespace that only older versions had; what they mean shows when the whole section
/// is known.
struct FormerSizes {
  std::optional<std::uint64_t> memory_size;
  std::optional<std::int64_t> high_water_memory_pct;
  std::optional<std::int64_t> stop_writes_pct;
  std::optional<std::int64_t> post_write_queue;
  std::optional<std::uint64_t> write_block_size;
  bool data_in_memory = false;
};

/// Fills a Config from trees and variables, collecting warnings.
class Builder {
 public:
  Builder(Config& config, std::string_view path) : config_(config), path_(path) {}

  Outcome<void> apply(const std::vector<Entry>& top);
  /// Default values that depend on others, old sizes, and the checks over everything.
  Outcome<void> finish(const Machine& machine, bool strict);

  /// A parameter, by the name with its section's prefix.
  Outcome<void> parameter(const Owner& owner, std::string_view name, const Entry& entry);

  void warn(std::uint32_t line, std::string text);
  /// A warning that `strict` turns into a refusal.
  void warn_old(std::uint32_t line, std::string text);
  tl::unexpected<std::string> bad(std::uint32_t line, std::string_view text) const;

  Config& config() { return config_; }
  FormerSizes& former_sizes(const Owner& owner) {
    return former_sizes_[std::get<NamespaceConfig*>(owner)];
  }
  /// For every namespace that does not set it itself.
  void default_for_namespaces(std::string_view name, std::string value, std::uint32_t line) {
    for_namespaces_.push_back({std::string(name), {std::move(value)}, false, {}, line});
  }
  std::vector<std::string>& warnings() { return warnings_; }
  /// A namespace by name, made when it is new. Null when the name is none or there are too many.
  NamespaceConfig* add_namespace(std::string_view name);

 private:
  Outcome<void> apply_all(const Owner& owner, std::string_view prefix,
                          const std::vector<Entry>& entries);
  Outcome<void> top_section(const Entry& entry);
  Outcome<void> section(const Owner& owner, std::string_view prefix, const Entry& entry);
  Outcome<void> named_section(const Owner& owner, const Entry& entry);
  Outcome<void> logging(const Entry& entry);
  Outcome<void> sink(const Entry& entry);
  Outcome<void> unknown(const Owner& owner, std::string_view name, const Entry& entry);
  Outcome<void> former(const Owner& owner, std::string_view name, const Entry& entry,
                       bool& handled);
  Outcome<void> finish_namespace(NamespaceConfig& ns);
  Outcome<void> finish_storage(NamespaceConfig& ns);
  Outcome<void> finish_encryption(NamespaceConfig& ns);
  void finish_former_sizes(NamespaceConfig& ns);
  Outcome<void> check_ports() const;
  void fit_machine(const Machine& machine);

  Config& config_;
  std::string path_;
  std::vector<std::string> warnings_;
  std::vector<std::string> old_;  // Those of the warnings that `strict` refuses.
  std::map<NamespaceConfig*, FormerSizes> former_sizes_;
  std::vector<Entry> for_namespaces_;
};

/// The name in `names` that a typist may have meant; empty when none is near.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names);

}  // namespace flotilla::config
