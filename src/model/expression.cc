#include "model/expression.h"

#include "expression_loop.h"
#include "expression_program.h"
#include "geo.h"
#include "hll.h"
#include "op_arguments.h"

namespace flotilla::model {
namespace {

using exp::Budget;
using exp::Machine;
using exp::Program;
using exp::Type;
using exp::Value;

Truth truth_of(const Value& value) {
  if (value.is_unknown()) return Truth::Unknown;
  return value.truth() ? Truth::True : Truth::False;
}

Result<Program> parse_filter(Arena& arena, Bytes expression) {
  auto program = Program::parse(arena, expression);
  if (program && program->root().type != Type::Bool)
    return fail(Code::Parameter, "filter: not Boolean");
  return program;
}

Value run_on_record(Arena& arena, const Program& program, const RecordSource& record) {
  const RecordSource::Metadata metadata = record.metadata();
  Budget budget;
  Machine machine(arena, program, budget);
  machine.record = &record;
  machine.metadata = &metadata;
  const Value value = machine.run();
  arena.note_walk(budget.spent());
  return value;
}

Truth run_on_metadata(Arena& arena, const Program& program,
                      const RecordSource::Metadata& metadata) {
  Budget budget;
  Machine machine(arena, program, budget);
  machine.metadata = &metadata;
  return truth_of(machine.run());
}

/// As a bin may hold it: GeoJSON out of constants and collections gets its cells. Nothing when the
/// GeoJSON or the sketch out of a collection is none.
std::optional<Particle> storable(Arena& arena, const Value& value) {
  const Particle particle = exp::particle_of(arena, value);
  if (value.type == Type::Hll && !Sketch::parse(value.bytes)) return std::nullopt;
  if (value.type != Type::GeoJson) return particle;
  const GeoParts parts = geo_parts(value.bytes);
  if (!parts.cells.empty() || parts.is_region) return particle;
  const auto geo = import_geo_text(arena, parts.json);
  return geo ? std::optional(*geo) : std::nullopt;
}

}  // namespace

// Filters.

struct Filter::State {
  Arena arena;
  Buffer expression;
  Program program;
};

Filter::Filter(std::unique_ptr<State> state) : state_(std::move(state)) {}
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

Result<Filter> Filter::parse(Bytes expression) {
  auto state = std::make_unique<State>();
  state->expression.assign(expression.begin(), expression.end());
  auto program = parse_filter(state->arena, state->expression);
  if (!program) return tl::unexpected(program.error());
  state->program = std::move(*program);
  return Filter(std::move(state));
}

Truth Filter::test_metadata(Arena& arena, const RecordSource::Metadata& metadata) const {
  return run_on_metadata(arena, state_->program, metadata);
}
Truth Filter::test(Arena& arena, const RecordSource& record) const {
  return truth_of(run_on_record(arena, state_->program, record));
}

Result<void> check_filter(Bytes expression) {
  Arena arena;
  const auto program = parse_filter(arena, expression);
  if (!program) return tl::unexpected(program.error());
  return {};
}

Result<Truth> filter_by_metadata(Arena& arena, Bytes expression,
                                 const RecordSource::Metadata& metadata) {
  const auto program = parse_filter(arena, expression);
  if (!program) return tl::unexpected(program.error());
  return run_on_metadata(arena, *program, metadata);
}

Result<Truth> filter(Arena& arena, Bytes expression, const RecordSource& record) {
  const auto program = parse_filter(arena, expression);
  if (!program) return tl::unexpected(program.error());
  return truth_of(run_on_record(arena, *program, record));
}

// Values.

Result<Particle> evaluate(Arena& arena, Bytes expression, const RecordSource& record) {
  const auto program = Program::parse(arena, expression);
  if (!program) return tl::unexpected(program.error());
  const Value value = run_on_record(arena, *program, record);
  if (value.is_unknown() || value.type == Type::Removal)
    return fail(Code::OpNotApplicable, "expression: unknown");
  return storable(arena, value).value_or(exp::particle_of(arena, value));
}

namespace {

enum Flag : std::uint8_t {
  CreateOnly = 1,
  UpdateOnly = 2,
  AllowDelete = 4,
  PolicyNoFail = 8,
  EvalNoFail = 16
};
constexpr std::uint64_t kReadFlags = EvalNoFail;
constexpr std::uint64_t kModifyFlags =
    CreateOnly | UpdateOnly | AllowDelete | PolicyNoFail | EvalNoFail;

/// [expression] or [expression, flags]. As in the original, flags that are no integer are none, and
/// so are flags that were promised and do not come; what stands behind the list is not looked at.
struct Operation {
  Bytes expression;
  std::uint64_t flags = 0;

