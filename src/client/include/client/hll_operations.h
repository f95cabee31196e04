#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "client/operation.h"

/// Operations on HyperLogLog sketches, for operate() (docs/formats/wire.md). A sketch is a Blob of
/// type HLL: what get_union() hands back, or a read of the bin.
namespace flotilla::client::op::hll {

struct Policy {
  bool create_only = false;  // BinExists when there is the bin.
  bool update_only = false;  // BinNotFound when there is none. Not for add().
  bool no_fail = false;
  bool allow_fold = false;  // set_union(): to fewer index bits where sketches differ.
};

/// 4 to 16 index bits; 0 or 4 to 51 bits for the minimum hash; at most 64 together.
struct Size {
  std::optional<std::int64_t> index_bits = {};
  std::optional<std::int64_t> min_hash_bits = {};
};

/// An empty sketch; sizes that are not given are those of the bin.
Operation init(std::string_view bin, const Size& size, const Policy& policy = {});
/// How many registers changed. Makes the bin where it is missing and the size is given.
Operation add(std::string_view bin, List values, const Size& size = {}, const Policy& policy = {});
Operation set_union(std::string_view bin, std::vector<Blob> sketches, const Policy& policy = {});
Operation refresh_count(std::string_view bin);
Operation fold(std::string_view bin, std::int64_t index_bits);

Operation get_count(std::string_view bin);
Operation get_union(std::string_view bin, std::vector<Blob> sketches);
Operation get_union_count(std::string_view bin, std::vector<Blob> sketches);
Operation get_intersect_count(std::string_view bin, std::vector<Blob> sketches);
Operation get_similarity(std::string_view bin, std::vector<Blob> sketches);
/// [index bits, bits for the minimum hash].
Operation describe(std::string_view bin);
/// 1: all of them may have been added; 0: one was not.
Operation may_contain(std::string_view bin, List values);

}  // namespace flotilla::client::op::hll
