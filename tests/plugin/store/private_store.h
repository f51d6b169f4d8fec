// A store of a test's own, in either database, and what another process sees in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugin/store/database.h"

namespace usher::test
{

class PrivateStore
{
  public:
    /// In PostgreSQL if the test program's argument says so (`plugin_store_tests -- postgresql`), else in a SQLite file.
    /// There is one at a time.
    [[nodiscard]] static std::unique_ptr<PrivateStore> make();

    PrivateStore(const PrivateStore&) = delete;
    PrivateStore& operator=(const PrivateStore&) = delete;
    virtual ~PrivateStore() = default;

    /// Opens it and waits until it can be used. What is opened must not outlive this object; what it gives comes by the
    /// calls of store_now.h. Throws if it cannot be used.
    [[nodiscard]] virtual std::unique_ptr<Database> open() = 0;

    /// Executes a statement as another process. Returns the rows, their values as text, NULL as `NULL`. Throws if that
    /// fails, as the others do.
    virtual std::vector<std::vector<std::string>> rows(const std::string& sql) = 0;
    void run(const std::string& sql) { rows(sql); }
    /// The first column of the first row.
    [[nodiscard]] long long number(const std::string& sql) { return std::stoll(rows(sql).at(0).at(0)); }

    /// What the database says where there is no such table.
    [[nodiscard]] virtual std::string no_table(const std::string& name) const = 0;

  protected:
    PrivateStore() = default;
};

}  // namespace usher::test
