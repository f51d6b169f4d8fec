// Whether usherd could use a store on PostgreSQL, and if not, what is missing: for `usherd --check`.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace usher
{

/// Connects with libpq's `options`, and looks. Changes nothing. Waits until that is over: not longer than ten seconds.
///
/// The value is what usherd will do when it starts, for people: it makes the tables, or brings them to its form; empty: nothing,
/// the store is as this usherd wants it. The error, for people, says what is missing, and what helps. A password in a passfile
/// that is not found is looked for once more: libpq does not say why it has none.
[[nodiscard]] tl::expected<std::string, std::string> try_postgres(const std::string& options);

}  // namespace usher
