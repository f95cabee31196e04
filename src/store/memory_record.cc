#include "store/memory_record.h"

#include <cstdlib>

#ifndef FLOTILLA_SANITIZED
#include <mimalloc.h>
#endif

namespace flotilla::store {
namespace {

// Under a sanitizer records come from its own heap, so that a use after release is seen.
#ifdef FLOTILLA_SANITIZED
void* raw_allocate(std::size_t size) { return std::malloc(size); }
void raw_release(void* memory) { std::free(memory); }
void raw_prefer_huge_pages() {}
#else
void* raw_allocate(std::size_t size) { return mi_malloc(size); }
void raw_release(void* memory) { mi_free(memory); }
void raw_prefer_huge_pages() { mi_option_enable(mi_option_large_os_pages); }
#endif

constexpr std::size_t rounded(std::size_t body_size) {
  return (MemoryRecord::kHeaderSize + body_size + 15) & ~std::size_t{15};
}

}  // namespace

void RecordHeap::prefer_huge_pages() { raw_prefer_huge_pages(); }

MemoryRecord* RecordHeap::allocate(std::size_t body_size) {
  return static_cast<MemoryRecord*>(raw_allocate(rounded(body_size)));
}

void RecordHeap::release(MemoryRecord* record) { raw_release(record); }

bool RecordHeap::fits(const MemoryRecord& record, std::size_t size) {
  return rounded(record.body_size) == rounded(size);
}

}  // namespace flotilla::store
