#include "private_store.h"

#include <boost/test/framework.hpp>
#include <boost/test/tree/test_unit.hpp>
#include <functional>
#include <stdexcept>

#include "deadline.h"
#include "event_loop.h"
#include "private_postgres.h"
#include "sqlite_file.h"
#include "store_now.h"
#include "temporary_directory.h"

namespace usher::test
{

namespace
{

std::unique_ptr<Database> opened(tl::expected<std::unique_ptr<Database>, std::string> database)
{
    if (!database) {
        throw std::runtime_error(database.error());
    }
    return *std::move(database);
}

class SqliteStore : public PrivateStore
{
  public:
    [[nodiscard]] std::unique_ptr<Database> open() override
    {
        return opened(Database::open("sqlite3://" + path_));
    }
    std::vector<std::vector<std::string>> rows(const std::string& sql) override
    {
        return SqliteFile(path_).rows(sql);
    }
    [[nodiscard]] std::string no_table(const std::string& name) const override
    {
        return "no such table: " + name;
    }

  private:
    TemporaryDirectory directory_;
    const std::string path_ = (directory_.path() / "usher.db").string();
};

class PostgresStore : public PrivateStore
{
  public:
    PostgresStore()
    {
        run_store_until = [this](const std::function<bool()>& happened) { loop_.run_until(happened); };
    }
    ~PostgresStore() override { run_store_until = nullptr; }

    [[nodiscard]] std::unique_ptr<Database> open() override
    {
        auto database = opened(Database::open(server_.url(name_), loop_.base()));
        // Requests do not wait for a connection as long as it may take.
        const auto deadline = within(kPatience);
        for (const auto queue : {Transaction::Queue::other, Transaction::Queue::requests}) {
            for (bool connected = false; !connected;) {
                const auto read = now<StepRows>(
                    [&](auto then) { database->run({.queue = queue, .statements = {{"SELECT 1"}}}, then); });
                connected = read.has_value();
                if (!connected && Clock::now() >= deadline) {
                    throw std::runtime_error(read.error());
                }
            }
        }
        return database;
    }
    std::vector<std::vector<std::string>> rows(const std::string& sql) override
    {
        return server_.rows(name_, sql);
    }
    [[nodiscard]] std::string no_table(const std::string& name) const override
    {
        return "relation \"" + name + "\" does not exist";
    }

  private:
    PrivatePostgres& server_ = shared_postgres();
    const std::string name_ = server_.create_database();
    EventLoop loop_;
};

}  // namespace

std::unique_ptr<PrivateStore> PrivateStore::make()
{
    const auto& suite = boost::unit_test::framework::master_test_suite();
    if (suite.argc <= 1) {
        return std::make_unique<SqliteStore>();
    }
    if (const std::string kind = suite.argv[1]; kind != "postgresql") {
        throw std::invalid_argument("no such store: " + kind + " (known: postgresql)");
    }
    return std::make_unique<PostgresStore>();
}

}  // namespace usher::test
