#include "log_compactor.h"

namespace flotilla::store {
void LogCompactor::advance(Instant, std::vector<IoRequest>&) {}
void LogCompactor::completed(bool) {}
void LogCompactor::ask_for_pass() {}
std::optional<Instant> LogCompactor::deadline() const { return std::nullopt; }
}  // namespace flotilla::store
