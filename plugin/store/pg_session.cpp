#include "plugin/store/pg_session.h"

#include <spdlog/spdlog.h>

#include <iterator>
#include <utility>

#include "plugin/store/schema.h"

namespace usher
{

namespace
{

constexpr std::chrono::milliseconds kStepTime{2'000};

/// A large journal may have to be rewritten, or another process may be doing that.
constexpr std::chrono::milliseconds kMigrationTime{30 * 60 * 1'000};

/// Ours among the advisory locks of a database: "ushe". The second number is that of a process, or this one.
constexpr std::string_view kLocks = "1970497637";
constexpr int kMigrationLock = 1024;
constexpr std::int64_t kNumbers = 1024;  // of processes, from 0

std::int64_t number_in(const Rows& rows)
{
    return std::get<std::int64_t>(rows.rows.at(0).at(0));
}

}  // namespace

PgSession::PgSession(event_base* loop, std::string options, Needs needs, Calls calls)
    : needs_(std::move(needs)),
      calls_(std::move(calls)),
      clock_(loop),
      connection_(loop, std::move(options), needs_.purpose,
                  {.connected = [this] { look(); },
                   .lost =
                       [this](const std::string& why) {
                           limit_.reset();
                           numbers_ = {};
                           calls_.lost(why);
                       }})
{
}

void PgSession::look()
{
    limit(kStepTime);
    // A process that waits for a standby does not notice that its client has gone. It would keep its place among all
    // connections, and its number among ours.
    std::vector<std::string> statements;
    if (!process_.empty()) {
        statements.push_back("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE " + process_);
    }
    // Whatever the settings of the server or the role say: a statement sees what was committed before it, and a migration
    // takes its time.
    for (const char* setting : {"default_transaction_isolation = 'read committed'", "statement_timeout = 0",
                                "lock_timeout = 0", "idle_in_transaction_session_timeout = 0"}) {
        statements.push_back("SET " + std::string(setting));
    }
    statements.push_back(
        "SELECT to_regclass('" + std::string(kSchemaTable) + "') IS NOT NULL, " +
        "current_setting('synchronous_commit') = 'off', current_setting('server_encoding'), " +
        "(SELECT format('pid = %s AND backend_start = %L AND usename = %L', pid, "
        "backend_start, usename) FROM pg_stat_activity WHERE pid = pg_backend_pid())");
    send(std::move(statements), [this](const StepRows& rows) {
        const auto& found = rows.back().rows.at(0);
        commits_early_ = std::get<std::int64_t>(found.at(1)) != 0;
        const auto* process = std::get_if<std::string>(&found.at(3));
        process_ = process != nullptr ? *process : "";
        const auto& encoding = std::get<std::string>(found.at(2));
        if (encoding != "UTF8") {
            refuse("the encoding of the database is " + encoding +
                   "; it has to be UTF8: createdb --encoding=UTF8 --template=template0");
        } else if (std::get<std::int64_t>(found.at(0)) != 0) {
            read_version();
        } else if (needs_.access != Database::Access::write) {
            connection_.drop("the database has no tables of usherd");
        } else {
            lock_and_migrate();
        }
    });
}

void PgSession::read_version()
{
    send({schema_version_query()},
         [this](const StepRows& rows) { got_version(static_cast<int>(number_in(rows.at(0)))); });
}

void PgSession::got_version(int version)
{
    if (const std::string why = unfit_version(version, needs_.access == Database::Access::write);
        !why.empty()) {
        refuse(why);
    } else if (version == schema_version()) {
        settle();
    } else {
        lock_and_migrate();
    }
}

void PgSession::lock_and_migrate()
{
    limit(kMigrationTime);
    send({"BEGIN", "SELECT pg_advisory_xact_lock(" + std::string(kLocks) + ", " +
                       std::to_string(kMigrationLock) + ")"},
         [this](const StepRows&) {
             // Another process may have done all of it meanwhile.
             send({schema_table(), schema_version_query()},
                  [this](const StepRows& rows) { migrate(static_cast<int>(number_in(rows.at(1)))); });
         });
}

void PgSession::migrate(int version)
{
    if (const std::string why = unfit_version(version, true); !why.empty()) {
        refuse(why);
        return;
    }
    std::vector<std::string> statements = migrations_from(version, Dialect::postgresql);
    if (!statements.empty()) {
        spdlog::info("the store is brought from schema {} to {}", version, schema_version());
    }
    statements.emplace_back("COMMIT");
    send(std::move(statements), [this](const StepRows&) { settle(); });
}

void PgSession::settle()
{
    limit(kStepTime);
    const std::string time = std::to_string(needs_.statement.count());
    // Who waits for a lock is told so in time, and keeps the connection.
    std::vector<std::string> statements{
        "SET lock_timeout = " + std::to_string(needs_.statement.count() * 3 / 4),
        "SET statement_timeout = " + time, "SET idle_in_transaction_session_timeout = " + time};
    if (needs_.all_numbers) {
        statements.push_back(
            "SELECT COUNT(*) FROM generate_series(0, 1023) AS number WHERE pg_try_advisory_lock(" +
            std::string(kLocks) + ", number)");
    } else if (needs_.numbers) {
        // The number first: what its last owner has written is then committed.
        statements.push_back(
            "SELECT number FROM generate_series(0, 1023) AS number WHERE pg_try_advisory_lock(" +
            std::string(kLocks) + ", number) LIMIT 1");
        statements.emplace_back("SELECT COALESCE(MAX(id), 0) FROM journal");
    }
    send(std::move(statements), [this](const StepRows& rows) { settled(rows); });
}

void PgSession::settled(const StepRows& rows)
{
    if (needs_.all_numbers) {
        if (const std::int64_t others = kNumbers - number_in(rows.back()); others != 0) {
            connection_.drop("usherd uses it (processes: " + std::to_string(others) + "); stop it first");
            return;
        }
    } else if (needs_.numbers) {
        if (rows.at(3).rows.empty()) {
            connection_.drop("1024 processes use this store");
            return;
        }
        numbers_ = {.process = number_in(rows.at(3)), .newest = number_in(rows.at(4))};
    }
    limit_.reset();
    connection_.in_use();
    unfit_ = false;
    calls_.ready();
}

void PgSession::send(std::vector<std::string> statements, std::function<void(const StepRows&)> then)
{
    std::vector<Statement> step;
    for (std::string& sql : statements) {
        step.push_back({std::move(sql)});
    }
    connection_.send(
        step,
        [this, then = std::move(then)](const auto& rows) {
            if (rows) {
                then(*rows);
            } else {
                connection_.drop(rows.error());
            }
        },
        PgConnection::Use::once);
}

void PgSession::refuse(const std::string& why)
{
    unfit_ = true;
    connection_.drop(why);
}

void PgSession::limit(std::chrono::milliseconds time)
{
    limit_ = clock_.after(time, [this] { connection_.drop("the server does not answer"); });
}

}  // namespace usher
