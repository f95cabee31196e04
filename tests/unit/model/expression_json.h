#pragma once

#include <list>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "model/expression.h"
#include "model/msgpack.h"

/// Expressions written as JSON: a list is an operation, a text a string. "#x" is a name (raw bytes
/// without a type), "geo:..." GeoJSON, "blob:" a blob of hex digits, "ext:" two hex bytes (wildcard
/// ff00, infinity ff01).
namespace flotilla::model::exp_test {

inline void write(msgpack::Writer& out, const nlohmann::json& json) {
  const auto starts = [&](std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
  };
  switch (json.type()) {
    case nlohmann::json::value_t::null:
      return out.nil();
    case nlohmann::json::value_t::boolean:
      return out.boolean(json.get<bool>());
    case nlohmann::json::value_t::number_integer:
      return out.integer(json.get<std::int64_t>());
    case nlohmann::json::value_t::number_unsigned:
      return out.unsigned_integer(json.get<std::uint64_t>());
    case nlohmann::json::value_t::number_float:
      return out.real(json.get<double>());
    case nlohmann::json::value_t::array:
      out.list(static_cast<std::uint32_t>(json.size()));
      for (const auto& element : json) write(out, element);
      return;
    case nlohmann::json::value_t::object:
      out.map(static_cast<std::uint32_t>(json.size()));
      for (const auto& [key, value] : json.items()) {
        out.raw(ParticleType::String, as_bytes(key));
        write(out, value);
      }
      return;
    default:
      break;
  }
  const std::string_view text = json.get_ref<const std::string&>();
  if (starts(text, "#")) return out.plain_raw(as_bytes(text.substr(1)));
  if (starts(text, "geo:")) return out.raw(ParticleType::GeoJson, as_bytes(text.substr(4)));
  if (starts(text, "blob:")) return out.raw(ParticleType::Blob, from_hex(text.substr(5)));
  if (starts(text, "ext:")) return out.encoded(from_hex("d4" + std::string(text.substr(4))));
  out.raw(ParticleType::String, as_bytes(text));
}

inline Buffer encode_json(const nlohmann::json& json) {
  Arena arena;
  msgpack::Writer out(arena);
  write(out, json);
  const Bytes bytes = out.finish();
  return {bytes.begin(), bytes.end()};
}
inline Buffer encode(std::string_view text) { return encode_json(nlohmann::json::parse(text)); }

/// A record whose bins are given as JSON.
class Record final : public RecordSource {
 public:
  static constexpr std::uint64_t kNowMs = 500'000'000'000;

  Record() = default;
  explicit Record(std::string_view bins) {
    const auto parsed = nlohmann::json::parse(bins);
    for (const auto& [name, value] : parsed.items()) put(name, value);
  }
  void put(const std::string& name, const nlohmann::json& value) {
    encoded_.push_back(encode_json(value));
    bins_[name] = msgpack::to_particle(arena_, encoded_.back());
  }
  void put(const std::string& name, const Particle& value) { bins_[name] = value; }

  Metadata metadata() const override { return meta; }
  std::optional<Particle> key() const override { return user_key; }
  Particle bin(std::string_view name) const override {
    const auto found = bins_.find(std::string(name));
    return found == bins_.end() ? Particle{} : found->second;
  }

  Metadata meta{.digest = {},
                .set = "users",
                .last_update_ms = kNowMs - 7,
                .now_ms = kNowMs,
                .void_time = 0,
                .generation = 3,
                .record_size = 100,
                .is_tombstone = false,
                .exists = true};
  std::optional<Particle> user_key;

 private:
  Arena arena_;
  std::list<Buffer> encoded_;  // Bins borrow from these.
  std::map<std::string, Particle> bins_;
};

}  // namespace flotilla::model::exp_test
