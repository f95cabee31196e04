#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flotilla::exec {

enum class NamespaceCounter : std::uint16_t {
#define COUNTER(name) name,
#include "exec/namespace_counters.def"
  kCount
};
enum class NodeCounter : std::uint16_t {
#define COUNTER(name) name,
#include "exec/node_counters.def"
  kCount
};

std::string_view name_of(NamespaceCounter counter);
std::string_view name_of(NodeCounter counter);

/// One thread's share of a family of counters: a single writer, any number of readers, no locked
/// instruction.
template <class Counter>
class CounterBlock {
 public:
  static constexpr std::size_t kSize = static_cast<std::size_t>(Counter::kCount);

  void add(Counter counter, std::uint64_t by = 1) {
    auto& value = values_[static_cast<std::size_t>(counter)];
    value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  std::uint64_t get(Counter counter) const {
    return values_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kSize> values_{};
};

using NamespaceCounters = CounterBlock<NamespaceCounter>;
using NodeCounters = CounterBlock<NodeCounter>;

}  // namespace flotilla::exec
