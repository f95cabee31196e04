#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/logging.h"
#include "config/value.h"

namespace flotilla::config {

// Choices, in the order of their words in parameters.def.
enum class AutoPin : std::uint8_t { None, Cpu, Numa, Adq };
enum class LogStyle : std::uint8_t { Text, Json };
enum class HeartbeatMode : std::uint8_t { Mesh, Multicast };
enum class HeartbeatProtocol : std::uint8_t { V3, None, Reset };
enum class ConflictPolicy : std::uint8_t { Generation, LastUpdateTime };
enum class ReadLevel : std::uint8_t { Off, One, All };
enum class CommitLevel : std::uint8_t { Off, Master, All };
enum class IndexPlace : std::uint8_t { Mem, Shmem, Pmem, Flash };
enum class Engine : std::uint8_t { Memory, Device, Pmem };
enum class Compression : std::uint8_t { None, Lz4, Snappy, Zstd };
enum class Encryption : std::uint8_t { Aes128, Aes256 };
enum class TokenHash : std::uint8_t { Sha256, Sha512 };
enum class AuthMode : std::uint8_t { None, Internal, External, ExternalInsecure, Pki };
enum class BinPolicy : std::uint8_t {
  All,
  NoBins,
  OnlyChanged,
  ChangedAndSpecified,
  ChangedOrSpecified
};
enum class WritePolicy : std::uint8_t { Auto, Update, Replace };
enum class ShipVersions : std::uint8_t { Latest, All, Interval };

#define FLOTILLA_CONFIG_FIELD(member, name, cell, ...) cell member;

/// Fields are the rows of parameters.def: `config.service.proto_fd_max()` is the value now.
/// Constructed with the initial values of the rows.
struct ServiceConfig {
  ServiceConfig();
#define SERVICE FLOTILLA_CONFIG_FIELD
#include "config/parameters.def"
};

struct NetworkConfig {
  NetworkConfig();
#define NETWORK FLOTILLA_CONFIG_FIELD
#include "config/parameters.def"
};

struct TlsConfig {
  explicit TlsConfig(std::string_view name);
  const std::string name;
#define TLS FLOTILLA_CONFIG_FIELD
#include "config/parameters.def"
};

struct SetConfig {
  explicit SetConfig(std::string_view name);
  const std::string name;
#define SET FLOTILLA_CONFIG_FIELD
#include "config/parameters.def"
};

struct NamespaceConfig {
  static constexpr std::size_t kNameMax = 31;
  static constexpr std::size_t kSetNameMax = 63;
  static constexpr std::size_t kSetsMax = 4095;

  explicit NamespaceConfig(std::string_view name);
  const std::string name;
#define NAMESPACE FLOTILLA_CONFIG_FIELD
#include "config/parameters.def"

  /// Its data outlives the process.
  bool keeps_data() const { return !storage_files().empty() || !storage_devices().empty(); }

  /// Configuration of a set, made on demand. The address stays valid as long as the namespace's
  /// configuration: look it up once per set, not per request. Null when the name is too long or
  /// there are too many sets. Thread-safe.
  SetConfig* set(std::string_view set_name);
  /// Null when nobody has asked for the set yet.
  SetConfig* find_set(std::string_view set_name) const;
  std::vector<SetConfig*> sets() const;

 private:
  mutable std::mutex sets_mutex_;
  std::map<std::string, std::unique_ptr<SetConfig>, std::less<>> sets_;
};

struct ModLuaConfig {
  ModLuaConfig();
#define MOD_LUA FLOTILLA_CONFIG_FIELD
#include "config/parameters.def"
};

struct SecurityConfig {
  SecurityConfig();
  bool enabled = false;  // A security section stands in the file.
#define SECURITY FLOTILLA_CONFIG_FIELD
#include "config/parameters.def"
};

struct XdrDcNamespaceConfig {
  explicit XdrDcNamespaceConfig(std::string_view name);
  const std::string name;
#define XDR_DC_NAMESPACE FLOTILLA_CONFIG_FIELD
#include "config/parameters.def"
};

struct XdrDcConfig {
  explicit XdrDcConfig(std::string_view name);
  const std::string name;
  std::vector<std::unique_ptr<XdrDcNamespaceConfig>> namespaces;
#define XDR_DC FLOTILLA_CONFIG_FIELD
#include "config/parameters.def"
};

struct XdrConfig {
  XdrConfig();
  std::vector<std::unique_ptr<XdrDcConfig>> dcs;
#define XDR FLOTILLA_CONFIG_FIELD
#include "config/parameters.def"
};

#undef FLOTILLA_CONFIG_FIELD

/// Whose cells a row of the table describes.
using Owner =
    std::variant<ServiceConfig*, NetworkConfig*, TlsConfig*, NamespaceConfig*, SetConfig*,
                 ModLuaConfig*, SecurityConfig*, XdrConfig*, XdrDcConfig*, XdrDcNamespaceConfig*>;

/// The configuration of a node. Made by load() (config/load.h), lives as long as the node, never
/// moves.
///
/// Threads: lists, namespaces, and sections are fixed once loading is over. Numbers may be read
/// anywhere, any time; set() may be called from any thread.
class Config {
 public:
  Config() = default;
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  ServiceConfig service;
  NetworkConfig network;
  std::vector<std::unique_ptr<TlsConfig>> tls;
  std::vector<std::unique_ptr<NamespaceConfig>> namespaces;
  ModLuaConfig mod_lua;
  SecurityConfig security;
  XdrConfig xdr;
  Logging logging;

  /// Null when there is no such namespace.
  NamespaceConfig* find_namespace(std::string_view name) const;

  /// Changes a dynamic parameter. `name` as set-config takes it: storage-engine's without prefix,
  /// geo2dsphere-within-max-cells with dashes, else as get-config shows it. Refuses unknown names,
  /// static ones, and values that do not parse, are out of bounds, or contradict others; nothing
  /// has changed then.
  Outcome<void> set(const Owner& owner, std::string_view name, std::string_view value);
  /// Rises with every change by set(); for those who act on changes.
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }

 private:
  std::mutex set_mutex_;  // One change at a time, so that checks between parameters hold.
  std::atomic<std::uint64_t> changes_{0};
};

/// What get-config answers for one owner: "name=value;name=value", without final separator. Names
/// get `prefix` in front.
std::string print_parameters(const Owner& owner, std::string_view prefix = {});

}  // namespace flotilla::config
