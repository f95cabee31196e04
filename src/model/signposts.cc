#include "signposts.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace flotilla::model {
namespace {

using msgpack::Container;
using msgpack::Kind;

constexpr std::size_t kBlock = 4096;

/// How many bytes are the same at the start.
std::size_t common_start(Bytes a, Bytes b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t same = 0;
  while (most - same >= kBlock && std::memcmp(a.data() + same, b.data() + same, kBlock) == 0)
    same += kBlock;
  while (same != most && a[same] == b[same]) ++same;
  return same;
}
/// How many bytes are the same at the end.
std::size_t common_end(Bytes a, Bytes b) {
  const std::size_t most = std::min(a.size(), b.size());
  const auto block_is_same = [&](std::size_t same) {
    return std::memcmp(a.data() + a.size() - same - kBlock, b.data() + b.size() - same - kBlock,
                       kBlock) == 0;
  };
  std::size_t same = 0;
  while (most - same >= kBlock && block_is_same(same)) same += kBlock;
  while (same != most && a[a.size() - 1 - same] == b[b.size() - 1 - same]) ++same;
  return same;
}

/// Makes the signposts of one collection from those of the one that it was before.
class Surveyor {
 public:
  Surveyor(const Container& box, const Container& old)
      : box_(box), old_(old), signposts_(old.signposts) {}

  std::vector<Signpost> run() {
    keep_start();
    next_ = first_of_end();
    const std::uint32_t stride = box_.kind == Kind::Map ? 2 : 1;
    msgpack::Cursor at(box_.elements.subspan(last().offset));
    for (Signpost here = last(); here.i < box_.count; ++here.i) {
      here.offset = static_cast<std::uint32_t>(box_.elements.size() - at.rest().size());
      while (next_ < signposts_.size() && moved(next_).offset < here.offset) ++next_;
      if (here.i - last().i >= kSignpostStepLeast && next_ < signposts_.size() &&
          is_at(moved(next_), here)) {
        for (; next_ < signposts_.size(); ++next_) out_.push_back(moved(next_));
        return std::move(out_);
      }
      if (needs_one(here)) out_.push_back(here);
      at.skip(stride);
      FLOTILLA_CHECK(at.ok());
    }
    return std::move(out_);
  }

 private:
  static bool is_at(const Signpost& a, const Signpost& b) {
    return a.i == b.i && a.offset == b.offset;
  }
  /// Not where an old one is near: putting a new one before each old one would walk to the end.
  bool needs_one(const Signpost& here) const {
    if (here.i - last().i < kSignpostStep) return false;
    if (next_ == signposts_.size()) return true;
    const std::uint32_t old = moved(next_).i;
    return old < here.i || old - last().i > kSignpostStepMost;
  }
  Signpost last() const { return out_.empty() ? Signpost{} : out_.back(); }
  /// Bytes that are the same up to a place have the same elements up to there.
  void keep_start() {
    if (signposts_.size() == 0) return;
    const std::size_t same = common_start(box_.elements, old_.elements);
    for (std::size_t n = 0; n < signposts_.size(); ++n) {
      const Signpost signpost = signposts_[n];
      if (signpost.offset > same || signpost.i >= box_.count) return;
      out_.push_back(signpost);
    }
  }
  /// The first old signpost in the bytes that are the same at the end. Whether they are the same
  /// elements shows when the walk comes to the place of one.
  std::size_t first_of_end() const {
    if (signposts_.size() == 0) return 0;
    const std::size_t from = old_.elements.size() - common_end(box_.elements, old_.elements);
    std::size_t n = out_.size();
    while (n < signposts_.size() && signposts_[n].offset < from) ++n;
    return n;
  }
  /// Counted from the end, where an old signpost stands now.
  Signpost moved(std::size_t n) const {
    const Signpost was = signposts_[n];
    const std::uint32_t i_behind = old_.count - was.i;
    const auto bytes_behind = static_cast<std::uint32_t>(old_.elements.size() - was.offset);
    return {box_.count - i_behind, static_cast<std::uint32_t>(box_.elements.size()) - bytes_behind};
  }

  const Container& box_;
  const Container& old_;
  Signposts signposts_;
  std::size_t next_ = 0;  // The old signpost that the walk comes to next.
  std::vector<Signpost> out_;
};

}  // namespace

Signpost Signposts::before(std::uint32_t i) const {
  std::size_t low = 0;
  std::size_t high = size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if ((*this)[middle].i <= i) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low == 0 ? Signpost{} : (*this)[low - 1];
}

Bytes with_signposts(Arena& arena, Bytes value, Bytes old) {
  const Container box = msgpack::open(value);
  if (box.count < kSignpostsFrom || box.elements.size() > UINT32_MAX) return value;
  Container before = msgpack::open(old);
  if (before.kind != box.kind) before = {};
  const std::vector<Signpost> signposts = Surveyor(box, before).run();
  std::vector<std::byte> bytes(signposts.size() * Signposts::kSize);
  for (std::size_t n = 0; n < signposts.size(); ++n) {
    store_be(bytes.data() + n * Signposts::kSize, signposts[n].i);
    store_be(bytes.data() + n * Signposts::kSize + 4, signposts[n].offset);
  }
  msgpack::Writer out(arena, value.size() + bytes.size() + 16);
  out.container(box.kind, box.count, box.flags, bytes);
  out.encoded(box.elements);
  return out.finish();
}

}  // namespace flotilla::model
