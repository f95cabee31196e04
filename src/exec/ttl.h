#pragma once

#include "exec/executor.h"

namespace flotilla::exec {

/// The void-time that a write gives its record. `old` is the record that the client sees, null when
/// there is none. Parameter: a time to live beyond ten years that is no special value.
Result<std::uint32_t> new_void_time(const RecordRequest& request, const store::RecordHead* old,
                                    store::SetId set);

/// Whether a read must renew the record's time to live: less than the asked share of it is left.
/// Parameter: a share that cannot be meant.
Result<bool> read_touch(const RecordRequest& request, const store::RecordHead& record);
/// Renews it, unless the record has changed since `seen`, with the body `read` then (looked at on a
/// device only). The generation stays.
void touch_record(const Node& node, const RecordRequest& request, store::Lsn seen, Bytes read);

}  // namespace flotilla::exec
