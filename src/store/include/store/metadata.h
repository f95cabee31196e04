#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "store/file.h"

namespace flotilla::store {

/// Small facts that must survive a restart and are no records: cut-offs of truncations; later
/// definitions of indexes, modules, settings. Keys and values are any bytes.
/// docs/formats/data-folder.md.
using Metadata = std::map<std::string, std::string, std::less<>>;

/// An absent file is empty metadata. Unknown: the file is damaged.
Result<Metadata> load_metadata(Folder& folder, std::string_view file);
/// Afterwards, and after any crash, the file holds the old facts or all of the new.
Result<void> save_metadata(Folder& folder, std::string_view file, const Metadata& metadata);

}  // namespace flotilla::store
