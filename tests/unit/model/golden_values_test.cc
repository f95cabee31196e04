#include "golden_replay.h"

namespace flotilla::model {
namespace {

TEST(GoldenBits, EveryRecordedExchangeIsAnsweredByteForByte) { golden::replay("wire-bit.jsonl"); }

TEST(GoldenHll, EveryRecordedExchangeIsAnsweredByteForByte) { golden::replay("wire-hll.jsonl"); }

}  // namespace
}  // namespace flotilla::model
