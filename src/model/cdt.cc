#include "cdt_operation.h"
#include "given.h"
#include "op_arguments.h"

namespace flotilla::model {
namespace {

Result<Outcome> run(Arena& arena, const Particle& given, Bytes op, bool is_read) {
  // Each operation of a command may copy the whole collection; together they must not fill the
  // memory.
  if (arena.used() > kScratchMax) return fail(Code::TooBig, "cdt: scratch memory");
  const auto envelope = Envelope::parse(op);
  if (!envelope) return tl::unexpected(envelope.error());
  const Particle bin = settled(arena, given);
  const bool is_path = envelope->code == Envelope::kSelectCode && !envelope->has_context;
  if (bin.is_null() && is_read && !is_path) return Outcome{};
  const bool is_collection = bin.type == ParticleType::List || bin.type == ParticleType::Map;
  if (!is_collection && !bin.is_null())
    return fail(envelope->has_context ? Code::Parameter : Code::IncompatibleType,
                "cdt: bin of another type");
  if (is_path) return run_path(arena, bin, *envelope, is_read);
  if (envelope->has_context) return run_in_context(arena, bin, *envelope, is_read);
  return run_operation(arena, bin.bytes, 0, *envelope, is_read);
}

}  // namespace

Result<Outcome> cdt_read(Arena& arena, const Particle& bin, Bytes op) {
  return run(arena, bin, op, true);
}

Result<Outcome> cdt_modify(Arena& arena, const Particle& bin, Bytes op) {
  return run(arena, bin, op, false);
}

}  // namespace flotilla::model
