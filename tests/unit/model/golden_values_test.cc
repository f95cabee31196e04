#include "golden_replay.h"

namespace flotilla::model {
namespace {

TEST(GoldenBits, EveryRecordedExchangeIsAnsweredByteForByte) { golden::replay("wire-bit.jsonl"); }

}  // namespace
}  // namespace flotilla::model
