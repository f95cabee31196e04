#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "sim/disk.h"
#include "store/log.h"
#include "store/namespace.h"
#include "store/record_body.h"
#include "store/rescue.h"

namespace flotilla::sim {

inline wire::Digest device_digest(unsigned key) {
  Buffer bytes;
  append_be(bytes, std::uint64_t{key});
  return wire::digest_of("s", wire::ParticleType::Integer, bytes);
}

inline Buffer device_body(std::size_t size, unsigned seed) {
  const std::string value(size, static_cast<char>('a' + seed % 26));
  const store::BinView bins[] = {{"b", wire::ParticleType::String, as_bytes(value)}};
  Buffer body(store::body_size({}, bins));
  store::write_body(body.data(), {}, bins);
  return body;
}

/// Of a small disk, which fills up and is compacted soon.
inline store::LogOptions device_options() {
  store::LogOptions options;
  options.namespace_name = "test";
  options.fresh_id = 7;
  options.segment_size = 32 << 10;
  options.tuning.flush_size = 4 << 10;
  options.tuning.defrag_sleep = Duration(0);
  return options;
}

/// A namespace whose bodies are in the log alone, or in memory too, on a simulated disk: the owner
/// of the log, and who reads the disk.
class Device : public store::LogOwner, public store::LogHost, public store::RecordReader {
 public:
  static constexpr WallTime kNow{1'000'000'000};

  Device(Disk& disk, const store::LogOptions& options, unsigned parts = 1, bool on_device = true)
      : disk_(disk), parts_(parts) {
    const std::uint64_t sizes[] = {disk.size()};
    log = std::make_unique<store::Log>(options, sizes, *this, *this);
    records.attach(log.get());
    if (on_device) records.keep_on_device(this);
    run();
  }

  /// All that is due now, and what follows from it.
  void run() {
    feed(store::Log::Tick{});
    while (!disk_.idle()) feed(disk_.complete_first());
  }
  void pass(Duration time) {
    run();
    now_ = now_ + time;
    run();
  }
  void close() {
    log->close();
    run();
  }

  Result<store::LogPosition> put(unsigned key, Bytes body) {
    return put({.digest = device_digest(key), .generation = 1, .body = body});
  }
  Result<store::LogPosition> put(const store::RecordUpdate& update) {
    store::Partition& partition = records.partition_of(update.digest);
    const std::scoped_lock lock(partition.write);
    return records.put(partition, partition.index.find(update.digest), update, kNow);
  }
  bool remove(unsigned key) {
    const wire::Digest digest = device_digest(key);
    store::Partition& partition = records.partition_of(digest);
    const std::scoped_lock lock(partition.write);
    store::MemoryRecord* const old = partition.index.find(digest);
    return old != nullptr && records.remove(partition, old, kNow).has_value();
  }
  const store::MemoryRecord* find(unsigned key) {
    const wire::Digest digest = device_digest(key);
    return records.partition_of(digest).index.find(digest);
  }
  /// Empty: it cannot be read.
  Buffer body(unsigned key) {
    std::shared_ptr<const store::RecordRead> keeps;
    const auto image = records.image_of(*find(key), keeps);
    if (!image) return {};
    return {image->body.begin(), image->body.end()};
  }

  // LogOwner
  store::Recovered recovered(const store::RecordImage& image,
                             const store::RecordPlace& at) override {
    return records.recover(image, at);
  }
  Result<bool> relocate(const store::RecordImage& image, store::SegmentSlot segment) override {
    return records.relocate(image, segment);
  }
  bool segment_damaged(store::SegmentSlot segment) override {
    return store::rescue_from(records, segment);
  }
  store::IndexHead index_head(wire::PartitionId partition) override {
    return records.index_head(partition);
  }
  void index_below(wire::PartitionId partition, const wire::Digest* below,
                   std::vector<store::IndexedRecord>& out) override {
    records.index_below(partition, below, out);
  }
  bool index_restored(const store::IndexHead& head,
                      std::span<const store::IndexedRecord> some) override {
    return records.restore_index(head, some);
  }
  void index_refused(unsigned) override {
    for (std::uint16_t id = 0; id < wire::kPartitions; ++id)
      records.forget_index(wire::PartitionId(id));
  }
  void log_failed(unsigned, std::string_view) override {}
  // LogHost
  void wake(unsigned) override {}
  unsigned parallel() const override { return parts_; }
  // RecordReader
  void submit(std::shared_ptr<store::RecordRead> read) override { carry_out(*read); }
  void carry_out(store::RecordRead& read) override {
    ++reads;
    const store::RecordExtent& extent = read.extent();
    std::ranges::copy(Bytes(disk_.bytes()).subspan(extent.offset, extent.size),
                      read.room(extent.size).begin());
    read.complete(std::size_t{0});
  }

  std::size_t reads = 0;
  store::HybridClock clock;
  store::Namespace records{"test", clock};
  std::unique_ptr<store::Log> log;

 private:
  void feed(const store::Log::Event& event) {
    for (const store::IoRequest& request : log->step(0, now_, event)) disk_.submit(request);
  }

  Disk& disk_;
  const unsigned parts_;
  Instant now_{std::chrono::seconds(1)};
};

}  // namespace flotilla::sim
