#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "exp_regex.h"
#include "expression_loop.h"
#include "model/expression.h"
#include "model/geometry.h"
#include "model/msgpack.h"

/// How expressions are held and run (docs/formats/expressions.md). Parsing turns the msgpack tree
/// into an array of nodes, each parent right in front of its children, and checks every type that
/// can be known; running walks the array. Opcodes are rows, by family in exp_*.cc.
namespace flotilla::model::exp {

/// Types of values; the first ten are the numbers of the wire.
enum class Type : std::uint8_t {
  Nil = 0,
  Bool = 1,
  Int = 2,
  String = 3,
  List = 4,
  Map = 5,
  Blob = 6,
  Float = 7,
  GeoJson = 8,
  Hll = 9,
  Removal = 10,  // RESULT_REMOVE.
  Unknown = 11,  // At run time only.
};
inline constexpr std::uint64_t kWireTypes = 10;

using TypeSet = std::uint16_t;
constexpr TypeSet only(Type type) {
  return static_cast<TypeSet>(1U << static_cast<unsigned>(type));
}
template <class... Types>
constexpr TypeSet any_of(Types... types) {
  return static_cast<TypeSet>((only(types) | ...));
}
constexpr bool contains(TypeSet set, Type type) { return (set & only(type)) != 0; }
inline constexpr TypeSet kAnyValue = (1U << kWireTypes) - 1;
inline constexpr TypeSet kNumber = any_of(Type::Int, Type::Float);

/// A value at run time. Borrows its bytes.
struct Value {
  Type type = Type::Unknown;
  std::uint64_t bits = 0;  // Bool, Int, Float.
  Bytes bytes;  // String, Blob, Hll: content. List, Map: msgpack. GeoJson: as stored, with or
                // without cells.

  bool is_unknown() const { return type == Type::Unknown; }
  std::int64_t integer() const { return static_cast<std::int64_t>(bits); }
  double real() const;
  bool truth() const { return bits != 0; }

  static Value boolean(bool value) { return {Type::Bool, value ? 1U : 0U, {}}; }
  static Value integer(std::int64_t value) {
    return {Type::Int, static_cast<std::uint64_t>(value), {}};
  }
  static Value real(double value);
  static Value of(Type type, Bytes bytes) { return {type, 0, bytes}; }
};
inline constexpr Value kUnknown{};

/// Particles of other types than the wire's ten (language blobs, vectors) are Unknown.
Value value_of(const Particle& particle);
/// Of one whole msgpack value.
Value value_of_element(Arena& arena, Bytes element);
/// Value must not be Unknown or Removal.
Particle particle_of(Arena& arena, const Value& value);

struct Row;

struct Node {
  const Row* row = nullptr;
  Type type = Type::Unknown;    // What it yields, if it yields.
  Type wanted = Type::Unknown;  // The declared type of BIN, KEY, CALL, VAR_BUILTIN.
  std::uint32_t span = 1;       // Nodes of this subtree, itself included.
  std::uint32_t n_args = 0;     // Children.
  std::uint32_t slot = 0;       // Of a variable or pattern; geometry's plus one; system of a call.
  Value constant;               // Of a constant; name, number or call list of other nodes.
};

struct Program;

/// What evaluations may cost, in bytes of values walked through; a node counts for a few. Beyond it
/// everything is unknown: thousands of comparisons of a large bin with itself would else keep a
/// thread for minutes.
class Budget {
 public:
  static constexpr std::uint64_t kWorkMax = 256U << 20;

  bool pay(std::size_t bytes) {
    work_ += bytes;
    return work_ <= kWorkMax;
  }
  std::size_t spent() const { return work_; }

 private:
  std::uint64_t work_ = 0;
};

/// One evaluation. An evaluation inside another (a path expression in a call) spends the outer
/// one's budget.
class Machine {
 public:
  Machine(Arena& arena, const Program& program, Budget& budget);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Value run();
  Value run(const Node& node);

  /// False when the walk is more than may be paid for.
  bool pay(std::size_t bytes) { return budget_->pay(bytes); }

  Arena& arena;
  const Program& program;
  const RecordSource* record = nullptr;              // Null: bins and key are unknown.
  const RecordSource::Metadata* metadata = nullptr;  // Null: unknown.
  const LoopVariables* loop = nullptr;               // Null: there are none.
  std::span<Value> variables;

 private:
  Budget* budget_;
  bool is_outermost_;
};

/// Walks the children of a node.
class Arguments {
 public:
  Arguments(Machine& machine, const Node& node)
      : machine_(machine), at_(&node + 1), left_(node.n_args) {}

