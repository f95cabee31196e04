#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

namespace flotilla::config {

/// What went wrong, as a sentence for whoever wrote the file; configuration errors name lines and
/// values, so they are no literals and do not travel as flotilla::Error.
template <class T>
using Outcome = tl::expected<T, std::string>;
inline tl::unexpected<std::string> refuse(std::string why) {
  return tl::unexpected<std::string>(std::move(why));
}

/// One number, flag, or choice. Reading takes no lock and may happen on any thread at any time; a
/// change becomes visible to readers soon, in no order with other changes.
class NumberCell {
 public:
  std::int64_t raw() const { return raw_.load(std::memory_order_relaxed); }
  void set_raw(std::int64_t value) { raw_.store(value, std::memory_order_relaxed); }
  /// True when a file or the environment named it. Valid while loading only.
  bool configured = false;

 private:
  std::atomic<std::int64_t> raw_{0};
};

/// A number as its own type: `ns.default_ttl()`.
template <class T>
class Setting : public NumberCell {
 public:
  T operator()() const { return static_cast<T>(raw()); }
};

/// A text; reading copies it under a lock, so keep it off the paths of requests.
class TextCell {
 public:
  std::string operator()() const {
    const std::scoped_lock lock(mutex_);
    return text_;
  }
  void set(std::string text) {
    const std::scoped_lock lock(mutex_);
    text_ = std::move(text);
  }
  bool configured = false;

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

/// Texts of a parameter that may stand on several lines. Written while loading only, so read
/// without a lock.
class ListCell {
 public:
  const std::vector<std::string>& operator()() const { return items_; }
  std::vector<std::string>& items() { return items_; }
  bool configured = false;

 private:
  std::vector<std::string> items_;
};

using Cell = std::variant<NumberCell*, TextCell*, ListCell*>;

using Switch = Setting<bool>;
using U16 = Setting<std::uint16_t>;
using U32 = Setting<std::uint32_t>;
using U64 = Setting<std::uint64_t>;
using I32 = Setting<std::int32_t>;

enum class Type : std::uint8_t {
  Flag,       // true or false.
  Count,      // Plain number.
  Bytes,      // Suffixes K M G T P, powers of 1024.
  Seconds,    // Suffixes s m h d.
  Millis,     // Plain number.
  Micros,     // Plain number.
  Percent,    // Plain number.
  Port,       // 0 is none.
  Hex,        // Up to 16 hex digits.
  Choice,     // One of `choices`, stored as its place in them.
  Text,       // One word of at most `most` bytes.
  Paths,      // List; a line may hold a path and its shadow.
  Endpoints,  // List; a line holds host and port, kept as "host:port".
  Words,      // List; one word a line.
};

/// When get-config shows a parameter. Lists that are empty are never shown.
enum class Shown : std::uint8_t { Always, IfSet, OnDevice };

/// Type, bounds, and where it is shown: everything about values of a parameter.
struct Kind {
  Type type;
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::string_view choices = {};  // "off|one|all", in the order of the enum that reads it.
  Shown shown = Shown::Always;

  constexpr Kind if_set() const {
    Kind k = *this;
    k.shown = Shown::IfSet;
    return k;
  }
  constexpr Kind on_device() const {
    Kind k = *this;
    k.shown = Shown::OnDevice;
    return k;
  }
};

/// The value of `text` as a number of this kind, or why it is none: "above 100", "not a size".
Outcome<std::int64_t> parse_number(const Kind& kind, std::string_view text);
/// Writes a value into its cell; a list gets one more item. `tokens` is what followed the name on
/// the line.
Outcome<void> assign(const Kind& kind, Cell cell, const std::vector<std::string_view>& tokens);
/// As get-config shows it; empty text is "null".
std::string print(const Kind& kind, Cell cell);
bool is_list(Type type);
bool configured(Cell cell);
void mark_configured(Cell cell);

}  // namespace flotilla::config
