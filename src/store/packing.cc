#include "store/packing.h"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "store/log_format.h"

namespace flotilla::store {
namespace {

constexpr std::size_t kHeadSize = 5;  // Codec 1, size of the body 4.
constexpr std::size_t kLeast = 64;    // Shorter bodies are not worth the try.
constexpr std::size_t kMost = kSegmentSizeMax;

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// Contexts are large, and a thread uses one at a time.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeZstd> context(ZSTD_createCCtx());
  return context.get();
}
ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeZstd> context(ZSTD_createDCtx());
  return context.get();
}

char* chars(std::byte* at) { return reinterpret_cast<char*>(at); }
const char* chars(const std::byte* at) { return reinterpret_cast<const char*>(at); }

/// Bytes written; 0: it does not fit.
std::size_t compress(const Packing& packing, Bytes from, MutableBytes to) {
  if (packing.codec == Codec::Lz4) {
    const int size =
        LZ4_compress_fast(chars(from.data()), chars(to.data()), static_cast<int>(from.size()),
                          static_cast<int>(to.size()), packing.level);
    return static_cast<std::size_t>(std::max(size, 0));
  }
  const std::size_t size = ZSTD_compressCCtx(compressor(), to.data(), to.size(), from.data(),
                                             from.size(), packing.level);
  return ZSTD_isError(size) != 0 ? 0 : size;
}

bool expand(Codec codec, Bytes from, MutableBytes to) {
  switch (codec) {
    case Codec::Lz4:
      return LZ4_decompress_safe(chars(from.data()), chars(to.data()),
                                 static_cast<int>(from.size()),
                                 static_cast<int>(to.size())) == static_cast<int>(to.size());
    case Codec::Zstd:
      return ZSTD_decompressDCtx(decompressor(), to.data(), to.size(), from.data(), from.size()) ==
             to.size();
    case Codec::None:
      break;
  }
  return false;
}

}  // namespace

RecordImage pack(const RecordImage& image, const Packing& packing, Buffer& room) {
  const Bytes body = image.body;
  const bool worth_it = packing.codec != Codec::None &&
                        (image.flags & (kPacked | kEncrypted)) == 0 && body.size() >= kLeast &&
                        body.size() <= kMost;
  if (!worth_it) return image;
  // It must spare at least one of the units that records are padded to.
  const std::size_t most = body.size() - StoredRecord::kAlign;
  if (room.size() < most) room.resize(most);
  const std::size_t size =
      compress(packing, body, MutableBytes(room).first(most).subspan(kHeadSize));
  if (size == 0) return image;
  room[0] = static_cast<std::byte>(packing.codec);
  store_le(room.data() + 1, static_cast<std::uint32_t>(body.size()));
  RecordImage packed = image;
  packed.flags |= kPacked;
  packed.body = Bytes(room).first(kHeadSize + size);
  return packed;
}

Result<std::size_t> unpacked_size(const RecordImage& image) {
  if ((image.flags & kPacked) == 0) return image.body.size();
  if (image.body.size() < kHeadSize) return fail(Code::Parameter, "packed: short");
  const std::size_t size = load_le<std::uint32_t>(image.body.data() + 1);
  if (size > kMost) return fail(Code::Parameter, "packed: size");
  return size;
}

Result<void> unpack(RecordImage& image, MutableBytes room) {
  if ((image.flags & kPacked) == 0) return {};
  const auto codec = static_cast<Codec>(image.body[0]);
  if (!expand(codec, image.body.subspan(kHeadSize), room))
    return fail(Code::Parameter, "packed: does not expand");
  image.flags &= static_cast<std::uint8_t>(~kPacked);
  image.body = room;
  return {};
}

}  // namespace flotilla::store
