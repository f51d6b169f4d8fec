// Copies a whole store into an empty one, of the same kind or of the other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <tl/expected.hpp>

namespace usher
{

/// After each page: how many rows are copied, of how many.
using CopyProgress = std::function<void(std::int64_t rows, std::int64_t of)>;

/// Copies all rows of `from` to `to`, both as Database::open() has them, with their ids, generations and versions. Waits until
/// it is done, and returns how many they are.
///
/// Nobody else may use `from` meanwhile, nor does the copy begin while anybody does. `to` is made if it is not there; it is
/// refused if it has any row. All is written in one transaction: whatever fails, and when the process ends before it is done,
/// `to` stays empty, and the copy can be begun again. The error is for people, and says which of the two it is about.
[[nodiscard]] tl::expected<std::int64_t, std::string> copy_store(const std::string& from,
                                                                 const std::string& to,
                                                                 const CopyProgress& progress);

}  // namespace usher
