#include "write_plan.h"

#include <algorithm>

#include "record_view.h"

namespace flotilla::exec {

using model::Particle;
using wire::Op;
using wire::OpType;

namespace {

/// Whether a record-level replace leaves the operation without a meaning.
bool needs_old_bins(const Op& op) {
  switch (op.type) {
    case OpType::Write:
      return op.particle_type == wire::ParticleType::Null;
    case OpType::Increment:
    case OpType::Append:
    case OpType::Prepend:
    case OpType::CdtModify:
    case OpType::BitsModify:
    case OpType::HllModify:
    case OpType::Touch:
    case OpType::DeleteAll:
      return true;
    default:
      return false;
  }
}

/// Operations that answer something by themselves, beside plain reads.
bool answers(OpType type) {
  return type == OpType::CdtRead || type == OpType::CdtModify || type == OpType::BitsRead ||
         type == OpType::BitsModify || type == OpType::HllRead || type == OpType::HllModify ||
         type == OpType::ExpRead || type == OpType::ExpModify;
}

/// Reads in a write: allowed with the READ flag; one nameless read of all bins, and then nothing
/// else that answers.
Result<void> check_reads(const RecordRequest& request, const WritePlan& plan) {
  const std::uint8_t flags = request.header.info1;
  unsigned nameless = 0;
  bool others = false;
  bool reads = false;
  for (const Op op : request.ops) {
    const bool all_bins =
        op.type == OpType::Read && op.name.empty() && (flags & wire::info1::kGetAll) != 0;
    if (all_bins) ++nameless;
    if (is_read(op.type)) reads = true;
    if (!all_bins && (is_read(op.type) || answers(op.type))) others = true;
  }
  if (reads && (flags & wire::info1::kRead) == 0)
    return fail(Code::Parameter, "write: read without flag");
  if (nameless > 1 || (nameless == 1 && (plan.respond_all || others)))
    return fail(Code::Parameter, "write: read of all bins beside others");
  if ((flags & wire::info1::kGetAll) != 0 && nameless == 0)
    return fail(Code::Parameter, "write: all bins asked without a read");
  return {};
}

}  // namespace

Result<void> check_bin_names(const wire::Ops& ops) {
  for (const Op op : ops) {
    if (op.name.size() > kBinNameMost || op.name.find('\0') != std::string_view::npos)
      return fail(Code::BinName, "bin name");
  }
  return {};
}

Result<WritePlan> plan_write(const RecordRequest& request) {
  const wire::MessageHeader& header = request.header;
  if (request.ops.empty() || request.ops.count() > kOpsMost)
    return fail(Code::Parameter, "write: operations");
  if (auto ok = check_bin_names(request.ops); !ok) return tl::unexpected(ok.error());
  WritePlan plan{
      .must_exist = (header.info3 & (wire::info3::kUpdateOnly | wire::info3::kReplaceOnly)) != 0,
      .create_only = (header.info2 & wire::info2::kCreateOnly) != 0,
      .replace = (header.info3 & (wire::info3::kCreateOrReplace | wire::info3::kReplaceOnly)) != 0,
      .respond_all = (header.info2 & wire::info2::kRespondAllOps) != 0,
  };
  for (const Op op : request.ops) {
    if (op.type == OpType::Touch) plan.must_exist = true;
    if (plan.replace && needs_old_bins(op))
      return fail(Code::Parameter, "write: replace with this operation");
  }
  if (auto ok = check_reads(request, plan); !ok) return tl::unexpected(ok.error());
  return plan;
}

Result<void> OpRunner::run(wire::ReplyWriter& reply) {
  for (const Op op : request_.ops) {
    if (auto ok = apply(op, reply); !ok) return ok;
  }
  if (bins_.size() > kBinsMost) return fail(Code::Parameter, "write: too many bins");
  return {};
}

Result<void> OpRunner::apply(const Op& op, wire::ReplyWriter& reply) {
  switch (op.type) {
    case OpType::Touch:
      return {};
    case OpType::Write: {
      auto ok = write_value(op);
      if (ok) answer(op, {}, reply);
      return ok;
    }
    case OpType::Increment:
    case OpType::Append:
    case OpType::Prepend: {
      auto ok = combine(op);
      if (ok) answer(op, {}, reply);
      return ok;
    }
    case OpType::DeleteAll:
      bins_.clear();
      answer(op, {}, reply);
      return {};
    case OpType::CdtModify:
    case OpType::BitsModify:
    case OpType::HllModify:
    case OpType::ExpModify:
      return modify(op, reply);
    default:
      break;
  }
  if (!is_read(op.type)) return fail(Code::Parameter, "write: operation");
  if (op.type == OpType::Read && op.name.empty() &&
      (request_.header.info1 & wire::info1::kGetAll) != 0) {
    read_all(reply);
    return {};
  }
  const auto value = read_op(arena_, op, record_);
  if (!value) return tl::unexpected(value.error());
  answer(op, *value, reply);
  return {};
}

Result<void> OpRunner::write_value(const Op& op) {
  if (op.particle_type == wire::ParticleType::Null) {
    set(op.name, {});
    return {};
  }
  const auto value = model::import_particle(arena_, op.particle_type, op.value);
  if (!value) return tl::unexpected(value.error());
  set(op.name, *value);
  return {};
}

Result<void> OpRunner::combine(const Op& op) {
  const Particle operand{op.particle_type, op.value};
  const auto value = op.type == OpType::Increment ? model::increment(arena_, bin(op.name), operand)
                     : op.type == OpType::Append  ? model::append(arena_, bin(op.name), operand)
                                                  : model::prepend(arena_, bin(op.name), operand);
  if (!value) return tl::unexpected(value.error());
  set(op.name, *value);
  return {};
}

Result<void> OpRunner::modify(const Op& op, wire::ReplyWriter& reply) {
  const Particle old = bin(op.name);
  const auto outcome = op.type == OpType::CdtModify    ? model::cdt_modify(arena_, old, op.value)
                       : op.type == OpType::BitsModify ? model::bits_modify(arena_, old, op.value)
                       : op.type == OpType::HllModify
                           ? model::hll_modify(arena_, old, op.value)
                           : model::exp_modify(arena_, record_, old, op.value);
  if (!outcome) return tl::unexpected(outcome.error());
  if (outcome->changed) set(op.name, outcome->bin);
  answer(op, outcome->result, reply);
  return {};
}

void OpRunner::read_all(wire::ReplyWriter& reply) const {
  for (const store::BinView& bin : bins_) write_bin(arena_, reply, bin.name, {bin.type, bin.value});
}

void OpRunner::answer(const Op& op, const Particle& result, wire::ReplyWriter& reply) const {
  if (!result.is_null() || plan_.respond_all) reply.op(op.type, op.name, result.type, result.bytes);
}

Particle OpRunner::bin(std::string_view name) const {
  const auto it = std::ranges::find(bins_, name, &store::BinView::name);
  return it == bins_.end() ? Particle{} : Particle{it->type, it->value};
}

void OpRunner::set(std::string_view name, const Particle& value) {
  const auto it = std::ranges::find(bins_, name, &store::BinView::name);
  if (!value.is_null()) {
    if (it == bins_.end()) {
      bins_.push_back({name, value.type, value.bytes});
    } else {
      it->type = value.type;
      it->value = value.bytes;
    }
  } else if (it != bins_.end()) {
    // The last bin takes a removed one's place, as clients of the original see it.
    *it = bins_.back();
    bins_.pop_back();
  }
}

}  // namespace flotilla::exec
