#pragma once

#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>

namespace flotilla {

/// Every failure that a client can be told, with its number on the wire. Success is the other side
/// of Result. Numbers and meanings: docs/formats/wire.md; those above 199 belong to secondary
/// indexes and queries.
enum class Code : std::uint8_t {
  Unknown = 1,     // Internal failure; also list or map bytes that do not parse on a plain write.
  NotFound = 2,    // The record does not exist.
  Generation = 3,  // The record's generation is not the expected one.
  Parameter = 4,   // Malformed request, or arguments that cannot be meant.
  Exists = 5,      // Create-only met a record.
  BinExists = 6,   // Create-only met a bin.
  ClusterKeyMismatch = 7,  // The cluster is not the one that was asked about.
  OutOfSpace = 8,          // Stop-writes, or no free storage.
  Timeout = 9,
  Unavailable = 11,       // No primary for the partition yet.
  IncompatibleType = 12,  // The operation does not fit the bin's type.
  TooBig = 13,            // The record would pass max-record-size, or a message its bound.
  KeyBusy = 14,           // Too many requests wait for one key.
  QueryAborted = 15,
  Unsupported = 16,
  BinNotFound = 17,
  DeviceOverload = 18,  // The write queue to storage is full.
  KeyMismatch = 19,     // The stored user key differs from the one sent.
  Namespace = 20,       // Unknown namespace.
  BinName = 21,         // Bin name too long or with a NUL.
  Forbidden = 22,
  ElementNotFound = 23,
  ElementExists = 24,
  EnterpriseOnly = 25,  // A feature that this server does not have yet.
  OpNotApplicable = 26,
  FilteredOut = 27,
  LostConflict = 28,
  SecurityNotSupported = 51,
  SecurityNotEnabled = 52,
  UdfFailed = 100,
  BatchDisabled = 150,
  BatchTooManyRows = 151,
  BatchQueuesFull = 152,
  GeoInvalid = 160,
  IndexExists = 200,
  IndexNotFound = 201,
  IndexOutOfMemory = 202,
  IndexNotReadable = 203,
  IndexGeneric = 204,
  IndexNameTooLong = 205,
  IndexMaxCount = 206,
};

/// Why something failed. `why` is a literal, for the log; clients see only `code`.
struct Error {
  Code code;
  std::string_view why;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Code code, std::string_view why) {
  return tl::unexpected<Error>(Error{code, why});
}

}  // namespace flotilla
