#include "record_view.h"

namespace flotilla::exec {

using model::Particle;
using wire::OpType;

std::optional<Particle> RecordView::key() const {
  if (!key_.present()) return std::nullopt;
  return Particle{key_.type, key_.value};
}

Particle RecordView::bin(std::string_view name) const {
  if (bins_ != nullptr) {
    for (const store::BinView& bin : *bins_)
      if (bin.name == name) return {bin.type, bin.value};
    return {};
  }
  store::BodyReader reader(body_, has_key_);
  for (store::BinView bin; reader.next(bin);)
    if (bin.name == name) return {bin.type, bin.value};
  return {};
}

model::RecordSource::Metadata metadata_of(const Namespace& ns, const wire::Digest& digest,
                                          const store::RecordHead* record, std::string_view set,
                                          WallTime now) {
  model::RecordSource::Metadata out{.digest = digest,
                                    .set = set,
                                    .last_update_ms = 0,
                                    .now_ms = now.ms,
                                    .void_time = 0,
                                    .generation = 0,
                                    .record_size = 0,
                                    .is_tombstone = false,
                                    .exists = record != nullptr};
  if (record == nullptr) return out;
  out.set = ns.records.sets().name_of(record->set);
  out.last_update_ms = record->last_update.ms();
  out.void_time = record->void_time;
  out.generation = record->generation;
  out.record_size = record->size();
  return out;
}

store::KeyView key_of(const wire::Fields& fields) {
  const Bytes field = fields.get(wire::FieldType::Key);
  if (field.size() < 2) return {};
  return {static_cast<wire::ParticleType>(field[0]), field.subspan(1)};
}

std::optional<Bytes> filter_of(const wire::Fields& fields) {
  if (!fields.has(wire::FieldType::Filter)) return std::nullopt;
  return fields.get(wire::FieldType::Filter);
}

Result<void> check_filter(Arena& arena, const std::optional<Bytes>& filter,
                          const model::RecordSource& record) {
  if (!filter) return {};
  const auto truth = model::filter(arena, *filter, record);
  if (!truth) return tl::unexpected(truth.error());
  if (*truth != model::Truth::True) return fail(Code::FilteredOut, "filter");
  return {};
}

Result<Particle> read_op(Arena& arena, const wire::Op& op, const model::RecordSource& record) {
  const auto result_of = [](Result<model::Outcome> outcome) -> Result<Particle> {
    if (!outcome) return tl::unexpected(outcome.error());
    return outcome->result;
  };
  switch (op.type) {
    case OpType::Read:
      return model::export_particle(arena, record.bin(op.name));
    case OpType::CdtRead:
      return result_of(model::cdt_read(arena, record.bin(op.name), op.value));
    case OpType::BitsRead:
      return result_of(model::bits_read(arena, record.bin(op.name), op.value));
    case OpType::HllRead:
      return result_of(model::hll_read(arena, record.bin(op.name), op.value));
    case OpType::ExpRead:
      return result_of(model::exp_read(arena, record, op.value));
    default:
      return fail(Code::Parameter, "read: operation");
  }
}

void write_bin(Arena& arena, wire::ReplyWriter& reply, std::string_view name,
               const Particle& value) {
  const model::ShownParticle shown = model::show_particle(arena, value);
  reply.op(OpType::Read, name, shown.type, shown.head, shown.rest);
}

bool is_read(OpType type) {
  return type == OpType::Read || type == OpType::CdtRead || type == OpType::BitsRead ||
         type == OpType::HllRead || type == OpType::ExpRead;
}

}  // namespace flotilla::exec
