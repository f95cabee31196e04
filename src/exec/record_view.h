#pragma once

#include "exec/executor.h"
#include "model/expression.h"
#include "store/record_body.h"

namespace flotilla::exec {

/// A record as expressions see it: its metadata, and either its stored body or the bins of a write
/// in progress.
class RecordView : public model::RecordSource {
 public:
  RecordView(const Metadata& metadata, const store::KeyView& key, Bytes body, bool has_key)
      : metadata_(metadata), key_(key), body_(body), has_key_(has_key) {}
  RecordView(const Metadata& metadata, const store::KeyView& key, const Bins& bins)
      : metadata_(metadata), key_(key), bins_(&bins) {}

  Metadata metadata() const override { return metadata_; }
  std::optional<model::Particle> key() const override;
  model::Particle bin(std::string_view name) const override;

 private:
  Metadata metadata_;
  store::KeyView key_;
  const Bins* bins_ = nullptr;
  Bytes body_;
  bool has_key_ = false;
};

/// Metadata of a record in memory; of one that does not exist yet, with `record` null.
model::RecordSource::Metadata metadata_of(const Namespace& ns, const wire::Digest& digest,
                                          const store::RecordHead* record, std::string_view set,
                                          WallTime now);

/// The user key that a request carries; not present when it has none. Clients send a bare type byte
/// for "none", too.
store::KeyView key_of(const wire::Fields& fields);

/// Field 43 of a message, which may be there and empty.
std::optional<Bytes> filter_of(const wire::Fields& fields);

/// FilteredOut when the request's filter does not hold for the record, or its code when it cannot
/// be evaluated.
Result<void> check_filter(Arena& arena, const std::optional<Bytes>& filter,
                          const model::RecordSource& record);

/// Evaluates one read operation on one bin, or an expression. Null result: nothing to answer.
Result<model::Particle> read_op(Arena& arena, const wire::Op& op,
                                const model::RecordSource& record);

/// Answers a bin's value as clients read it.
void write_bin(Arena& arena, wire::ReplyWriter& reply, std::string_view name,
               const model::Particle& value);

bool is_read(wire::OpType type);

}  // namespace flotilla::exec
