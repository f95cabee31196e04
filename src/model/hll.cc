#include "hll.h"

namespace flotilla::model {

Result<Particle> import_hll(Arena&, Bytes bytes) {
  if (bytes.size() < 11 || bytes[0] != std::byte{0}) return fail(Code::Parameter, "hll: header");
  const auto index_bits = static_cast<unsigned>(bytes[1]);
  const auto minhash_bits = static_cast<unsigned>(bytes[2]);
  if (index_bits < 4 || index_bits > 16 || minhash_bits > 51 ||
      (minhash_bits != 0 && minhash_bits < 4))
    return fail(Code::Parameter, "hll: bits");
  const std::size_t registers = (std::size_t{1} << index_bits) * (6 + minhash_bits);
  if (bytes.size() != 11 + (registers + 7) / 8) return fail(Code::Parameter, "hll: size");
  return Particle{ParticleType::Hll, bytes};
}

}  // namespace flotilla::model
