#include "store/log.h"

#include "base/check.h"
#include "log_file.h"

namespace flotilla::store {

Log::Log(const LogOptions& options, std::span<const std::uint64_t> file_sizes, LogOwner& owner,
         LogHost& host)
    : options_(options) {
  constexpr std::size_t kFilesMax = 128;
  FLOTILLA_CHECK(!file_sizes.empty() && file_sizes.size() <= kFilesMax);
  FLOTILLA_CHECK(options.align == 512 || options.align == 4096);
  FLOTILLA_CHECK(options.segment_size >= kSegmentSizeMin &&
                 options.segment_size <= kSegmentSizeMax && options.segment_size % 4096 == 0);
  const auto count = static_cast<unsigned>(file_sizes.size());
  for (unsigned i = 0; i < count; ++i)
    files_.push_back(std::make_unique<LogFile>(
        options_, LogFileId{.index = i, .count = count, .size = file_sizes[i]}, owner, host));
}

Log::~Log() = default;

std::span<const IoRequest> Log::step(unsigned file, Instant now, const Event& event) {
  return files_[file]->step(now, event);
}

std::optional<Instant> Log::deadline(unsigned file) const { return files_[file]->deadline(); }
Log::State Log::state(unsigned file) const { return files_[file]->state(); }
std::string Log::refusal(unsigned file) const { return files_[file]->refusal(); }
const LogReport& Log::report(unsigned file) const { return files_[file]->report(); }

LogProgress Log::progress(unsigned file) const { return files_[file]->progress(); }

Result<RecordLog::Place> Log::append(const RecordImage& image) {
  const bool tombstone = (image.flags & kTombstone) != 0;
  return files_[file_of(image.digest.partition())]->append(
      image, tombstone ? LogFile::Purpose::Tombstone : LogFile::Purpose::Record);
}

Result<RecordLog::Place> Log::append_moved(const RecordImage& image) {
  return files_[file_of(image.digest.partition())]->append(image, LogFile::Purpose::Move);
}

void Log::released(const RecordPlace& at) {
  if (at.segment.raw() == 0) return;
  file_with(at).released(at.slot(), at.size);
}

bool Log::peek(const RecordPlace& at, MutableBytes into) const {
  return file_with(at).peek(at.slot(), at.offset, into);
}

RecordExtent Log::extent(const RecordPlace& at) const {
  RecordExtent out = file_with(at).extent(at.slot(), at.offset);
  out.size = at.size;
  return out;
}

const DataKey* Log::key_of(const RecordPlace& at) const { return file_with(at).key(); }

void Log::unreadable(const RecordPlace& at, std::string_view why) {
  file_with(at).unreadable(at.slot(), at.offset, why);
}

LogFile& Log::file_with(const RecordPlace& at) const {
  const unsigned file = at.segment.raw() >> 24;
  FLOTILLA_CHECK(file < files_.size());
  return *files_[file];
}

bool Log::is_durable(LogPosition position) const {
  if (position.raw() == 0) return true;
  return files_[position.raw() >> 56]->is_durable(position.raw() & ((1ULL << 56) - 1));
}

std::vector<LogPosition> Log::ends() const {
  std::vector<LogPosition> out;
  for (const auto& file : files_) out.push_back(file->end());
  return out;
}

void Log::request_flush() {
  for (auto& file : files_) file->request_flush();
}

void Log::close() {
  for (auto& file : files_) file->close();
}

void Log::retune(const LogTuning& tuning) {
  for (auto& file : files_) file->retune(tuning);
}

void Log::collect_tombstones() {
  for (auto& file : files_) file->collect_tombstones();
}

LogStatistics Log::statistics(unsigned file) const { return files_[file]->statistics(); }

LogStatistics Log::statistics() const {
  LogStatistics sum;
  for (const auto& file : files_) {
    const LogStatistics one = file->statistics();
    sum.total_bytes += one.total_bytes;
    sum.used_bytes += one.used_bytes;
    sum.segments += one.segments;
    sum.free_segments += one.free_segments;
    sum.pending_bytes += one.pending_bytes;
    sum.units_written += one.units_written;
    sum.partial_units_written += one.partial_units_written;
    sum.bytes_written += one.bytes_written;
    sum.body_bytes += one.body_bytes;
    sum.packed_bytes += one.packed_bytes;
    sum.syncs += one.syncs;
    sum.defrag_reads += one.defrag_reads;
    sum.defrag_moves += one.defrag_moves;
    sum.defrag_frees += one.defrag_frees;
    sum.defrag_queue += one.defrag_queue;
    sum.damaged_segments += one.damaged_segments;
    sum.read_errors += one.read_errors;
    sum.scrub_segments += one.scrub_segments;
    sum.scrub_errors += one.scrub_errors;
    sum.scrub_passes += one.scrub_passes;
    sum.checkpoints += one.checkpoints;
    sum.checkpoint_segments += one.checkpoint_segments;
    sum.cache_hits += one.cache_hits;
    sum.cache_misses += one.cache_misses;
    sum.cached_bytes += one.cached_bytes;
  }
  return sum;
}

}  // namespace flotilla::store
