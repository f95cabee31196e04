#include "client/hll_operations.h"

#include "operation_call.h"

namespace flotilla::client::op::hll {
namespace {

using wire::OpType;

constexpr std::int64_t kNotGiven = -1;

std::int64_t flags(const Policy& p) {
  return flag_bits({p.create_only, p.update_only, p.no_fail, p.allow_fold});
}

Value list_of(std::vector<Blob> sketches) {
  List list;
  for (Blob& sketch : sketches) {
    sketch.type = wire::ParticleType::Hll;
    list.items.emplace_back(std::move(sketch));
  }
  return list;
}

Operation modify(std::string_view bin, std::int64_t code, const std::vector<Value>& arguments) {
  return make_call(OpType::HllModify, bin, code, arguments);
}
Operation read(std::string_view bin, std::int64_t code, const std::vector<Value>& arguments = {}) {
  return make_call(OpType::HllRead, bin, code, arguments);
}

}  // namespace

Operation init(std::string_view bin, const Size& size, const Policy& policy) {
  return modify(
      bin, 0,
      {size.index_bits.value_or(kNotGiven), size.min_hash_bits.value_or(kNotGiven), flags(policy)});
}
Operation add(std::string_view bin, List values, const Size& size, const Policy& policy) {
  return modify(bin, 1,
                {Value(std::move(values)), size.index_bits.value_or(kNotGiven),
                 size.min_hash_bits.value_or(kNotGiven), flags(policy)});
}
Operation set_union(std::string_view bin, std::vector<Blob> sketches, const Policy& policy) {
  return modify(bin, 2, {list_of(std::move(sketches)), flags(policy)});
}
Operation refresh_count(std::string_view bin) { return modify(bin, 3, {}); }
Operation fold(std::string_view bin, std::int64_t index_bits) {
  return modify(bin, 4, {index_bits});
}
Operation get_count(std::string_view bin) { return read(bin, 50); }
Operation get_union(std::string_view bin, std::vector<Blob> sketches) {
  return read(bin, 51, {list_of(std::move(sketches))});
}
Operation get_union_count(std::string_view bin, std::vector<Blob> sketches) {
  return read(bin, 52, {list_of(std::move(sketches))});
}
Operation get_intersect_count(std::string_view bin, std::vector<Blob> sketches) {
  return read(bin, 53, {list_of(std::move(sketches))});
}
Operation get_similarity(std::string_view bin, std::vector<Blob> sketches) {
  return read(bin, 54, {list_of(std::move(sketches))});
}
Operation describe(std::string_view bin) { return read(bin, 55); }
Operation may_contain(std::string_view bin, List values) {
  return read(bin, 56, {Value(std::move(values))});
}

}  // namespace flotilla::client::op::hll
