#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"
#include "store/encryption.h"

namespace flotilla::server {

/// The bytes of a key that `from` names: a path of a regular file of 16 bytes to 64 KiB, or
/// "env-b64:NAME", a variable of the environment that has them as base64. NotFound, Parameter: it
/// cannot be used; the log says which one and why.
Result<store::Secret> read_key(const std::string& from);

/// What encryption-key-file and the rows around it say. Errors as read_key().
Result<store::Encryption> read_encryption(const config::NamespaceConfig& config);

}  // namespace flotilla::server
