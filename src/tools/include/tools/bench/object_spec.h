#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/random.h"
#include "client/record.h"

/// What records a benchmark writes.
namespace flotilla::tools::bench {

/// One value to make: a kind with its size, a constant, or a list or map of such.
struct ValueSpec {
  enum class Kind : std::uint8_t { Bool, Integer, Bytes, String, Double, Constant, List, Map };

  Kind kind = Kind::Integer;
  std::size_t size = 0;          // Integer: bytes, 1 to 8. Bytes, String: length.
  std::size_t random_bytes = 0;  // Of Bytes: so many at its beginning are random, the rest zero.
  client::Value constant = {};   // Of Constant.
  std::vector<ValueSpec> parts =
      {};  // List: items; Map: key and value by turns. Repetitions are written out.
};

/// "b", "I4", "B100", "S10", "D", constants (true, 17, 1.5, "text"), "[3*I2,S4]", "{5*S1:I1}",
/// separated by commas and repeated by "n*": one value a bin. Bytes are made to compress to
/// `compressed_share` of their size. The error is a sentence with the place.
tl::expected<std::vector<ValueSpec>, std::string> parse_object_spec(std::string_view text,
                                                                    double compressed_share = 1);

/// Bins "testbin", "testbin_2", ... with values drawn from `random`.
std::vector<client::Bin> make_bins(const std::vector<ValueSpec>& specs, std::string_view bin_name,
                                   Random& random);

/// Some of the bins of an object, counted from 1, in rising order. Empty: all.
using BinNumbers = std::vector<std::size_t>;
/// "1,3,4". The error is a sentence.
tl::expected<BinNumbers, std::string> parse_bin_numbers(std::string_view text);
std::string bin_name(std::string_view first, std::size_t number);

}  // namespace flotilla::tools::bench
