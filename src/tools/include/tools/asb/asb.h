#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>

#include "client/record.h"
#include "tools/asb/sums.h"

/// The established text format of backups, version 3.1 (docs/formats/asb.md). It is strict: single
/// blanks, single line feeds; texts and bytes carry their lengths in front, so that they may hold
/// anything.
namespace flotilla::tools::asb {

struct Index {
  std::string ns = {};
  std::string set = {};
  std::string name = {};
  char elements = 'N';  // N: the bin itself, L: list, K: map keys, V: map values.
  std::string bin = {};
  char type = 'N';           // N: numeric, S: string, G: geo, B: blob, I: none.
  std::string context = {};  // Base64; empty: none.

  friend bool operator==(const Index&, const Index&) = default;
};

struct Module {
  std::string name = {};
  std::string content = {};

  friend bool operator==(const Module&, const Module&) = default;
};

/// A record with lists and maps as they are encoded: Blobs of type List and Map.
using Item = std::variant<client::Record, Index, Module>;

/// Writes one backup file.
class Writer {
 public:
  /// `compact`: bytes as they are instead of in base64. `sums`: gets a checksum for the head and
  /// each item; null: nobody wants them. Both must outlive this.
  Writer(std::ostream& out, bool compact, Sums* sums = nullptr)
      : out_(out), compact_(compact), sums_(sums) {}

  /// The head of the file; `first`: the file that holds indexes and modules.
  void head(std::string_view ns, bool first);
  void index(const Index& index);
  void module(const Module& module);
  void record(const client::Record& record);

  /// Bytes written by this.
  std::uint64_t size() const { return size_; }

 private:
  void put(std::string_view text) { item_ += text; }
  /// What has been put becomes an item of the file.
  void end_item();
  void value(std::string_view prefix, std::string_view name, const client::Value& value);
  void bytes(std::string_view prefix, char letter, std::string_view name, Bytes bytes);

  std::ostream& out_;
  const bool compact_;
  Sums* const sums_;
  std::string item_;
  std::uint64_t size_ = 0;
};

/// Reads one backup file, item by item. Every length is bounded; a mistake is told with its line
/// and ends the reading.
class Reader {
 public:
  static constexpr std::size_t kValueSizeMax = 128 << 20;
  static constexpr std::size_t kTokenSizeMax = 1024;
  static constexpr std::uint32_t kBinsMax = 32'767;

  /// `sums`: what each item must have; null: nothing is known of them.
  explicit Reader(std::istream& in, const Sums* sums = nullptr) : in_(in), sums_(sums) {}

  /// Reads the head. The error is a sentence.
  tl::expected<void, std::string> start();
  const std::string& ns() const { return ns_; }
  bool is_first_file() const { return first_; }

  /// The next item; nothing at the end of the file.
  tl::expected<std::optional<Item>, std::string> next();

 private:
  bool read_char(char& c);
  bool expect(std::string_view text);
  /// Up to a blank or a line feed, escapes resolved; the separator is taken.
  bool token(std::string& text, char separator);
  bool number(std::uint64_t& value, std::uint64_t most, char separator);
  bool raw(std::string& bytes, std::uint64_t size);
  bool sized_text(std::string& text);
  bool sized_bytes(Buffer& bytes, bool is_raw);
  bool index(Index& index);
  bool module(Module& module);
  bool record(client::Record& record);
  bool record_head(client::Record& record, std::uint32_t& bins);
  bool bin(client::Record& record);
  bool key(client::Record& record);
  bool typed_value(char letter, bool is_raw, client::Value& value);
  tl::unexpected<std::string> wrong() const;
  tl::expected<std::optional<Item>, std::string> parse_item();
  /// Of the item that has just been read.
  tl::expected<void, std::string> verify();

  std::istream& in_;
  const Sums* const sums_;
  std::string item_;       // The text of the item being read; only where there are sums.
  std::size_t place_ = 0;  // Items read, the head included.
  std::string ns_;
  bool first_ = false;
  std::uint64_t line_ = 1;
  bool ends_line_ = false;  // The last character read was a line feed: the next is on another line.
  int peeked_ =
      -2;  // The first character of the next line when it has been looked at; -2: not yet.
};

}  // namespace flotilla::tools::asb
