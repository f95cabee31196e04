#include "generator/keys.h"

#include <algorithm>
#include <fstream>

namespace flotilla::bench {
namespace {

// SplitMix64: every input is a good seed, which the numbers of requests are not.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

__extension__ using Wide = unsigned __int128;

}  // namespace

std::uint64_t Keys::key(std::uint64_t request, std::uint32_t row) const {
  const std::uint64_t number = request * options_.per_request + row;
  if (options_.order == Order::Sequential) return number % options_.count;
  const std::uint64_t random = mix(number ^ mix(options_.seed));
  return static_cast<std::uint64_t>((Wide{random} * options_.count) >> 64);
}

std::size_t size_of_value(std::uint64_t request, std::size_t least, std::size_t most) {
  // Not the number that keys are mixed from: sizes must not depend on them.
  const std::uint64_t random = mix(~request);
  return least + static_cast<std::size_t>((Wide{random} * (most - least + 1)) >> 64);
}

DigestTable::DigestTable(std::string_view set, std::uint64_t count) { compute(set, count); }

DigestTable::DigestTable(std::string_view set, std::uint64_t count, const std::string& file) {
  if (load(file, count)) return;
  compute(set, count);
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  for (const wire::Digest& digest : digests_)
    out.write(reinterpret_cast<const char*>(digest.bytes.data()), wire::Digest::kSize);
}

bool DigestTable::load(const std::string& file, std::uint64_t count) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in || in.tellg() != static_cast<std::streamoff>(count * wire::Digest::kSize)) return false;
  in.seekg(0);
  digests_.resize(count);
  for (wire::Digest& digest : digests_)
    in.read(reinterpret_cast<char*>(digest.bytes.data()), wire::Digest::kSize);
  return static_cast<bool>(in);
}

void DigestTable::compute(std::string_view set, std::uint64_t count) {
  digests_.clear();
  digests_.reserve(count);
  for (std::uint64_t key = 0; key < count; ++key) {
    std::byte bytes[8];
    store_be<std::uint64_t>(bytes, key);
    digests_.push_back(wire::digest_of(set, wire::ParticleType::Integer, bytes));
  }
}

void fill_value(MutableBytes to, std::uint64_t key) {
  store_be<std::uint64_t>(to.data(), key);
  std::ranges::fill(to.subspan(sizeof key), std::byte{'.'});
}

bool is_value_of(Bytes value, std::size_t size, std::uint64_t key) {
  return value.size() == size && size >= sizeof key && load_be<std::uint64_t>(value.data()) == key;
}

}  // namespace flotilla::bench
