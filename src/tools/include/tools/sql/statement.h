#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/record.h"
#include "client/scan.h"
#include "client/value.h"

/// What a statement says, apart from how it was written.
namespace flotilla::tools::sql {

struct Target {
  std::string ns = {};
  std::string set = {};  // Empty: none.
};

/// WHERE PK = ..., DIGEST = ..., EDIGEST = ...
struct RecordAddress {
  enum class Kind : std::uint8_t { UserKey, Digest, Base64Digest };

  Kind kind = Kind::UserKey;
  client::Value user_key =
      {};  // Of UserKey: as written; a value that cannot be a key is found when it is used.
  wire::Digest digest = {};  // Of the others.
};

/// One condition on a bin.
struct Condition {
  enum class Kind : std::uint8_t { Equal, Between, Contains, Within };

  std::string bin = {};
  Kind kind = Kind::Equal;
  client::Value low = {};   // Equal, Contains, Within: the one value.
  client::Value high = {};  // Between: the upper end, included.
};

/// INSERT, and the extension UPDATE, which wants the record to exist.
struct Insert {
  Target target = {};
  client::Value key = {};
  std::vector<client::Bin> bins = {};
  bool must_exist = false;
};

struct Delete {
  Target target = {};
  RecordAddress address = {};
};

struct Select {
  Target target = {};
  std::vector<std::string> bins = {};  // Empty: all.
  std::optional<RecordAddress> address = {};
  std::vector<Condition> conditions =
      {};  // At most two, joined by AND. Empty and no address: every record.
  client::IndexRange::Elements elements = client::IndexRange::Elements::Default;
  std::optional<std::uint64_t> limit = {};
  bool counts = false;  // Extension: SELECT COUNT(*).
  struct Order {
    std::string bin = {};
    bool descending = false;
  };
  std::optional<Order> order = {};  // Extension: ORDER BY.
};

struct Explain {
  Select select;
};

/// OPERATE op(bin, ...), ... ON ns.set WHERE pk
struct Operate {
  struct Step {
    std::string name = {};  // As written: "LIST_APPEND".
    std::string bin = {};   // Empty: of the whole record.
    std::vector<client::Value> arguments = {};
    std::string policy = {};  // Of with_policy(); empty: none.
  };

  Target target = {};
  RecordAddress address = {};
  std::vector<Step> steps = {};
};

struct Show {
  enum class What : std::uint8_t { Namespaces, Sets, Bins, Indexes, Modules, Jobs };

  What what = What::Namespaces;
  std::string ns = {};  // Of Indexes: one namespace; empty: all.
};

struct CreateIndex {
  Target target = {};
  std::string name = {};
  std::string bin = {};
  std::string type = {};        // "numeric", "string", "geo2dsphere", "blob".
  std::string collection = {};  // "list", "mapkeys", "mapvalues"; empty: the bin itself.
};

struct DropIndex {
  Target target = {};
  std::string name = {};
};

/// Modules of user-defined functions.
struct RegisterModule {
  std::string path = {};  // Of the local file; the module is named as it is, without folders.
};
struct RemoveModule {
  std::string name = {};
};
struct DescribeModule {
  std::string name = {};
};

struct KillJob {
  std::uint64_t id = 0;
};

struct Truncate {
  Target target = {};
  std::optional<std::uint64_t> until_ns = {};  // UPTO: nanoseconds since 1970.
};

struct Stat {
  enum class What : std::uint8_t { System, Namespace, Index };

  What what = What::System;
  std::string ns = {};
  std::string index = {};
};

struct Asinfo {
  std::string command = {};
};

struct SetOption {
  std::string name = {};
  std::string value = {};
};
/// GET and RESET.
struct GetOption {
  std::string name = {};  // "ALL" for GET: every one.
};
struct ResetOption {
  std::string name = {};
};

struct Run {
  std::string path = {};
};
struct Print {
  std::string text = {};
};
struct Help {
  std::string topic = {};  // Empty: all.
};
struct Exit {};

/// Understood, but there is nothing yet that could carry it out.
struct NotYet {
  std::string why = {};  // A sentence without its end.
};

using Statement =
    std::variant<Insert, Delete, Select, Explain, Operate, Show, CreateIndex, DropIndex,
                 RegisterModule, RemoveModule, DescribeModule, KillJob, Truncate, Stat, Asinfo,
                 SetOption, GetOption, ResetOption, Run, Print, Help, Exit, NotYet>;

}  // namespace flotilla::tools::sql