  bool more() const { return left_ != 0; }
  const Node& peek() const { return *at_; }
  Value next() {
    const Node& node = *at_;
    at_ += node.span;
    --left_;
    return machine_.run(node);
  }
  void skip() {
    at_ += at_->span;
    --left_;
  }

 private:
  Machine& machine_;
  const Node* at_;
  std::uint32_t left_;
};

class Parser;

/// What arguments a plain opcode takes; they all are expressions.
struct Signature {
  std::uint32_t least = 0;
  std::uint32_t most = 0;
  TypeSet first = 0;
  TypeSet rest = 0;
  bool all_alike = false;       // All of the same type.
  Type result = Type::Unknown;  // Unknown: that of the first argument.
};

struct Row {
  std::uint8_t code;
  std::string_view name;
  Signature signature;
  /// Instead of the signature, for opcodes with arguments that are no expressions. Sets the node's
  /// type.
  bool (*parse)(Parser&, Node&, std::uint32_t n_args);
  Value (*run)(Machine&, const Node&);
};

inline constexpr std::uint32_t kUnbounded = UINT32_MAX;

std::span<const Row> comparison_rows();
std::span<const Row> logic_rows();
std::span<const Row> arithmetic_rows();
std::span<const Row> metadata_rows();
std::span<const Row> bin_rows();
std::span<const Row> call_rows();
std::span<const Row> control_rows();

inline constexpr std::int64_t kOpUnknown = 0;

struct Program {
  /// Limits, so that no expression costs more than a large value does.
  static constexpr std::size_t kSizeMax = 1U << 20;  // Bytes.
  static constexpr std::uint32_t kNodesMax = 65'536;
  static constexpr int kDepthMax = 256;
  static constexpr std::size_t kVariablesMax = 256;         // Visible at one place.
  static constexpr std::size_t kPatternStatesMax = 65'536;  // Of all patterns together.

  /// `expression` is one msgpack value and must outlive the program, as must the arena.
  /// Parameter: it does not parse, or its types do not fit.
  static Result<Program> parse(Arena& arena, Bytes expression);

  std::span<const Node> nodes;
  std::uint32_t n_variables = 0;
  std::vector<Pattern> patterns;
  std::vector<Geometry> geometries;

  const Node& root() const { return nodes.front(); }
};

/// Reads one expression; what opcodes with arguments of their own kind parse with. Anything wrong
/// latches failure.
class Parser {
 public:
  Parser(Arena& arena, Program& program, Bytes expression);

  /// The next argument as an expression; null once anything failed.
  const Node* expression();
  /// The next argument, which is no expression.
  msgpack::Head head() { return in_.next(); }
  Bytes value() { return in_.skip(); }
  msgpack::Head peek() const { return in_.peek(); }
  /// A value type of the wire.
  bool type(Type& out);
  /// Raw bytes without a type byte.
  bool name(Bytes& out);
  /// Elements of a call list that are expressions of their own are parsed out of their place.
  const Node* expression_in(Bytes value);

  /// Counts the states of one more pattern. False: too many.
  bool claim_states(std::size_t states) {
    pattern_states_ += states;
    return pattern_states_ <= Program::kPatternStatesMax;
  }
  /// Slots of variables that are to be defined, from `first` on. False: too many would be visible.
  bool reserve_variables(std::uint32_t count, std::uint32_t& first);
  /// Makes a variable visible from here on. False when one of the name is.
  bool define(Bytes name, Type type, std::uint32_t slot);
  /// Ends the visibility of the newest `count`.
  void forget(std::size_t count) { scope_.resize(scope_.size() - count); }
  /// False when there is none of this name.
  bool find(Bytes name, Type& type, std::uint32_t& slot) const;

  Arena& arena() { return arena_; }
  Program& program() { return program_; }
  bool done() const { return in_.done(); }

 private:
  struct Variable {
    std::string_view name;
    Type type;
    std::uint32_t slot;
  };

  bool operation(Node& node, std::uint32_t count);
  bool arguments(Node& node, std::uint32_t n_args);
  bool constant(Node& node, const msgpack::Head& head, Bytes whole);

  Arena& arena_;
  Program& program_;
  msgpack::Cursor in_;
  std::span<Node> nodes_;
  std::uint32_t used_ = 0;
  std::size_t pattern_states_ = 0;
  int depth_ = 0;
  std::vector<Variable> scope_;
};

/// True when the value's containers nest no deeper than values may, and none claims signposts.
bool is_shallow(Bytes value);

}  // namespace flotilla::model::exp
