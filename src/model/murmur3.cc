#include "murmur3.h"

#include <bit>

namespace flotilla::model {
namespace {

constexpr std::uint64_t kFirst = 0x87C37B91114253D5;
constexpr std::uint64_t kSecond = 0x4CF5AD432745937F;

std::uint64_t mixed_first(std::uint64_t lane) { return std::rotl(lane * kFirst, 31) * kSecond; }
std::uint64_t mixed_second(std::uint64_t lane) { return std::rotl(lane * kSecond, 33) * kFirst; }

std::uint64_t avalanche(std::uint64_t h) {
  h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD;
  h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53;
  return h ^ h >> 33;
}

std::uint64_t load_tail(Bytes bytes) {
  std::uint64_t lane = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    lane = lane << 8 | static_cast<std::uint64_t>(bytes[i]);
  return lane;
}

}  // namespace

Hash128 murmur3_128(Bytes key) {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  Bytes rest = key;
  for (; rest.size() >= 16; rest = rest.subspan(16)) {
    a = (std::rotl(a ^ mixed_first(load_le<std::uint64_t>(rest.data())), 27) + b) * 5 + 0x52DCE729;
    b = (std::rotl(b ^ mixed_second(load_le<std::uint64_t>(rest.data() + 8)), 31) + a) * 5 +
        0x38495AB5;
  }
  if (rest.size() > 8) b ^= mixed_second(load_tail(rest.subspan(8)));
  a ^= mixed_first(load_tail(rest.first(std::min<std::size_t>(rest.size(), 8))));
  a ^= key.size();
  b ^= key.size();
  a += b;
  b += a;
  a = avalanche(a);
  b = avalanche(b);
  a += b;
  b += a;
  return {a, b};
}

}  // namespace flotilla::model
