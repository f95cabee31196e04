#pragma once

#include "exec/executor.h"
#include "model/expression.h"

namespace flotilla::exec {

inline constexpr std::size_t kBinNameMost = 15;
inline constexpr std::size_t kOpsMost = 32'768;
inline constexpr std::size_t kBinsMost = 32'767;

/// BinName: a name too long, or with a NUL inside.
Result<void> check_bin_names(const wire::Ops& ops);

/// What a write request wants, from its flags and operations, before any record is looked at.
struct WritePlan {
  bool must_exist = false;
  bool create_only = false;
  bool replace = false;
  bool respond_all = false;
};

/// Parameter: flags and operations that do not go together. BinName: as above.
Result<WritePlan> plan_write(const RecordRequest& request);

/// Applies the operations in order to `bins` (views into the old body at first, then also into
/// `arena`) and appends what they answer to the reply's open message. An error leaves `bins` half
/// changed: drop it.
class OpRunner {
 public:
  OpRunner(Arena& arena, const RecordRequest& request, const WritePlan& plan,
           const model::RecordSource& record, Bins& bins)
      : arena_(arena), request_(request), plan_(plan), record_(record), bins_(bins) {}

  Result<void> run(wire::ReplyWriter& reply);

 private:
  Result<void> apply(const wire::Op& op, wire::ReplyWriter& reply);
  Result<void> write_value(const wire::Op& op);
  Result<void> combine(const wire::Op& op);
  Result<void> modify(const wire::Op& op, wire::ReplyWriter& reply);
  void read_all(wire::ReplyWriter& reply) const;
  void answer(const wire::Op& op, const model::Particle& result, wire::ReplyWriter& reply) const;
  model::Particle bin(std::string_view name) const;
  void set(std::string_view name, const model::Particle& value);

  Arena& arena_;
  const RecordRequest& request_;
  const WritePlan& plan_;
  const model::RecordSource& record_;
  Bins& bins_;
};

}  // namespace flotilla::exec
