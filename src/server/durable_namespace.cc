#include "durable_namespace.h"

#include <algorithm>
#include <random>

#include "base/log.h"
#include "key_file.h"
#include "read_ring.h"
#include "read_threads.h"
#include "server.h"
#include "store/rescue.h"

namespace flotilla::server {
namespace {

bool on_device(const config::NamespaceConfig& config) {
  return config.engine() == config::Engine::Device;
}

/// Of new files.
std::uint32_t align_of(const config::NamespaceConfig& config) {
  const bool direct = !config.storage_devices().empty() || config.direct_files();
  return static_cast<std::uint32_t>(direct ? PosixFile::kDirectBlock : store::kSectorSize);
}

/// What snappy did, lz4 does: as fast, and smaller.
store::Packing packing_of(const config::NamespaceConfig& config) {
  switch (config.compression()) {
    case config::Compression::Lz4:
    case config::Compression::Snappy:
      return {.codec = store::Codec::Lz4,
              .level = static_cast<int>(config.compression_acceleration())};
    case config::Compression::Zstd:
      return {.codec = store::Codec::Zstd, .level = static_cast<int>(config.compression_level())};
    case config::Compression::None:
      break;
  }
  return {};
}

/// Clients' writes stop below a share that is free: compaction sees to it that it does not come to
/// that.
std::uint32_t keep_free_pct(const config::NamespaceConfig& config) {
  const std::uint32_t least = config.stop_writes_avail_pct();
  return least == 0 ? 0 : least + 1;
}

store::LogTuning tuning_of(const config::NamespaceConfig& config) {
  return {
      .flush_size = config.flush_size(),
      .flush_max = std::chrono::milliseconds(config.flush_max_ms()),
      .write_cache_max = config.max_write_cache(),
      .defrag_lwm_pct = config.defrag_lwm_pct(),
      .defrag_queue_min = config.defrag_queue_min(),
      .keep_free_pct = keep_free_pct(config),
      .defrag_sleep = std::chrono::microseconds(config.defrag_sleep()),
      .scrub_period = std::chrono::seconds(config.scrub_period()),
      .checkpoint_period = std::chrono::seconds(on_device(config) ? config.checkpoint_period() : 0),
      .packing = packing_of(config),
      .post_write_cache = on_device(config) ? config.post_write_cache() : 0};
}

std::unique_ptr<store::RecordReader> make_reader(const std::vector<const PosixFile*>& files) {
  std::string why;
  if (auto ring = ReadRing::make(files, why)) return ring;
  static std::atomic<bool> said{false};
  if (!said.exchange(true))
    log_info("storage", "io_uring cannot be used here ({}): threads read instead", why);
  return std::make_unique<ReadThreads>(files);
}

std::string path_of(const std::string& folder, std::string_view file) {
  // A shadow may follow after a blank; a memory namespace reads from memory and has no use for it.
  const std::string name(file.substr(0, file.find(' ')));
  return name.starts_with('/') ? name : folder + "/" + name;
}

std::uint64_t random_id() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

Result<std::unique_ptr<DurableNamespace>> DurableNamespace::open(
    const config::NamespaceConfig& config, store::Namespace& records, const std::string& folder,
    const store::Uuid& instance, Hooks hooks) {
  std::vector<PosixFile> files;
  const bool raw = !config.storage_devices().empty();
  for (const std::string& name : raw ? config.storage_devices() : config.storage_files()) {
    auto file = PosixFile::open({.path = path_of(folder, name),
                                 .size = raw ? 0 : config.filesize(),
                                 .direct = raw || config.direct_files()});
    if (!file) return tl::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  std::unique_ptr<DurableNamespace> out(new DurableNamespace(records, std::move(hooks)));
  if (auto ok = out->run(config, std::move(files), instance); !ok)
    return tl::unexpected(ok.error());
  return out;
}

Result<void> DurableNamespace::run(const config::NamespaceConfig& config,
                                   std::vector<PosixFile> files, const store::Uuid& instance) {
  const bool encrypts = !config.encryption_key_file().empty();
  auto encryption = encrypts ? read_encryption(config) : store::Encryption{};
  if (!encryption) return fail(Code::Unsupported, "an encryption key cannot be used");
  const store::LogOptions options{.namespace_name = config.name,
                                  .instance = instance,
                                  .fresh_id = random_id(),
                                  .created = wall_now(),
                                  .commit_to_device = config.commit_to_device(),
                                  .start_empty = config.cold_start_empty(),
                                  .align = align_of(config),
                                  .checkpoint = on_device(config),
                                  .packs = on_device(config),
                                  .encryption = encrypts ? &*encryption : nullptr,
                                  .tuning = tuning_of(config)};
  threads_ = std::make_unique<LogThreads>(std::move(files), hooks_.before_write);
  log_ = std::make_unique<store::Log>(options, threads_->sizes(), *this, *threads_);
  for (unsigned i = 0; i < log_->file_count(); ++i)
    passes_.emplace_back(records_, i, log_->file_count());
  records_.attach(log_.get());
  if (on_device(config)) {
    reader_ = make_reader(threads_->files());
    records_.keep_on_device(reader_.get());
  }
  threads_->run(*log_);
  threads_->wait_until_open();
  for (unsigned i = 0; i < log_->file_count(); ++i) {
    if (log_->state(i) == store::Log::State::Ready) continue;
    const auto& names =
        config.storage_devices().empty() ? config.storage_files() : config.storage_devices();
    log(LogLevel::Critical, "storage", "{{{}}} {}: {}", config.name, names[i], log_->refusal(i));
    return fail(Code::Unsupported, "a data file cannot be used");
  }
  log_info("storage", "{{{}}} {} records and {} tombstones read from {} file(s)", config.name,
           records_.objects(), records_.tombstones(), log_->file_count());
  return {};
}

DurableNamespace::~DurableNamespace() {
  if (threads_ != nullptr) threads_->stop();
  records_.attach(nullptr);
}

bool DurableNamespace::is_whole() const {
  for (unsigned i = 0; i < log_->file_count(); ++i) {
    const store::LogReport& report = log_->report(i);
    if (report.formatted || report.lost_records != 0 || !report.lost_records_exact) return false;
  }
  return true;
}

std::vector<FileOnMount> DurableNamespace::on_mounts() const {
  std::vector<FileOnMount> out;
  for (const PosixFile* file : threads_->files())
    if (const auto one = file->on_mount()) out.push_back(*one);
  return out;
}

void DurableNamespace::retune(const config::NamespaceConfig& config) {
  log_->retune(tuning_of(config));
}

store::Recovered DurableNamespace::recovered(const store::RecordImage& image,
                                             const store::RecordPlace& at) {
  return records_.recover(image, at);
}

void DurableNamespace::recovered_some(std::span<store::FoundRecord> found) {
  records_.recover(found);
}

store::IndexHead DurableNamespace::index_head(wire::PartitionId partition) {
  return records_.index_head(partition);
}

void DurableNamespace::index_below(wire::PartitionId partition, const wire::Digest* below,
                                   std::vector<store::IndexedRecord>& out) {
  records_.index_below(partition, below, out);
}

bool DurableNamespace::index_restored(const store::IndexHead& head,
                                      std::span<const store::IndexedRecord> records) {
  return records_.restore_index(head, records);
}

void DurableNamespace::index_refused(unsigned file) {
  for (std::size_t id = file; id < wire::kPartitions; id += log_->file_count())
    records_.forget_index(wire::PartitionId(static_cast<std::uint16_t>(id)));
}

Result<bool> DurableNamespace::relocate(const store::RecordImage& image,
                                        store::SegmentSlot segment) {
  return records_.relocate(image, segment);
}

bool DurableNamespace::segment_damaged(store::SegmentSlot segment) {
  return store::rescue_from(records_, segment);
}

void DurableNamespace::collect_tombstones(std::chrono::seconds age) {
  const std::uint64_t now = wall_now().ms;
  const std::uint64_t ago =
      std::min<std::uint64_t>(now, static_cast<std::uint64_t>(age.count()) * 1000);
  tombstones_before_.store(store::HlcTime(now - ago, 0).raw());
  log_->collect_tombstones();
}

bool DurableNamespace::tombstone_pass_begins(unsigned file) {
  return passes_[file].begin(store::HlcTime(tombstones_before_.load()));
}

void DurableNamespace::tombstone_pass_saw(unsigned file, const store::RecordImage& image) {
  passes_[file].saw(image);
}

void DurableNamespace::tombstone_pass_ends(unsigned file, bool complete) {
  const std::uint64_t dropped = passes_[file].end(complete);
  log_info("storage", "{{{}}} file {}: {} tombstones hid nothing any more{}", records_.name(), file,
           dropped, complete ? "" : " (not all of the file could be read: none dropped)");
}

void DurableNamespace::durable(store::LogPosition) { hooks_.durable(); }

void DurableNamespace::log_failed(unsigned file, std::string_view why) {
  log(LogLevel::Critical, "storage", "{{{}}} file {} takes no more writes: {}", records_.name(),
      file, why);
  hooks_.failed();
}

}  // namespace flotilla::server
