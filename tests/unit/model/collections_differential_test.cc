#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>

#include "base/parse.h"
#include "base/random.h"
#include "unit/model/reference_script.h"

namespace flotilla::model::reference {
namespace {

/// Number of scripts; FLOTILLA_SCRIPTS sets another, FLOTILLA_SEED another start.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : parse_u64(text).value_or(otherwise);
}

Buffer script_of(std::uint64_t seed) {
  Random random(seed);
  Buffer script(random.between(20, 200));
  for (std::byte& byte : script) byte = static_cast<std::byte>(random.below(256));
  return script;
}

TEST(CollectionsDifferential, EncodedBytesAndPlainTreesAgree) {
  const std::uint64_t seed = from_environment("FLOTILLA_SEED", 1);
  const std::uint64_t scripts = from_environment("FLOTILLA_SCRIPTS", 5'000);
  for (std::uint64_t i = 0; i < scripts; ++i) {
    const std::string told = disagreement(script_of(seed + i));
    ASSERT_EQ(told, "") << "repeat with FLOTILLA_SCRIPTS=1 FLOTILLA_SEED=" << seed + i;
  }
}

// The same with scripts that shrink when they fail.
RC_GTEST_PROP(CollectionsDifferential, AnyScriptAgrees,
              (const std::vector<std::uint8_t>& choices)) {
  Buffer script;
  for (const std::uint8_t choice : choices) script.push_back(static_cast<std::byte>(choice));
  RC_ASSERT(disagreement(script) == "");
}

}  // namespace
}  // namespace flotilla::model::reference
