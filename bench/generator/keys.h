#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/ids.h"

namespace flotilla::bench {

/// Which keys a request touches. Requests are numbered; keys follow from the number alone, so
/// whoever checks the reply need not remember them.
class Keys {
 public:
  enum class Order : std::uint8_t { Sequential, Uniform };
  struct Options {
    std::uint64_t count = 1'000'000;
    std::uint64_t seed = 1;
    Order order = Order::Uniform;
    std::uint32_t per_request = 1;  // Records of one request, for batches.
  };

  explicit Keys(Options options) : options_(options) {}

  /// The `row`th key of the request, in [0, count).
  std::uint64_t key(std::uint64_t request, std::uint32_t row = 0) const;
  std::uint64_t count() const { return options_.count; }
  std::uint32_t per_request() const { return options_.per_request; }

 private:
  Options options_;
};

/// The size of the value that a request puts, uniform in [least, most].
std::size_t size_of_value(std::uint64_t request, std::size_t least, std::size_t most);

/// Digests of the integer keys 0 to count - 1 in one set, computed once, ahead of the measurement.
class DigestTable {
 public:
  DigestTable(std::string_view set, std::uint64_t count);
  /// Takes them from a file that an earlier run left, if there is one of the right size, else
  /// computes and leaves them.
  DigestTable(std::string_view set, std::uint64_t count, const std::string& file);

  const wire::Digest& operator[](std::uint64_t key) const { return digests_[key]; }
  std::uint64_t size() const { return digests_.size(); }

 private:
  bool load(const std::string& file, std::uint64_t count);
  void compute(std::string_view set, std::uint64_t count);

  std::vector<wire::Digest> digests_;
};

/// The value stored under a key: the key as eight bytes, then filler. `to` holds at least eight
/// bytes.
void fill_value(MutableBytes to, std::uint64_t key);
/// True when `value` is what fill_value() would have written, judged by its size and its first
/// eight bytes.
bool is_value_of(Bytes value, std::size_t size, std::uint64_t key);

}  // namespace flotilla::bench
