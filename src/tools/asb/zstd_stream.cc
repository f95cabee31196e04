#include "zstd_stream.h"

#include <fmt/format.h>

namespace flotilla::tools::asb {
namespace {

constexpr std::size_t kBufferSize = 128 << 10;

}  // namespace

ZstdWriter::ZstdWriter(std::ostream& to)
    : to_(to), context_(ZSTD_createCCtx(), &ZSTD_freeCCtx), in_(kBufferSize), out_(kBufferSize) {
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  setp(in_.data(), in_.data() + in_.size());
}

void ZstdWriter::compress(ZSTD_EndDirective how) {
  ZSTD_inBuffer in{pbase(), static_cast<std::size_t>(pptr() - pbase()), 0};
  for (bool done = false; !done;) {
    ZSTD_outBuffer out{out_.data(), out_.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in, how);
    if (ZSTD_isError(left) != 0) {
      to_.setstate(std::ios::badbit);
      break;
    }
    to_.write(out_.data(), static_cast<std::streamsize>(out.pos));
    done = how == ZSTD_e_continue ? in.pos == in.size : left == 0;
  }
  setp(in_.data(), in_.data() + in_.size());
}

ZstdWriter::int_type ZstdWriter::overflow(int_type c) {
  compress(ZSTD_e_continue);
  if (!to_.good()) return traits_type::eof();
  if (!traits_type::eq_int_type(c, traits_type::eof())) {
    *pptr() = traits_type::to_char_type(c);
    pbump(1);
  }
  return traits_type::not_eof(c);
}

int ZstdWriter::sync() {
  compress(ZSTD_e_flush);
  to_.flush();
  return to_.good() ? 0 : -1;
}

void ZstdWriter::finish() { compress(ZSTD_e_end); }

ZstdReader::ZstdReader(std::istream& from)
    : from_(from),
      context_(ZSTD_createDCtx(), &ZSTD_freeDCtx),
      in_(kBufferSize),
      out_(kBufferSize) {}

ZstdReader::int_type ZstdReader::underflow() {
  while (error_.empty()) {
    if (pending_.pos == pending_.size) {
      taken_ += pending_.size;
      from_.read(in_.data(), static_cast<std::streamsize>(in_.size()));
      pending_ = {in_.data(), static_cast<std::size_t>(from_.gcount()), 0};
      if (pending_.size == 0) {
        if (is_inside_) error_ = fmt::format("byte {}: the compressed file is truncated", taken_);
        return traits_type::eof();
      }
    }
    ZSTD_outBuffer out{out_.data(), out_.size(), 0};
    const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &pending_);
    if (ZSTD_isError(left) != 0) {
      error_ = fmt::format("byte {}: the compressed file is damaged ({})", taken_ + pending_.pos,
                           ZSTD_getErrorName(left));
      return traits_type::eof();
    }
    is_inside_ = left != 0;
    if (out.pos == 0) continue;
    setg(out_.data(), out_.data(), out_.data() + out.pos);
    return traits_type::to_int_type(*gptr());
  }
  return traits_type::eof();
}

bool ZstdReader::is_compressed(std::istream& stream) {
  // The first byte of the magic number; no text of a backup begins with it.
  return stream.peek() == 0x28;
}

}  // namespace flotilla::tools::asb
