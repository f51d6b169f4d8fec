#include "plugin/journal.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <array>
#include <random>
#include <stdexcept>
#include <string_view>

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr std::string_view kSqlite = "sqlite3://";
constexpr std::string_view kPostgresql = "postgresql://";

/// How long another process may hold the database before requests are left to their users, in milliseconds.
/// The loop waits with it: no longer than a held request would notice.
constexpr std::string_view kBusyTimeout = "250";

std::int64_t since_1970(system_clock::time_point time)
{
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

/// Decision ids count milliseconds from 2026-01-01 UTC: 41 bits last until 2095.
constexpr std::int64_t kIdEpoch = 1'767'225'600'000;
constexpr int kIdLowBits = 22;
constexpr int kIdCountBits = 12;

std::int64_t id_floor(system_clock::time_point time)
{
    return (since_1970(time) - kIdEpoch) * (std::int64_t{1} << kIdLowBits);
}

std::string_view name(Source source)
{
    return source == Source::asked ? "asked" : "waiting";
}

std::string_view name(Subscription subscription)
{
    switch (subscription) {
        case Subscription::none:
            return "none";
        case Subscription::to:
            return "to";
        case Subscription::from:
            return "from";
        case Subscription::both:
            return "both";
    }
    return "none";
}

/// Statements that lead from each version of the schema to the next. Only ever appended to.
/// `{id}` is the 64-bit integer type that makes a good primary key: SQLite's is spelled INTEGER.
constexpr std::array kMigrations{
    std::string_view(R"(CREATE TABLE journal (
        id {id} PRIMARY KEY,
        at BIGINT NOT NULL,
        source VARCHAR(16) NOT NULL,
        organization VARCHAR(255) NOT NULL,
        user_address VARCHAR(2047) NOT NULL,
        contact_address VARCHAR(2047) NOT NULL,
        item_subscription VARCHAR(8),
        item_ask INTEGER NOT NULL,
        recent_from_contact INTEGER NOT NULL,
        recent_from_domain INTEGER NOT NULL,
        recent_to_user INTEGER NOT NULL,
        recent_complete INTEGER NOT NULL,
        chosen_option VARCHAR(16),
        answer VARCHAR(8) NOT NULL,
        reason VARCHAR(64) NOT NULL,
        rule INTEGER NOT NULL,
        generation BIGINT NOT NULL))"),
};

std::string with_types(std::string_view statement, bool sqlite)
{
    std::string text(statement);
    constexpr std::string_view kType = "{id}";
    if (const auto at = text.find(kType); at != std::string::npos) {
        text.replace(at, kType.size(), sqlite ? "INTEGER" : "BIGINT");
    }
    return text;
}

}  // namespace

class Journal::Database
{
  public:
    explicit Database(std::string url) : url_(std::move(url)), sqlite_(url_.starts_with(kSqlite))
    {
        connect();
    }

    void record(std::span<const JournalRecord> records)
    {
        ensure_connected();
        try {
            fill(records);
            soci::transaction transaction(*session_);
            insert_->execute(true);
            transaction.commit();
        } catch (const std::exception&) {
            disconnect();  // whatever state the statement or the connection is in, the next call starts
                           // afresh
            throw;
        }
    }

    std::size_t forget_below(std::int64_t id, std::size_t most)
    {
        ensure_connected();
        try {
            soci::statement forget =
                (session_->prepare << "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE id < "
                                      ":id ORDER BY id LIMIT :most)",
                 soci::use(id), soci::use(static_cast<long long>(most)));
            forget.execute(true);
            return static_cast<std::size_t>(forget.get_affected_rows());
        } catch (const std::exception&) {
            disconnect();
            throw;
        }
    }

  private:
    void connect()
    {
        if (sqlite_) {
            session_ = std::make_unique<soci::session>(soci::sqlite3,
                                                       "db=" + url_.substr(kSqlite.size()) + " timeout=1");
            *session_ << "PRAGMA busy_timeout = " + std::string(kBusyTimeout);
            // With WAL and NORMAL a commit survives the death of the process, not always that of the machine:
            // the server's own roster files are no safer.
            *session_ << "PRAGMA journal_mode = WAL";
            *session_ << "PRAGMA synchronous = NORMAL";
        } else {
            // SOCI finds its backend when it is first asked for: who does not use PostgreSQL does not load
            // it.
            // The loop waits for the database: two seconds and no longer. What the settings say comes later
            // and wins.
            session_ = std::make_unique<soci::session>(std::string(kPostgresql) +
                                                       "connect_timeout=2 tcp_user_timeout=2000 " +
                                                       url_.substr(kPostgresql.size()));
        }
        migrate();
        prepare();
    }

    void ensure_connected()
    {
        if (!session_) {
            connect();
        }
    }

    void disconnect()
    {
        insert_.reset();
        session_.reset();
    }

    void migrate()
    {
        soci::transaction transaction(*session_);
        *session_ << "CREATE TABLE IF NOT EXISTS usher_schema (version INTEGER NOT NULL)";
        int version = 0;
        *session_ << "SELECT COALESCE(MAX(version), 0) FROM usher_schema", soci::into(version);
        if (version > static_cast<int>(kMigrations.size())) {
            throw std::runtime_error("the database is of a newer version of usherd (schema " +
                                     std::to_string(version) + ", this one knows " +
                                     std::to_string(kMigrations.size()) + ")");
        }
        for (auto next = static_cast<std::size_t>(version); next < kMigrations.size(); ++next) {
            *session_ << with_types(kMigrations[next], sqlite_);
            *session_ << "INSERT INTO usher_schema (version) VALUES (" + std::to_string(next + 1) + ")";
        }
        transaction.commit();
    }

