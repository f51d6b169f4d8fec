#include "plugin/store/pg_trial.h"

#include <event2/event.h>
#include <libpq-fe.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "integration/base/event_clock.h"
#include "plugin/store/database.h"
#include "plugin/store/pg_connection.h"
#include "plugin/store/schema.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

constexpr std::chrono::seconds kTime{10};

/// Of the options, if they have it.
std::optional<std::string> option(const std::string& options, std::string_view wanted)
{
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> all(
        PQconninfoParse(options.c_str(), nullptr), PQconninfoFree);
    for (const PQconninfoOption* one = all.get(); one != nullptr && one->keyword != nullptr; ++one) {
        if (one->keyword == wanted && one->val != nullptr) {
            return one->val;
        }
    }
    return std::nullopt;
}

/// Why libpq has found no password.
std::string passfile_fault(const std::string& options)
{
    if (option(options, "service")) {
        return "the service has no password, nor its passfile";
    }
    const auto passfile = option(options, "passfile");
    if (!passfile) {
        return "the url names no passfile";
    }
    struct stat status{};
    if (::stat(passfile->c_str(), &status) != 0 || ::access(passfile->c_str(), R_OK) != 0) {
        return *passfile + ": " + std::strerror(errno);
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return *passfile + " is ignored because others than its owner have rights to it: chmod 600";
    }
    return *passfile + " has no line for this host, port, database and role";
}

/// `'journal', 'choice', ...`
std::string quoted_tables()
{
    std::string list;
    for (const std::string_view table : stored_tables()) {
        list += (list.empty() ? "'" : ", '") + std::string(table) + "'";
    }
    return list;
}

class Trial
{
  public:
    explicit Trial(std::string options)
        : options_(std::move(options)),
          loop_(event_base_new(), event_base_free),
          clock_(loop_.get()),
          late_(clock_.after(kTime,
                             [this] { end(tl::unexpected<std::string>("the server does not answer")); })),
          connection_(loop_.get(), options_, "a trial",
                      {.connected = [this] { look(); },
                       .lost = [this](const std::string& why) { end(tl::unexpected(explained(why))); }})
    {
    }

    tl::expected<std::string, std::string> run()
    {
        while (!outcome_) {
            event_base_loop(loop_.get(), EVLOOP_ONCE);
        }
        return *outcome_;
    }

  private:
    void look()
    {
        ask("SELECT to_regclass('" + std::string(kSchemaTable) +
                "') IS NOT NULL, current_setting('transaction_read_only') = 'on', "
                "COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE), "
                "current_setting('server_encoding'), COALESCE(current_schema(), ''), current_user",
            [this](const auto& row) {
                role_ = text(row.at(5));
                if (number(row.at(1)) != 0) {
                    fail(
                        "the server is read-only: a standby, perhaps; with target_session_attrs=read-write and all "
                        "hosts in the url it is left out");
                } else if (number(row.at(0)) != 0) {
                    look_at_rights();
                } else if (text(row.at(3)) != "UTF8") {
                    fail("the database has the encoding " + text(row.at(3)) +
                         ", and needs UTF8: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0");
                } else if (number(row.at(2)) == 0) {
                    const std::string& schema = text(row.at(4));
                    fail("the database has no tables of usherd, and the role " + role_ +
                         " may not make them" +
                         (schema.empty() ? std::string() : " in the schema " + schema) +
                         ": GRANT CREATE ON SCHEMA, or have their owner make them: usherd --print-schema");
                } else {
                    end("it has no tables of usherd yet: they are made when it starts");
                }
            });
    }

    void look_at_rights()
    {
        const std::string schema_table = "'" + std::string(kSchemaTable) + "'";
        ask("SELECT (SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class WHERE relnamespace = "
            "(SELECT relnamespace FROM pg_class WHERE oid = to_regclass(" +
                schema_table + ")) AND relname IN (" + schema_table + ", " + quoted_tables() +
                ") AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') AND "
                "has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))), "
                "(SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(" +
                schema_table + "))",
            [this](const auto& row) {
                if (is_null(row.at(0))) {
                    look_at_version(number(row.at(1)) != 0);
                } else {
                    fail("the role " + role_ + " has not all rights to " + text(row.at(0)) +
                         ": GRANT SELECT, INSERT, UPDATE, DELETE");
                }
            });
    }

    void look_at_version(bool owns)
    {
        ask(schema_version_query(), [this, owns](const auto& row) {
            const int version = static_cast<int>(number(row.at(0)));
            const std::string unfit = unfit_version(version, false);
            if (unfit.empty()) {
                end("");
            } else if (version > schema_version()) {
                fail(unfit);
            } else if (owns) {
                end(unfit + ": it is brought to that when it starts");
            } else {
                fail(unfit + ", and the role " + role_ +
                     " cannot change that: have their owner do it: usherd --print-schema " +
                     std::to_string(version));
            }
        });
    }

    template <typename Then>
    void ask(const std::string& sql, Then then)
    {
        connection_.send(
            {{sql}},
            [this, then](const auto& given) {
                if (given) {
                    then(given->at(0).rows.at(0));
                } else {
                    fail(given.error());
                }
            },
            PgConnection::Use::once);
    }

    void fail(const std::string& why) { end(tl::unexpected(why)); }
    void end(tl::expected<std::string, std::string> outcome)
    {
        if (!outcome_) {
            outcome_ = std::move(outcome);
        }
    }

    [[nodiscard]] std::string explained(const std::string& why) const
    {
        return why.find("no password supplied") == std::string::npos
                   ? why
                   : why + " (" + passfile_fault(options_) + ")";
    }

    const std::string options_;
    const std::unique_ptr<event_base, decltype(&event_base_free)> loop_;
    EventClock clock_;
    std::optional<tl::expected<std::string, std::string>> outcome_;
    std::string role_;
    std::unique_ptr<Timer> late_;
    PgConnection connection_;
};

}  // namespace

tl::expected<std::string, std::string> try_postgres(const std::string& options)
{
    return Trial(options).run();
}

}  // namespace usher
