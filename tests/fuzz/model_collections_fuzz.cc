// Bytes as choices of a script of commands. Property: operations on encoded bytes and on plain
// trees agree.
#include <cstdint>

#include "base/check.h"
#include "unit/model/reference_script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const flotilla::Bytes script{reinterpret_cast<const std::byte*>(data), size};
  FLOTILLA_CHECK(flotilla::model::reference::disagreement(script).empty());
  return 0;
}
