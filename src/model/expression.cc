#include "model/expression.h"

#include "expression_loop.h"

namespace flotilla::model {
namespace {

constexpr std::string_view kAbsent = "expression: not in this build";

}  // namespace

Result<void> check_filter(Bytes) { return fail(Code::Unsupported, kAbsent); }
Result<Truth> filter_by_metadata(Arena&, Bytes, const RecordSource::Metadata&) {
  return fail(Code::Unsupported, kAbsent);
}
Result<Truth> filter(Arena&, Bytes, const RecordSource&) {
  return fail(Code::Unsupported, kAbsent);
}
Result<Outcome> exp_read(Arena&, const RecordSource&, Bytes) {
  return fail(Code::Unsupported, kAbsent);
}
Result<Outcome> exp_modify(Arena&, const RecordSource&, const Particle&, Bytes) {
  return fail(Code::Unsupported, kAbsent);
}

Result<LoopExpression> LoopExpression::parse(Arena&, Bytes) {
  return fail(Code::Unsupported, kAbsent);
}
Truth LoopExpression::test(Arena&, const LoopVariables&) const { return Truth::Unknown; }
LoopExpression::Value LoopExpression::apply(Arena&, const LoopVariables&) const { return {}; }

}  // namespace flotilla::model
