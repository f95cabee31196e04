#include "operate_words.h"

#include <fmt/format.h>

#include <algorithm>

namespace flotilla::tools::sql {
namespace {

namespace op = client::op;
using client::Operation;
using client::Value;

/// What stands between the code and the arguments as they were written.
enum class Frame : std::uint8_t {
  Plain,        // Nothing.
  Value,        // Return type "value" in front.
  KeyAndValue,  // Return type "key and value" in front.
  Order,        // The order of a map that has to be created, behind.
};

struct CdtWord {
  std::string_view name;
  bool modifies;
  std::uint8_t code;
  std::size_t least;  // Arguments behind the bin.
  std::size_t most;
  Frame frame;
};

constexpr CdtWord kCdtWords[] = {
    {"LIST_APPEND", true, 1, 1, 1, Frame::Plain},
    {"LIST_APPEND_ITEMS", true, 2, 1, 1, Frame::Plain},
    {"LIST_INSERT", true, 3, 2, 2, Frame::Plain},
    {"LIST_INSERT_ITEMS", true, 4, 2, 2, Frame::Plain},
    {"LIST_POP", true, 5, 1, 1, Frame::Plain},
    {"LIST_POP_RANGE", true, 6, 1, 2, Frame::Plain},
    {"LIST_REMOVE", true, 7, 1, 1, Frame::Plain},
    {"LIST_REMOVE_RANGE", true, 8, 1, 2, Frame::Plain},
    {"LIST_SET", true, 9, 2, 2, Frame::Plain},
    {"LIST_TRIM", true, 10, 2, 2, Frame::Plain},
    {"LIST_CLEAR", true, 11, 0, 0, Frame::Plain},
    {"LIST_INCREMENT", true, 12, 1, 2, Frame::Plain},
    {"LIST_SIZE", false, 16, 0, 0, Frame::Plain},
    {"LIST_GET", false, 17, 1, 1, Frame::Plain},
    {"LIST_GET_RANGE", false, 18, 1, 2, Frame::Plain},
    {"MAP_PUT", true, 67, 2, 2, Frame::Order},
    {"MAP_PUT_ITEMS", true, 68, 1, 1, Frame::Order},
    {"MAP_INCREMENT", true, 73, 2, 2, Frame::Order},
    {"MAP_DECREMENT", true, 74, 2, 2, Frame::Order},
    {"MAP_CLEAR", true, 75, 0, 0, Frame::Plain},
    {"MAP_REMOVE_BY_KEY", true, 76, 1, 1, Frame::Value},
    {"MAP_REMOVE_BY_INDEX", true, 77, 1, 1, Frame::KeyAndValue},
    {"MAP_REMOVE_BY_RANK", true, 79, 1, 1, Frame::KeyAndValue},
    {"MAP_REMOVE_BY_KEY_LIST", true, 81, 1, 1, Frame::KeyAndValue},
    {"MAP_REMOVE_BY_VALUE", true, 82, 1, 1, Frame::KeyAndValue},
    {"MAP_REMOVE_BY_VALUE_LIST", true, 83, 1, 1, Frame::KeyAndValue},
    {"MAP_REMOVE_BY_KEY_RANGE", true, 84, 1, 2, Frame::KeyAndValue},
    {"MAP_REMOVE_BY_INDEX_RANGE", true, 85, 1, 2, Frame::KeyAndValue},
    {"MAP_REMOVE_BY_VALUE_RANGE", true, 86, 1, 2, Frame::KeyAndValue},
    {"MAP_REMOVE_BY_RANK_RANGE", true, 87, 1, 2, Frame::KeyAndValue},
    {"MAP_SIZE", false, 96, 0, 0, Frame::Plain},
    {"MAP_GET_BY_KEY", false, 97, 1, 1, Frame::Value},
    {"MAP_GET_BY_INDEX", false, 98, 1, 1, Frame::KeyAndValue},
    {"MAP_GET_BY_RANK", false, 100, 1, 1, Frame::KeyAndValue},
    {"MAP_GET_BY_VALUE", false, 102, 1, 1, Frame::KeyAndValue},
    {"MAP_GET_BY_KEY_RANGE", false, 103, 1, 2, Frame::KeyAndValue},
    {"MAP_GET_BY_INDEX_RANGE", false, 104, 1, 2, Frame::KeyAndValue},
    {"MAP_GET_BY_VALUE_RANGE", false, 105, 1, 2, Frame::KeyAndValue},
    {"MAP_GET_BY_RANK_RANGE", false, 106, 1, 2, Frame::KeyAndValue},
    {"MAP_GET_BY_KEY_LIST", false, 107, 1, 1, Frame::KeyAndValue},
    {"MAP_GET_BY_VALUE_LIST", false, 108, 1, 1, Frame::KeyAndValue},
};

struct PlainWord {
  std::string_view name;
  std::size_t arguments;
  Operation (*make)(const Operate::Step&);
};

constexpr PlainWord kPlainWords[] = {
    {"READ", 0, [](const Operate::Step& s) { return op::read(s.bin); }},
    {"WRITE", 1, [](const Operate::Step& s) { return op::write(s.bin, s.arguments[0]); }},
    {"DELETE", 0, [](const Operate::Step& s) { return op::write(s.bin, client::Nil{}); }},
    {"INCR", 1, [](const Operate::Step& s) { return op::add(s.bin, s.arguments[0]); }},
    {"APPEND", 1, [](const Operate::Step& s) { return op::append(s.bin, s.arguments[0]); }},
    {"PREPEND", 1, [](const Operate::Step& s) { return op::prepend(s.bin, s.arguments[0]); }},
    {"TOUCH", 0, [](const Operate::Step&) { return op::touch(); }},
};

struct Policy {
  std::string_view name;
  std::int64_t order;
  std::int64_t write_flags;
};

constexpr Policy kPolicies[] = {
    {"AS_MAP_UNORDERED", 0, 0}, {"AS_MAP_KEY_ORDERED", 1, 0}, {"AS_MAP_KEY_VALUE_ORDERED", 3, 0},
    {"AS_MAP_UPDATE", 0, 0},    {"AS_MAP_UPDATE_ONLY", 0, 2}, {"AS_MAP_CREATE_ONLY", 0, 1},
};

tl::expected<Operation, std::string> cdt(const CdtWord& word, const Operate::Step& step) {
  constexpr std::int64_t kReturnValue = 7;
  constexpr std::int64_t kReturnKeyAndValue = 8;
  std::vector<Value> arguments;
  if (word.frame == Frame::Value) arguments.emplace_back(kReturnValue);
  if (word.frame == Frame::KeyAndValue) arguments.emplace_back(kReturnKeyAndValue);
  arguments.insert(arguments.end(), step.arguments.begin(), step.arguments.end());
  if (!step.policy.empty()) {
    const auto* const policy = std::ranges::find(kPolicies, step.policy, &Policy::name);
    if (policy == std::end(kPolicies) || word.frame != Frame::Order)
      return tl::unexpected(fmt::format("{} cannot have the policy {}", step.name, step.policy));
    arguments.emplace_back(policy->order);
    if (policy->write_flags != 0) arguments.emplace_back(policy->write_flags);
  }
  return word.modifies ? op::cdt_modify(step.bin, word.code, arguments)
                       : op::cdt_read(step.bin, word.code, arguments);
}

}  // namespace

tl::expected<Operation, std::string> operation_of(const Operate::Step& step) {
  const std::size_t given = step.arguments.size();
  if (const auto* const plain = std::ranges::find(kPlainWords, step.name, &PlainWord::name);
      plain != std::end(kPlainWords)) {
    if (given == plain->arguments) return plain->make(step);
    return tl::unexpected(
        fmt::format("{} wants {} values behind the bin", step.name, plain->arguments));
  }
  const auto* const word = std::ranges::find(kCdtWords, step.name, &CdtWord::name);
  if (word == std::end(kCdtWords))
    return tl::unexpected(fmt::format("there is no operation {}", step.name));
  if (given >= word->least && given <= word->most) return cdt(*word, step);
  return tl::unexpected(
      fmt::format("{} wants {} to {} values behind the bin", step.name, word->least, word->most));
}

}  // namespace flotilla::tools::sql
