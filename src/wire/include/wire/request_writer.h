#pragma once

#include <span>
#include <string_view>

#include "wire/batch.h"
#include "wire/reply.h"

namespace flotilla::wire {

/// A request is one message in a frame of its own, so it is written as a reply of one message is.
using RequestWriter = ReplyWriter;

/// Appends the frame of an info request: every command ended by a line feed. No command at all asks
/// for the summary.
void write_info_request(OutBuffer& out, std::span<const std::string_view> commands);

/// The client's side of BatchReader: writes one whole batch request, frame included.
///
///   BatchWriter batch(out, parent, {.count = n, .flags = ...});
///   batch.row(index, digest, header);    // `header` as of the single-record request with the same
///   meaning. batch.field(...); batch.op(...);     // Of that row; the namespace first.
///   batch.repeat_row(index, digest);     // All but the digest as in the row before.
///   batch.finish();
///
/// `header.count` rows must be written: finish() checks.
class BatchWriter {
 public:
  /// `parent`: info1 of the whole request (kBatch is added) and its deadline.
  BatchWriter(OutBuffer& out, MessageHeader parent, BatchHeader header);
  BatchWriter(const BatchWriter&) = delete;
  BatchWriter& operator=(const BatchWriter&) = delete;

  void row(std::uint32_t index, const Digest& digest, const MessageHeader& header);
  void field(FieldType type, Bytes value);
  void op(OpType type, std::string_view name, ParticleType particle_type, Bytes value);
  void repeat_row(std::uint32_t index, const Digest& digest);
  void finish();

 private:
  std::byte* start_row(std::uint32_t index, const Digest& digest, std::size_t attributes_size);
  void end_row();

  OutBuffer& out_;
  std::size_t frame_at_;
  std::uint32_t rows_left_;
  std::size_t counts_at_ = 0;  // Of the row being written; 0: none.
  std::uint16_t n_fields_ = 0;
  std::uint16_t n_ops_ = 0;
};

}  // namespace flotilla::wire
