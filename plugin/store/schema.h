// The form of the store: the statements that make it, and that bring an older store to the newest form.
#pragma once

#include <string>
#include <vector>

namespace usher
{

/// The databases, where their SQL differs.
enum class Dialect { sqlite, postgresql };

/// Holds the version of a store, the greatest of its rows. Made before anything else; see schema_table().
inline constexpr const char* kSchemaTable = "usher_schema";

/// The version of the newest form. The same for both databases.
[[nodiscard]] int schema_version();

/// The statement that makes kSchemaTable.
[[nodiscard]] std::string schema_table();

/// The statement that gives a store's version: one number, 0 where nothing was made yet.
[[nodiscard]] std::string schema_version_query();

/// The statements that lead from `version` to the newest, in order; to be executed in one transaction. They write the new
/// version too. `version` is 0 to schema_version().
[[nodiscard]] std::vector<std::string> migrations_from(int version, Dialect dialect);

/// The same as a script for psql(1), for PostgreSQL: where somebody else owns the tables than the role that usherd has. Nothing
/// is left of it if any of it fails. `version` is 0 to schema_version().
[[nodiscard]] std::string schema_script(int version);

/// All tables of the newest form but kSchemaTable.
[[nodiscard]] std::vector<std::string> stored_tables();

/// Why this usherd cannot use a store of `version`, for people; empty if it can. If `migrates`, an older one will do.
[[nodiscard]] std::string unfit_version(int version, bool migrates);

}  // namespace usher
