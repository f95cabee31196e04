#pragma once

#include <zstd.h>

#include <istream>
#include <memory>
#include <ostream>
#include <streambuf>
#include <string>
#include <vector>

namespace flotilla::tools::asb {

/// Compresses what is written to it into another stream: one frame with a checksum.
class ZstdWriter : public std::streambuf {
 public:
  explicit ZstdWriter(std::ostream& to);
  /// Ends the frame. Nothing may be written afterwards.
  void finish();

 private:
  int_type overflow(int_type c) override;
  int sync() override;
  void compress(ZSTD_EndDirective how);

  std::ostream& to_;
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
  std::vector<char> in_;
  std::vector<char> out_;
};

/// Decompresses another stream while it is read: any number of frames.
class ZstdReader : public std::streambuf {
 public:
  explicit ZstdReader(std::istream& from);
  /// Why there is no more although the frame has not ended, a sentence; empty: all is well.
  const std::string& error() const { return error_; }
  /// Whether a stream begins as compressed ones do; nothing of it is taken.
  static bool is_compressed(std::istream& stream);

 private:
  int_type underflow() override;

  std::istream& from_;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
  std::vector<char> in_;
  std::vector<char> out_;
  ZSTD_inBuffer pending_{nullptr, 0, 0};
  std::uint64_t taken_ = 0;  // Compressed bytes before `pending_`.
  bool is_inside_ = false;   // Of a frame.
  std::string error_;
};

}  // namespace flotilla::tools::asb
