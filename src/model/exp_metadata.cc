#include "base/time.h"
#include "expression_program.h"

/// What is known of a record before its bins are read.
namespace flotilla::model::exp {
namespace {

using Metadata = RecordSource::Metadata;
using msgpack::Head;
using msgpack::Kind;

constexpr std::int64_t kNever = -1;
constexpr std::uint64_t kNsOfSecond = 1'000'000'000;
constexpr std::uint64_t kNsOfMs = 1'000'000;

template <class Function>
Value from_metadata(Machine& machine, Function function) {
  return machine.metadata == nullptr ? kUnknown : function(*machine.metadata);
}

Value unsigned_value(std::uint64_t value) { return {Type::Int, value, {}}; }

bool parse_digest_modulo(Parser& parser, Node& node, std::uint32_t n_args) {
  if (n_args != 1) return false;
  const Head divisor = parser.head();
  if (divisor.kind != Kind::Integer || divisor.bits == 0) return false;
  node.constant = Value::integer(divisor.integer());
  node.type = Type::Int;
  return true;
}
Value run_digest_modulo(Machine& machine, const Node& node) {
  constexpr std::size_t kNumberAt = 16;
  return from_metadata(machine, [&](const Metadata& m) {
    const std::int64_t number = load_le<std::uint32_t>(m.digest.bytes.data() + kNumberAt);
    return Value::integer(number % node.constant.integer());
  });
}

Value run_device_size(Machine& machine, const Node&) {
  return from_metadata(machine, [](const Metadata& m) {
    return unsigned_value(m.is_on_device ? m.record_size : 0);
  });
}
Value run_memory_size(Machine& machine, const Node&) {
  return from_metadata(machine, [](const Metadata& m) {
    return unsigned_value(m.is_on_device ? 0 : m.record_size);
  });
}
Value run_record_size(Machine& machine, const Node&) {
  return from_metadata(machine, [](const Metadata& m) { return unsigned_value(m.record_size); });
}

/// Nanoseconds since 1970.
Value run_last_update(Machine& machine, const Node&) {
  return from_metadata(machine, [](const Metadata& m) {
    return unsigned_value((m.last_update_ms + kEpochUnixSeconds * 1000) * kNsOfMs);
  });
}
/// Milliseconds.
Value run_since_update(Machine& machine, const Node&) {
  return from_metadata(
      machine, [](const Metadata& m) { return unsigned_value(m.now_ms - m.last_update_ms); });
}
/// Nanoseconds since 1970.
Value run_void_time(Machine& machine, const Node&) {
  return from_metadata(machine, [](const Metadata& m) {
    return m.void_time == 0 ? Value::integer(kNever)
                            : unsigned_value((m.void_time + kEpochUnixSeconds) * kNsOfSecond);
  });
}
/// Seconds.
Value run_ttl(Machine& machine, const Node&) {
  return from_metadata(machine, [](const Metadata& m) {
    return m.void_time == 0 ? Value::integer(kNever)
                            : unsigned_value(m.void_time - m.now_ms / 1000);
  });
}

Value run_set_name(Machine& machine, const Node&) {
  return from_metadata(machine,
                       [](const Metadata& m) { return Value::of(Type::String, as_bytes(m.set)); });
}
Value run_is_tombstone(Machine& machine, const Node&) {
  return from_metadata(machine, [](const Metadata& m) { return Value::boolean(m.is_tombstone); });
}

constexpr Signature returning(Type type) { return {0, 0, 0, 0, false, type}; }

constexpr Row kRows[] = {
    {64, "digest_modulo", {}, &parse_digest_modulo, &run_digest_modulo},
    {65, "device_size", returning(Type::Int), nullptr, &run_device_size},
    {66, "last_update", returning(Type::Int), nullptr, &run_last_update},
    {67, "since_update", returning(Type::Int), nullptr, &run_since_update},
    {68, "void_time", returning(Type::Int), nullptr, &run_void_time},
    {69, "ttl", returning(Type::Int), nullptr, &run_ttl},
    {70, "set_name", returning(Type::String), nullptr, &run_set_name},
    {72, "is_tombstone", returning(Type::Bool), nullptr, &run_is_tombstone},
    {73, "memory_size", returning(Type::Int), nullptr, &run_memory_size},
    {74, "record_size", returning(Type::Int), nullptr, &run_record_size},
};

}  // namespace

std::span<const Row> metadata_rows() { return kRows; }

}  // namespace flotilla::model::exp
