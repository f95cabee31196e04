#include "tools/bench/stages.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "base/parse.h"
#include "text.h"

namespace flotilla::tools::bench {
namespace {

using Outcome = tl::expected<void, std::string>;

constexpr std::size_t kStagesMost = 1'000;
constexpr std::int64_t kSecondsMost = 1'000'000'000;

/// A stage while its map is read.
struct Draft {
  Stage stage;
  const StageDefaults& defaults;
  std::optional<std::int64_t> key_end = {};
};

/// One key of the map. `text`: its value; a list is its items with commas between them.
struct Row {
  std::string_view key;
  Outcome (*take)(Draft&, std::string_view text);
};

template <class T>
Outcome take_into(T& into, const tl::expected<T, std::string>& parsed) {
  if (!parsed) return tl::unexpected(parsed.error());
  into = *parsed;
  return {};
}

tl::expected<std::int64_t, std::string> number(std::string_view text, std::int64_t least,
                                               std::int64_t most) {
  const auto found = parse_i64(text);
  if (!found || *found < least || *found > most)
    return tl::unexpected(fmt::format("'{}' is not a number from {} to {}", text, least, most));
  return *found;
}

tl::expected<bool, std::string> truth(std::string_view text) {
  if (same_word(text, "yes") || same_word(text, "no")) return same_word(text, "yes");
  const auto found = parse_truth(text);
  if (!found) return tl::unexpected(fmt::format("'{}' is neither true nor false", text));
  return *found;
}

Outcome take_seconds(std::chrono::seconds& into, std::string_view text) {
  const auto seconds = number(text, 0, kSecondsMost);
  if (!seconds) return tl::unexpected(seconds.error());
  into = std::chrono::seconds(*seconds);
  return {};
}

Outcome take_size(std::size_t& into, std::string_view text) {
  const auto size = number(text, 1, 100'000);
  if (!size) return tl::unexpected(size.error());
  into = static_cast<std::size_t>(*size);
  return {};
}

constexpr Row kRows[] = {
    // Before the others: they are for single kinds of batches.
    {"batch-size",
     [](Draft& d, std::string_view text) -> Outcome {
       Plan& plan = d.stage.plan;
       if (auto taken = take_size(plan.batch_read_size, text); !taken) return taken;
       plan.batch_write_size = plan.batch_delete_size = plan.batch_read_size;
       return {};
     }},
    {"batch-read-size",
     [](Draft& d, std::string_view text) { return take_size(d.stage.plan.batch_read_size, text); }},
    {"batch-write-size",
     [](Draft& d, std::string_view text) {
       return take_size(d.stage.plan.batch_write_size, text);
     }},
    {"batch-delete-size",
     [](Draft& d, std::string_view text) {
       return take_size(d.stage.plan.batch_delete_size, text);
     }},
    {"desc",
     [](Draft& d, std::string_view text) -> Outcome {
       d.stage.description = text;
       return {};
     }},
    {"duration",
     [](Draft& d, std::string_view text) { return take_seconds(d.stage.plan.duration, text); }},
    {"pause",
     [](Draft& d, std::string_view text) { return take_seconds(d.stage.pause_most, text); }},
    {"workload",
     [](Draft& d, std::string_view text) {
       return take_into(d.stage.plan.workload, parse_workload(text));
     }},
    {"tps",
     [](Draft& d, std::string_view text) -> Outcome {
       const auto rate = parse_real(text);
       if (!rate || *rate < 0) return tl::unexpected(fmt::format("'{}' is not a rate", text));
       d.stage.plan.operations_per_second = *rate;
       return {};
     }},
    {"object-spec",
     [](Draft& d, std::string_view text) {
       return take_into(d.stage.plan.object, parse_object_spec(text, d.defaults.compressed_share));
     }},
    {"key-start",
     [](Draft& d, std::string_view text) {
       return take_into(d.stage.plan.first_key, number(text, INT64_MIN, INT64_MAX));
     }},
    {"key-end",
     [](Draft& d, std::string_view text) -> Outcome {
       const auto end = number(text, INT64_MIN, INT64_MAX);
       if (!end) return tl::unexpected(end.error());
       d.key_end = *end;
       return {};
     }},
    {"read-bins",
     [](Draft& d, std::string_view text) {
       return take_into(d.stage.plan.read_bins, parse_bin_numbers(text));
     }},
    {"write-bins",
     [](Draft& d, std::string_view text) {
       return take_into(d.stage.plan.write_bins, parse_bin_numbers(text));
     }},
    {"async",
     [](Draft& d, std::string_view text) -> Outcome {
       const auto is_async = truth(text);
       if (!is_async) return tl::unexpected(is_async.error());
       d.stage.plan.threads = *is_async ? d.defaults.async_commands : d.defaults.threads;
       return {};
     }},
    {"random",
     [](Draft& d, std::string_view text) {
       return take_into(d.stage.plan.random_objects, truth(text));
     }},
};

std::string text_of(const YAML::Node& value) {
  if (!value.IsSequence()) return value.as<std::string>("");
  std::string text;
  for (const YAML::Node& item : value) text += (text.empty() ? "" : ",") + item.as<std::string>("");
  return text;
}

/// `place`: from 1.
tl::expected<Stage, std::string> read_stage(const YAML::Node& map, std::size_t place,
                                            const StageDefaults& defaults,
                                            const std::vector<ValueSpec>& object) {
  if (!map.IsMap()) return tl::unexpected<std::string>("it is not a map");
  for (const auto& pair : map) {
    const auto key = pair.first.as<std::string>("");
    if (key != "stage" && std::ranges::find(kRows, key, &Row::key) == std::end(kRows))
      return tl::unexpected(fmt::format("there is no key '{}'", key));
  }
  if (map["stage"] && text_of(map["stage"]) != std::to_string(place))
    return tl::unexpected(fmt::format("it calls itself stage {}: they are to stand in their order",
                                      text_of(map["stage"])));
  Draft draft{.stage = {.plan = defaults.plan}, .defaults = defaults};
  draft.stage.plan.object = object;
  for (const Row& row : kRows) {
    const YAML::Node value = map[std::string(row.key)];
    if (!value) continue;
    if (auto taken = row.take(draft, text_of(value)); !taken)
      return tl::unexpected(fmt::format("{}: {}", row.key, taken.error()));
  }
  Plan& plan = draft.stage.plan;
  if (draft.key_end && *draft.key_end <= plan.first_key)
    return tl::unexpected<std::string>("key-end is not behind key-start");
  // No overflow, even where the first is negative.
  if (draft.key_end)
    plan.keys = static_cast<std::int64_t>(static_cast<std::uint64_t>(*draft.key_end) -
                                          static_cast<std::uint64_t>(plan.first_key));
  if (auto good = check(plan); !good) return tl::unexpected(good.error());
  return std::move(draft.stage);
}

}  // namespace

tl::expected<std::vector<Stage>, std::string> parse_stages(std::string_view yaml,
                                                           const StageDefaults& defaults) {
  // yaml-cpp speaks in exceptions; they end here.
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (!root.IsSequence() || root.size() == 0 || root.size() > kStagesMost)
      return tl::unexpected(fmt::format("it is not a list of 1 to {} stages", kStagesMost));
    std::vector<Stage> stages;
    for (const YAML::Node& map : root) {
      const std::size_t place = stages.size() + 1;
      auto stage = read_stage(map, place, defaults,
                              stages.empty() ? defaults.plan.object : stages.back().plan.object);
      if (!stage) return tl::unexpected(fmt::format("stage {}: {}", place, stage.error()));
      stages.push_back(*std::move(stage));
    }
    return stages;
  } catch (const YAML::Exception& error) {
    return tl::unexpected(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  }
}

}  // namespace flotilla::tools::bench
