#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "model/operation.h"

namespace flotilla::model {

/// What an expression can see of a record. Implemented by whoever holds the record; nothing here is
/// kept.
class RecordSource {
 public:
  struct Metadata {
    wire::Digest digest;
    std::string_view set;          // Empty: no set.
    std::uint64_t last_update_ms;  // Milliseconds since 2010-01-01 UTC.
    std::uint64_t now_ms;          // Same epoch.
    std::uint32_t void_time;       // Seconds of the same epoch; 0: never.
    std::uint32_t generation;
    std::uint64_t record_size;  // Bytes in memory or on the device.
    bool is_tombstone;
    bool exists;
    bool is_on_device = false;  // The namespace keeps its records on a device.
  };
  virtual ~RecordSource() = default;
  virtual Metadata metadata() const = 0;
  /// The user key, when stored or sent.
  virtual std::optional<Particle> key() const = 0;
  /// Null when the bin is absent.
  virtual Particle bin(std::string_view name) const = 0;
};

enum class Truth : std::uint8_t { False, True, Unknown };

/// A filter (field 43). Parameter: the expression does not parse or its types cannot fit.
Result<void> check_filter(Bytes expression);
/// Verdict from the metadata alone; Unknown means: the bins must be read.
Result<Truth> filter_by_metadata(Arena& arena, Bytes expression,
                                 const RecordSource::Metadata& metadata);
Result<Truth> filter(Arena& arena, Bytes expression, const RecordSource& record);

/// A filter parsed once, for many records. const member functions may run on many threads at once,
/// each with its arena.
class Filter {
 public:
  /// Copies the bytes. Parameter: as check_filter().
  static Result<Filter> parse(Bytes expression);

  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  Truth test_metadata(Arena& arena, const RecordSource::Metadata& metadata) const;
  Truth test(Arena& arena, const RecordSource& record) const;

 private:
  struct State;

  explicit Filter(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// An expression's value, which borrows from the expression, the record, or the arena; Null for
/// nil. Parameter: it does not parse. OpNotApplicable: unknown.
Result<Particle> evaluate(Arena& arena, Bytes expression, const RecordSource& record);

/// EXP_READ and EXP_MODIFY: `op` is msgpack [expression, flags]; `bin` is the target bin's present
/// value.
Result<Outcome> exp_read(Arena& arena, const RecordSource& record, Bytes op);
Result<Outcome> exp_modify(Arena& arena, const RecordSource& record, const Particle& bin, Bytes op);

}  // namespace flotilla::model
