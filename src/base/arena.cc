#include "base/arena.h"

#include <algorithm>
#include <cstring>

namespace flotilla {

Arena::Arena() {
  blocks_.push_back(
      {std::make_unique_for_overwrite<std::byte[]>(kFirstBlockSize), kFirstBlockSize});
  reset();
}

Arena::~Arena() = default;

MutableBytes Arena::allocate(std::size_t size) {
  const std::size_t rounded = (size + 7) & ~std::size_t{7};
  if (rounded > static_cast<std::size_t>(end_ - at_)) {
    const std::size_t block_size = std::max(rounded, blocks_.back().size * 2);
    blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(block_size), block_size});
    at_ = blocks_.back().bytes.get();
    end_ = at_ + block_size;
  }
  std::byte* const out = at_;
  at_ += rounded;
  used_ += rounded;
  return {out, size};
}

Bytes Arena::copy(Bytes bytes) {
  const MutableBytes to = allocate(bytes.size());
  if (!bytes.empty()) std::memcpy(to.data(), bytes.data(), bytes.size());
  return to;
}

void Arena::shrink_last(MutableBytes last, std::size_t used) {
  const std::size_t had = (last.size() + 7) & ~std::size_t{7};
  const std::size_t keep = (used + 7) & ~std::size_t{7};
  if (last.data() + had != at_ || keep > had) return;
  at_ -= had - keep;
  used_ -= had - keep;
}

void Arena::reset() {
  blocks_.resize(1);
  at_ = blocks_.front().bytes.get();
  end_ = at_ + blocks_.front().size;
  used_ = 0;
  walked_ = 0;
}

}  // namespace flotilla