    void prepare()
    {
        Columns& c = columns_;
        resize(1);  // SOCI refuses to bind empty columns
        insert_ = std::make_unique<soci::statement>(
            (session_->prepare
                 << "INSERT INTO journal (id, at, source, organization, user_address, contact_address, "
                    "item_subscription, item_ask, recent_from_contact, recent_from_domain, recent_to_user, "
                    "recent_complete, chosen_option, answer, reason, rule, generation) VALUES (:id, :at, "
                    ":source, "
                    ":organization, :user, :contact, :subscription, :ask, :from_contact, :from_domain, "
                    ":to_user, "
                    ":complete, :chosen, :answer, :reason, :rule, :generation)",
             soci::use(c.id), soci::use(c.at), soci::use(c.source), soci::use(c.organization),
             soci::use(c.user), soci::use(c.contact), soci::use(c.subscription, c.has_subscription),
             soci::use(c.ask), soci::use(c.from_contact), soci::use(c.from_domain), soci::use(c.to_user),
             soci::use(c.complete), soci::use(c.chosen, c.has_chosen), soci::use(c.answer),
             soci::use(c.reason), soci::use(c.rule), soci::use(c.generation)));
    }

    /// SOCI inserts many rows from one column vector each.
    struct Columns {
        std::vector<long long> id, at, generation;
        std::vector<std::string> source, organization, user, contact, subscription, chosen, answer, reason;
        std::vector<int> ask, complete, rule;
        std::vector<long long> from_contact, from_domain, to_user;
        std::vector<soci::indicator> has_subscription, has_chosen;
    };

    void resize(std::size_t rows)
    {
        Columns& c = columns_;
        for (auto* column : {&c.id, &c.at, &c.generation, &c.from_contact, &c.from_domain, &c.to_user}) {
            column->resize(rows);
        }
        for (auto* column : {&c.source, &c.organization, &c.user, &c.contact, &c.subscription, &c.chosen,
                             &c.answer, &c.reason}) {
            column->resize(rows);
        }
        for (auto* column : {&c.ask, &c.complete, &c.rule}) {
            column->resize(rows);
        }
        c.has_subscription.resize(rows);
        c.has_chosen.resize(rows);
    }

    void fill(std::span<const JournalRecord> records)
    {
        Columns& c = columns_;
        resize(records.size());
        for (std::size_t i = 0; i < records.size(); ++i) {
            const JournalRecord& r = records[i];
            c.id[i] = r.id;
            c.at[i] = since_1970(r.at);
            c.source[i] = name(r.source);
            c.organization[i] = r.organization;
            c.user[i] = r.request.user.text();
            c.contact[i] = r.request.contact.text();
            c.has_subscription[i] = r.request.item ? soci::i_ok : soci::i_null;
            c.subscription[i] = r.request.item ? name(r.request.item->subscription) : "";
            c.ask[i] = r.request.item && r.request.item->ask ? 1 : 0;
            c.from_contact[i] = r.facts.recent.from_contact;
            c.from_domain[i] = r.facts.recent.from_domain;
            c.to_user[i] = r.facts.recent.to_user;
            c.complete[i] = r.facts.recent.complete ? 1 : 0;
            c.has_chosen[i] = r.facts.chosen ? soci::i_ok : soci::i_null;
            c.chosen[i] = r.facts.chosen ? usher::name(*r.facts.chosen) : "";
            c.answer[i] = usher::name(r.decision.answer);
            c.reason[i] = text(r.decision.reason);
            c.rule[i] = static_cast<int>(r.decision.rule);
            c.generation[i] = static_cast<long long>(r.generation);
        }
    }

    const std::string url_;
    const bool sqlite_;
    Columns columns_;  // bound to the statement: outlives it
    std::unique_ptr<soci::session> session_;
    std::unique_ptr<soci::statement> insert_;
};

Journal::Journal(std::unique_ptr<Database> database)
    : database_(std::move(database)),
      instance_(static_cast<std::int64_t>(std::random_device()() % (1U << (kIdLowBits - kIdCountBits))))
{
}

Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

tl::expected<Journal, std::string> Journal::open(const std::string& url)
{
    if (!url.starts_with(kSqlite) && !url.starts_with(kPostgresql)) {
        return tl::unexpected<std::string>("unknown kind of database: " + url.substr(0, url.find(':')));
    }
    try {
        return Journal(std::make_unique<Database>(url));
    } catch (const std::exception& error) {
        return tl::unexpected<std::string>(error.what());
    }
}

std::int64_t Journal::next_id(system_clock::time_point now)
{
    constexpr std::int64_t kCounts = std::int64_t{1} << kIdCountBits;
    const std::int64_t first_of_now = id_floor(now) + instance_ * kCounts;
    std::int64_t id = std::max(first_of_now, last_id_ + 1);
    if (id % kCounts == 0 && id != first_of_now) {  // the count ran over: borrow from the next millisecond
        id += (std::int64_t{1} << kIdLowBits) - kCounts;
    }
    last_id_ = id;
    return id;
}

tl::expected<void, std::string> Journal::record(std::span<const JournalRecord> records)
{
    if (records.empty()) {
        return {};
    }
    try {
        database_->record(records);
        return {};
    } catch (const std::exception& error) {
        return tl::unexpected<std::string>(error.what());
    }
}

tl::expected<std::size_t, std::string> Journal::forget_before(system_clock::time_point cutoff,
                                                              std::size_t most)
{
    try {
        return database_->forget_below(id_floor(cutoff), most);
    } catch (const std::exception& error) {
        return tl::unexpected<std::string>(error.what());
    }
}

}  // namespace usher
