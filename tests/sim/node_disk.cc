#include "node_disk.h"

#include <algorithm>

#include "base/check.h"
#include "base/mark.h"

namespace flotilla::sim {

// --- terms

std::uint32_t KeptTerms::intern(const cluster::Term& term, std::uint32_t after) {
  const std::uint32_t index = table_->intern(term, after);
  size_ = std::max(size_, index);
  return index;
}

void KeptTerms::reserve(std::uint32_t index) {
  table_->reserve(index);
  size_ = std::max(size_, index);
}

void KeptTerms::cut_power(Random& random) {
  const auto left = static_cast<std::uint32_t>(random.between(synced_, size_));
  if (left != size_) FLOTILLA_MARK("fault: numbers of terms are lost");
  auto before = std::exchange(table_, std::make_unique<cluster::MemoryTermTable>());
  for (std::uint32_t index = 1; index <= left; ++index)
    table_->intern(before->term(index), index - 1);
  size_ = synced_ = left;
}

// --- the log

namespace {

constexpr unsigned kIndexBits = 24;

std::uint32_t slot_of(std::size_t file, std::size_t index) {
  FLOTILLA_CHECK(index + 1 < 1U << kIndexBits);
  return static_cast<std::uint32_t>(file << kIndexBits | (index + 1));
}

}  // namespace

Result<store::RecordLog::Place> KeptLog::append(const store::RecordImage& image) {
  const std::size_t which = image.digest.partition().raw() % files_.size();
  File& file = files_[which];
  Entry& entry = file.entries.emplace_back();
  entry.body.assign(image.body.begin(), image.body.end());
  entry.image = image;
  entry.image.set = {};   // Nobody uses one here.
  entry.image.body = {};  // It moves with the entry.
  return Place{.at = {.segment = store::SegmentSlot(slot_of(which, file.entries.size() - 1)),
                      .size = static_cast<std::uint32_t>(store::stored_size(image))},
               .end = store::LogPosition(slot_of(which, file.entries.size() - 1))};
}

bool KeptLog::is_durable(store::LogPosition position) const {
  const std::uint64_t raw = position.raw();
  return raw == 0 || (raw & ((1U << kIndexBits) - 1)) <= files_[raw >> kIndexBits].durable;
}

std::vector<store::LogPosition> KeptLog::ends() const {
  std::vector<store::LogPosition> out;
  for (std::size_t which = 0; which < files_.size(); ++which)
    if (!files_[which].entries.empty())
      out.emplace_back(slot_of(which, files_[which].entries.size() - 1));
  return out;
}

void KeptLog::released(const store::RecordPlace& at) {
  const std::uint32_t raw = at.segment.raw();
  if (raw == 0) return;
  File& file = files_[raw >> kIndexBits];
  file.entries[(raw & ((1U << kIndexBits) - 1)) - 1].released_with = file.entries.size();
}

void KeptLog::flush() {
  terms_.sync();
  for (File& file : files_) {
    file.durable = std::exchange(file.written, file.entries.size());
    for (Entry& entry : file.entries)
      if (entry.there && entry.released_with && *entry.released_with <= file.durable &&
          random_.chance(0.1))
        entry.there = false, entry.body = {};
  }
}

/// Of what was being written, any units.
void KeptLog::keep_some(File& file) {
  const double share = random_.chance(0.5) ? 1.0 : 0.5;
  for (std::size_t at = file.durable; at < file.written;) {
    const std::size_t end = std::min(file.written, at + random_.between(1, 20));
    const bool there = random_.chance(share);
    if (!there) FLOTILLA_MARK("fault: a unit of a log is lost");
    for (; at < end; ++at) file.entries[at].there &= there;
  }
  for (std::size_t at = file.written; at < file.entries.size(); ++at)
    file.entries[at].there = false;
}

void KeptLog::end(End how) {
  for (File& file : files_) {
    if (how != End::Clean) keep_some(file);
    file.written = file.durable = file.entries.size();
  }
}

void KeptLog::recover(store::Namespace& records) {
  for (std::size_t which = 0; which < files_.size(); ++which) {
    File& file = files_[which];
    for (Entry& entry : file.entries) entry.released_with.reset();
    for (std::size_t i = 0; i < file.entries.size(); ++i) {
      Entry& entry = file.entries[i];
      if (!entry.there) continue;
      store::RecordImage image = entry.image;
      image.body = entry.body;
      const store::Recovered what =
          records.recover(image, {.segment = store::SegmentSlot(slot_of(which, i)),
                                  .size = static_cast<std::uint32_t>(store::stored_size(image))});
      FLOTILLA_CHECK(what != store::Recovered::Unusable);
      if (what == store::Recovered::Old) entry.released_with = 0;
    }
  }
}

// --- all of it

void NodeDisk::end(End how, Random& random) {
  if (how == End::PowerCut) terms.cut_power(random);
  log.end(how);
}

}  // namespace flotilla::sim
