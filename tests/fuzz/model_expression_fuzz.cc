// Any bytes, taken as an expression on a record with a bin of each type. Property: a filter that is
// accepted runs, what metadata decide the bins do not contradict, a filter parsed once agrees, and
// a value that is written can be read, and changed by the operations of its type.
#include <array>
#include <cstdint>

#include "base/check.h"
#include "model/expression.h"
#include "model/msgpack.h"

using namespace flotilla;
using namespace flotilla::model;

namespace {

class Record final : public RecordSource {
 public:
  Record() {
    static constexpr std::pair<const char*, const char*> kValues[] = {
        {"i", "07"},
        {"j", "d3ffffffffffffffff"},
        {"f", "cb4004000000000000"},
        {"s", "a60368656c6c6f"},
        {"t", "c3"},
        {"b", "a3040ff0"},
        {"l", "93030102"},
        {"o", "94c70001010203"},
        {"m", "82a2036101a2036202"},
        {"k", "82c70001c0a2036101"},
        {"n", "8193010293a2036181a203629101c0"},
        {"e", "80"},
        {"g", "d925177b2274797065223a22506f696e74222c22636f6f7264696e61746573223a5b312c325d7d"},
        {"h", "b8120004000000000000000000000000000000000000000000"},
    };
    for (const auto& [name, hex] : kValues) {
      const Buffer bytes = from_hex(hex);
      if (msgpack::Cursor(bytes).skip().size() != bytes.size()) continue;
      bins_.emplace_back(name, msgpack::to_particle(arena_, arena_.copy(bytes)));
    }
  }
  Metadata metadata() const override {
    return {.digest = {},
            .set = "set",
            .last_update_ms = 1000,
            .now_ms = 5000,
            .void_time = 77,
            .generation = 1,
            .record_size = 64,
            .is_tombstone = false,
            .exists = true};
  }
  std::optional<Particle> key() const override {
    return Particle{ParticleType::String, as_bytes("key")};
  }
  Particle bin(std::string_view name) const override {
    for (const auto& [known, value] : bins_)
      if (known == name) return value;
    return {};
  }

 private:
  Arena arena_;
  std::vector<std::pair<std::string, Particle>> bins_;
};

void check_filters(Arena& arena, Bytes expression, const Record& record) {
  if (!check_filter(expression)) return;
  const auto early = filter_by_metadata(arena, expression, record.metadata());
  const auto late = filter(arena, expression, record);
  FLOTILLA_CHECK(early && late);
  FLOTILLA_CHECK(*early == Truth::Unknown || *early == *late);
  const auto parsed = Filter::parse(expression);
  FLOTILLA_CHECK(parsed && parsed->test(arena, record) == *late);
}

/// Operations that walk through all of a value.
void use(Arena& arena, const Particle& bin) {
  static const std::array kCdtReads{from_hex("9110"),           from_hex("93140702"),
                                    from_hex("931a0700"),       from_hex("9362 07 a20361"),
                                    from_hex("9369 07 00"),     from_hex("94640705"),
                                    from_hex("93fe92 04 c3 01")};
  for (const Buffer& op : kCdtReads) static_cast<void>(cdt_read(arena, bin, op));
  static const std::array kCdtChanges{
      from_hex("920001"),       from_hex("920105"),   from_hex("910d"),    from_hex("924001"),
      from_hex("9343a2036105"), from_hex("93250002"), from_hex("93570700")};
  for (const Buffer& op : kCdtChanges) static_cast<void>(cdt_modify(arena, bin, op));
  static_cast<void>(bits_read(arena, bin, from_hex("93330001")));
  static_cast<void>(hll_read(arena, bin, from_hex("9132")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Record record;
  const Bytes in{reinterpret_cast<const std::byte*>(data), size};
  Arena arena;
  check_filters(arena, in, record);
  static_cast<void>(evaluate(arena, in, record));
  static_cast<void>(exp_modify(arena, record, {}, in));
  Buffer op{std::byte{0x91}};
  flotilla::append(op, in);
  const auto read = exp_read(arena, record, op);
  const auto changed = exp_modify(arena, record, {}, op);
  if (read && read->result.is_null()) FLOTILLA_CHECK(!changed || !changed->changed);
  if (changed && changed->changed) use(arena, changed->bin);
  return 0;
}
