#include "plugin/store/copy_store.h"

#include <event2/event.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "plugin/store/database.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

using Row = std::vector<StoredValue>;

/// What has rows with a key, which is what their columns begin with. The columns have one order in all stores, because the
/// same migrations have made them.
struct Table {
    const char* name;
    std::vector<const char*> key;
};

const std::vector<Table>& tables()
{
    static const std::vector<Table> all{
        {"journal", {"id"}},
        {"choice", {"user_address"}},
        {"choice_count", {"domain"}},
        {"saved_setting", {"domain", "organization", "setting"}},
        {"policy", {"generation"}},
        {"policy_part", {"generation", "place"}},
        {"policy_text", {"id"}},
        {"shared_secret", {"place"}},
        {"person", {"domain", "user_address"}},
        {"people_list", {"domain"}},
        {"person_choice", {"user_address"}},
        {"person_choice_count", {"place"}},
        {"contact_exception", {"user_address", "entry"}},
        {"archive_default", {"domain", "user_address"}},
        {"revocation_wait", {"organization"}},
        {"lost_records", {"place"}},
    };
    return all;
}

const char* const kVersion = "SELECT version FROM settings_version";

constexpr std::size_t kRowsInPage = 1'000;
/// Of one statement; SQLite takes no more than 32,766 values.
constexpr std::size_t kRowsInStatement = 100;

/// `$1, $2, $3`, from `first`.
std::string parameters(std::size_t first, std::size_t count)
{
    std::string list;
    for (std::size_t i = 0; i < count; ++i) {
        list += (i == 0 ? "$" : ", $") + std::to_string(first + i);
    }
    return list;
}

Statement page_after(const Table& table, const Row* last)
{
    std::string key;
    for (const char* column : table.key) {
        key += (key.empty() ? "" : ", ") + std::string(column);
    }
    Statement statement{std::string("SELECT * FROM ") + table.name};
    if (last != nullptr) {
        statement.sql += " WHERE (" + key + ") > (" + parameters(1, table.key.size()) + ")";
        statement.values.assign(last->begin(), last->begin() + static_cast<std::ptrdiff_t>(table.key.size()));
    }
    statement.sql += " ORDER BY " + key + " LIMIT " + std::to_string(kRowsInPage);
    return statement;
}

std::vector<Statement> insertion(const Table& table, std::vector<Row> rows)
{
    std::vector<Statement> statements;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const bool first = i % kRowsInStatement == 0;
        if (first) {
            statements.push_back({std::string("INSERT INTO ") + table.name + " VALUES "});
        }
        Statement& statement = statements.back();
        statement.sql +=
            (first ? "(" : ", (") + parameters(statement.values.size() + 1, rows[i].size()) + ")";
        statement.values.insert(statement.values.end(), std::make_move_iterator(rows[i].begin()),
                                std::make_move_iterator(rows[i].end()));
    }
    return statements;
}

std::vector<Statement> counts()
{
    std::vector<Statement> statements;
    for (const Table& table : tables()) {
        statements.push_back({std::string("SELECT COUNT(*) FROM ") + table.name});
    }
    statements.push_back({kVersion});
    return statements;
}

/// What counts() has given.
std::vector<std::int64_t> counted(const StepRows& given)
{
    std::vector<std::int64_t> numbers;
    for (const Rows& one : given) {
        numbers.push_back(number(one.rows.at(0).at(0)));
    }
    return numbers;
}

/// A database with an event loop of its own, so that one can be waited for in the middle of the other's transaction.
class Waited
{
  public:
    /// The errors of this class are exceptions, and name the store.
    Waited(std::string url, Database::Access access)
        : url_(std::move(url)), loop_(event_base_new(), event_base_free)
    {
        auto opened = Database::open(url_, loop_.get(), access);
        if (!opened) {
            fail(opened.error());
        }
        database_ = *std::move(opened);
    }

    StepRows run(Transaction transaction)
    {
        std::optional<tl::expected<StepRows, std::string>> result;
        database_->run(std::move(transaction), [&result](auto given) { result = std::move(given); });
        while (!result) {
            event_base_loop(loop_.get(), EVLOOP_ONCE);
        }
        if (!*result) {
            fail(result->error());
        }
        return **std::move(result);
    }

  private:
    [[noreturn]] void fail(const std::string& why) { throw std::runtime_error(url_ + ": " + why); }

    const std::string url_;
    const std::unique_ptr<event_base, decltype(&event_base_free)> loop_;  // outlives the database
    std::unique_ptr<Database> database_;
};

/// The transaction of the target: it is empty; page by page of each table; the version; and it has what the source has.
class Copy
{
  public:
    Copy(Waited& from, const CopyProgress& progress)
        : from_(from), progress_(progress), wanted_(counted(from.run({.statements = counts()})))
    {
        for (std::size_t table = 0; table < tables().size(); ++table) {
            all_ += wanted_[table];
        }
    }

    [[nodiscard]] std::vector<Statement> next_step(const StepRows& given)
    {
        switch (given_) {
            case Given::counts_before:
                check_empty(counted(given));
                given_ = Given::page;
                [[fallthrough]];
            case Given::page:
                progress_(copied_, all_);
                if (std::vector<Statement> page = next_page(); !page.empty()) {
                    return page;
                }
                given_ = Given::version;
                return {{"UPDATE settings_version SET version = $1", {wanted_.back()}}};
            case Given::version:
                given_ = Given::counts_after;
                return counts();
            case Given::counts_after:
                if (counted(given) != wanted_) {
                    throw std::runtime_error(
                        "it has other rows than the source had: somebody has changed one of the two");
                }
                break;
        }
        return {};
    }

    [[nodiscard]] std::int64_t copied() const { return copied_; }

  private:
    /// What the step before has given.
    enum class Given { counts_before, page, version, counts_after };

    static void check_empty(const std::vector<std::int64_t>& found)
    {
        for (std::size_t table = 0; table < tables().size(); ++table) {
            if (found[table] != 0) {
                throw std::runtime_error("it is not empty: " + std::to_string(found[table]) + " rows in " +
                                         tables()[table].name);
            }
        }
    }

    /// Empty: there is none left.
    [[nodiscard]] std::vector<Statement> next_page()
    {
        while (table_ < tables().size()) {
            const Table& table = tables()[table_];
            std::vector<Row> rows = std::move(
                from_.run({.statements = {page_after(table, last_.empty() ? nullptr : &last_)}}).at(0).rows);
            if (!rows.empty()) {
                last_ = rows.back();
                copied_ += static_cast<std::int64_t>(rows.size());
                return insertion(table, std::move(rows));
            }
            last_.clear();
            ++table_;
        }
        return {};
    }

    Waited& from_;
    const CopyProgress& progress_;
    const std::vector<std::int64_t> wanted_;
    std::int64_t all_ = 0;
    Given given_ = Given::counts_before;
    std::size_t table_ = 0;
    Row last_;  // that was read of this table; empty: none yet
    std::int64_t copied_ = 0;
};

}  // namespace

tl::expected<std::int64_t, std::string> copy_store(const std::string& from, const std::string& to,
                                                   const CopyProgress& progress)
{
    if (from == to) {
        return tl::unexpected(to + ": it is the same store");
    }
    try {
        Waited source(from, Database::Access::alone);
        Copy copy(source, progress);
        Waited target(to, Database::Access::write);
        target.run({.kind = Transaction::Kind::durable,
                    .statements = counts(),
                    .next = [&copy](const StepRows& given) { return copy.next_step(given); }});
        return copy.copied();
    } catch (const std::exception& error) {
        return tl::unexpected<std::string>(error.what());
    }
}

}  // namespace usher
