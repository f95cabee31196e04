#include "cdt_operation.h"
#include "given.h"
#include "op_arguments.h"
#include "signposts.h"

namespace flotilla::model {
namespace {

/// In smaller bins looking up one element takes as long as any operation.
constexpr std::size_t kLarge = 4096;

Result<Outcome> run(Arena& arena, const Particle& given, Bytes op, bool is_read) {
  // Each operation of a command may walk through or copy the whole collection; together they must
  // take neither all of the time nor all of the memory.
  if (const auto room = check_room(arena); !room) return tl::unexpected(room.error());
  const bool is_brief = is_read && given.bytes.size() > kLarge && is_brief_read(given, op);
  arena.note_walk(op.size() + (is_brief ? 0 : given.bytes.size()));
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

bool is_brief_read(const Particle& bin, Bytes op) {
  if (bin.type != ParticleType::List && bin.type != ParticleType::Map) return false;
  const msgpack::Container box = msgpack::open(bin.bytes);
  const auto envelope = Envelope::parse(op);
  if (box.signposts.empty() || !envelope || envelope->has_context || envelope->kind() != box.kind)
    return false;
  const bool is_ordered_list =
      box.kind == msgpack::Kind::List && (box.flags & msgpack::kOrdered) != 0;
  switch (envelope->code) {
    case 16:  // Size, get.
    case 17:
    case 96:
      return true;
    case 20:  // By value.
      if (!is_ordered_list) return false;
      break;
    case 19:  // By index, by key.
    case 97:
    case 98:
      break;
    default:
      return false;
  }
  const msgpack::Head told = msgpack::Cursor(envelope->arguments).peek();
  const auto type = ReturnType::parse(told.bits);
  return told.kind == msgpack::Kind::Integer && !type.is_inverted &&
         (is_ordered_list || !type.wants_ranks());
}

Result<Outcome> cdt_modify(Arena& arena, const Particle& bin, Bytes op) {
  auto outcome = run(arena, bin, op, false);
  if (outcome && outcome->changed)
    outcome->bin.bytes = with_signposts(arena, outcome->bin.bytes, bin.bytes);
  return outcome;
}

}  // namespace flotilla::model
