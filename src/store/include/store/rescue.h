#pragma once

#include "store/namespace.h"

namespace flotilla::store {

/// Deals with the records whose newest copy is in a segment that cannot be read. What is in memory
/// is appended again; of a namespace on a device that is what has no body, and the others are noted
/// as damaged, so that other copies are asked for them. Says in the log what the segment held.
/// False: the log takes no more just now. Walks the whole index; the thread of the file.
bool rescue_from(Namespace& ns, SegmentSlot segment);

}  // namespace flotilla::store
