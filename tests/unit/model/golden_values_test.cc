#include "golden_replay.h"

namespace flotilla::model {
namespace {

TEST(GoldenBits, EveryRecordedExchangeIsAnsweredByteForByte) { golden::replay("wire-bit.jsonl"); }

TEST(GoldenHll, EveryRecordedExchangeIsAnsweredByteForByte) { golden::replay("wire-hll.jsonl"); }

TEST(GoldenGeo, EveryRecordedExchangeIsAnsweredByteForByte) { golden::replay("wire-geo.jsonl"); }

TEST(GoldenExpressions, EveryRecordedExchangeIsAnsweredByteForByte) {
  golden::replay("wire-exp.jsonl");
}

}  // namespace
}  // namespace flotilla::model