  static Result<Operation> parse(Bytes op, std::uint64_t allowed) {
    const msgpack::Container list = msgpack::open(op);
    if (list.kind != msgpack::Kind::List || list.count == 0 || list.count > 2)
      return fail(Code::Parameter, "expression: no list of expression and flags");
    msgpack::Cursor at(list.elements);
    Operation out{.expression = at.skip()};
    const msgpack::Head flags = list.count == 2 ? at.peek() : msgpack::Head{};
    if (flags.kind == msgpack::Kind::Integer) out.flags = flags.bits;
    if (!at.ok() || (out.flags & ~allowed) != 0) return fail(Code::Parameter, "expression: flags");
    return out;
  }
  bool has(Flag flag) const { return (flags & flag) != 0; }
};

/// A nil result: deletes the bin if that is allowed; else it is refused, but only where no flag at
/// all is set.
Result<Outcome> write_nil(const Operation& op, const Particle& bin) {
  if (bin.is_null()) return Outcome{};
  if (op.has(AllowDelete)) return Outcome{.bin = {}, .result = {}, .changed = true};
  if (op.flags == 0) return fail(Code::OpNotApplicable, "expression: nil for a bin");
  return Outcome{};
}

/// Refusals by the flags, before anything is evaluated.
Result<void> check_policy(const Operation& op, const Particle& bin) {
  if (op.has(CreateOnly) && !bin.is_null()) return fail(Code::BinExists, "expression: bin exists");
  if (op.has(UpdateOnly) && bin.is_null())
    return fail(Code::BinNotFound, "expression: no such bin");
  return {};
}

}  // namespace

Result<Outcome> exp_read(Arena& arena, const RecordSource& record, Bytes bytes) {
  const auto op = Operation::parse(bytes, kReadFlags);
  if (!op) return tl::unexpected(op.error());
  if (const auto room = check_room(arena); !room) return tl::unexpected(room.error());
  const auto value = evaluate(arena, op->expression, record);
  if (value) return Outcome{.bin = {}, .result = export_particle(arena, *value)};
  if (op->has(EvalNoFail) && value.error().code == Code::OpNotApplicable) return Outcome{};
  return tl::unexpected(value.error());
}

Result<Outcome> exp_modify(Arena& arena, const RecordSource& record, const Particle& bin,
                           Bytes bytes) {
  const auto op = Operation::parse(bytes, kModifyFlags);
  if (!op) return tl::unexpected(op.error());
  if (const auto room = check_room(arena); !room) return tl::unexpected(room.error());
  const auto program = Program::parse(arena, op->expression);
  if (!program) return tl::unexpected(program.error());
  const auto allowed = check_policy(*op, bin);
  if (!allowed) {
    if (op->has(PolicyNoFail)) return Outcome{};
    return tl::unexpected(allowed.error());
  }
  const Value value = run_on_record(arena, *program, record);
  if (value.is_unknown() || value.type == Type::Removal) {
    if (op->has(EvalNoFail)) return Outcome{};
    return fail(Code::OpNotApplicable, "expression: unknown");
  }
  if (value.type == Type::Nil) return write_nil(*op, bin);
  const auto stored = storable(arena, value);
  if (!stored) return fail(Code::OpNotApplicable, "expression: no value for a bin");
  return Outcome{.bin = *stored, .result = {}, .changed = true};
}

// Expressions inside paths.

struct LoopExpression::State {
  Program program;
  Budget budget;
};

LoopExpression::LoopExpression(std::unique_ptr<State> state) : state_(std::move(state)) {}
LoopExpression::LoopExpression(LoopExpression&&) noexcept = default;
LoopExpression& LoopExpression::operator=(LoopExpression&&) noexcept = default;
LoopExpression::~LoopExpression() = default;

Result<LoopExpression> LoopExpression::parse(Arena& arena, Bytes expression) {
  auto program = Program::parse(arena, expression);
  if (!program) return tl::unexpected(program.error());
  return LoopExpression(std::make_unique<State>(State{std::move(*program), {}}));
}

Truth LoopExpression::test(Arena& arena, const LoopVariables& variables) const {
  Machine machine(arena, state_->program, state_->budget);
  machine.loop = &variables;
  const exp::Value value = machine.run();
  return value.is_unknown() || value.type == Type::Bool ? truth_of(value) : Truth::False;
}

LoopExpression::Value LoopExpression::apply(Arena& arena, const LoopVariables& variables) const {
  Machine machine(arena, state_->program, state_->budget);
  machine.loop = &variables;
  const exp::Value value = machine.run();
  if (value.is_unknown()) return {};
  if (value.type == Type::Removal) return {.kind = Value::Kind::Remove, .msgpack = {}};
  if (value.type == Type::List || value.type == Type::Map) return {Value::Kind::Value, value.bytes};
  msgpack::Writer out(arena, value.bytes.size() + 16);
  out.particle(exp::particle_of(arena, value));
  return {Value::Kind::Value, out.finish()};
}

}  // namespace flotilla::model
