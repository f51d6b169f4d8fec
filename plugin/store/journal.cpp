#include "plugin/store/journal.h"

#include <soci/soci.h>

#include <algorithm>
#include <random>
#include <string_view>

#include "plugin/store/policy_texts.h"
#include "plugin/store/stored_time.h"

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

/// Decision ids count milliseconds from 2026-01-01 UTC: 41 bits last until 2095.
constexpr std::int64_t kIdEpoch = 1'767'225'600'000;
constexpr int kIdLowBits = 22;
constexpr std::int64_t kMaxIdMilliseconds = (std::int64_t{1} << (63 - kIdLowBits)) - 2;  // 2095
constexpr int kIdCountBits = 12;

}  // namespace

std::string_view name(Covers covers)
{
    switch (covers) {
        case Covers::request:
            return "request";
        case Covers::domain:
            return "domain";
        case Covers::organization:
            return "organization";
    }
    return "request";
}

std::optional<Covers> covers_named(std::string_view text)
{
    for (const Covers covers : {Covers::request, Covers::domain, Covers::organization}) {
        if (name(covers) == text) {
            return covers;
        }
    }
    return std::nullopt;
}

std::int64_t first_decision_id(system_clock::time_point time)
{
    const std::int64_t milliseconds = std::min<std::int64_t>(since_1970(time) - kIdEpoch, kMaxIdMilliseconds);
    return milliseconds * (std::int64_t{1} << kIdLowBits);
}

/// The prepared statement, with the columns that are bound to it. SOCI inserts many rows from one column
/// vector each.
class Journal::Insert
{
  public:
    explicit Insert(std::shared_ptr<soci::session> session) : session_(std::move(session)) { prepare(); }

    [[nodiscard]] bool of(const std::shared_ptr<soci::session>& session) const { return session_ == session; }

    /// What is marked as a repetition is passed over.
    void execute(std::span<const JournalEntry> entries)
    {
        resize(entries.size());
        std::size_t rows = 0;
        for (const JournalEntry& entry : entries) {
            if (!entry.repeat) {
                fill(rows++, entry.record);
            }
        }
        if (rows != 0) {
            resize(rows);
            statement_->execute(true);
        }
    }

  private:
    void prepare()
    {
        Columns& c = columns_;
        resize(1);  // SOCI refuses to bind empty columns
        statement_ = std::make_unique<soci::statement>((
            session_->prepare
                << "INSERT INTO journal (id, at, source, organization, user_address, contact_address, "
                   "item_subscription, item_ask, recent_from_contact, recent_from_domain, recent_to_user, "
                   "recent_complete, chosen_option, answer, reason, rule, generation, answered_by, covers) VALUES "
                   "(:id, :at, :source, :organization, :user, :contact, :subscription, :ask, "
                   ":from_contact, :from_domain, :to_user, :complete, :chosen, :answer, :reason, :rule, "
                   ":generation, :by, :covers)",
            soci::use(c.id), soci::use(c.at), soci::use(c.source), soci::use(c.organization),
            soci::use(c.user), soci::use(c.contact), soci::use(c.subscription, c.has_subscription),
            soci::use(c.ask), soci::use(c.from_contact), soci::use(c.from_domain), soci::use(c.to_user),
            soci::use(c.complete), soci::use(c.chosen, c.has_chosen), soci::use(c.answer),
            soci::use(c.reason), soci::use(c.rule), soci::use(c.generation), soci::use(c.by, c.has_by),
            soci::use(c.covers, c.has_covers)));
    }

    struct Columns {
        std::vector<long long> id, at, generation;
        std::vector<std::string> source, organization, user, contact, subscription, chosen, answer, reason,
            by, covers;
        std::vector<int> ask, complete, rule;
        std::vector<long long> from_contact, from_domain, to_user;
        std::vector<soci::indicator> has_subscription, has_chosen, has_by, has_covers;
    };

    void resize(std::size_t rows)
    {
        Columns& c = columns_;
        for (auto* column : {&c.id, &c.at, &c.generation, &c.from_contact, &c.from_domain, &c.to_user}) {
            column->resize(rows);
        }
        for (auto* column : {&c.source, &c.organization, &c.user, &c.contact, &c.subscription, &c.chosen,
                             &c.answer, &c.reason, &c.by, &c.covers}) {
            column->resize(rows);
        }
        for (auto* column : {&c.ask, &c.complete, &c.rule}) {
            column->resize(rows);
        }
        c.has_subscription.resize(rows);
        c.has_chosen.resize(rows);
        c.has_by.resize(rows);
        c.has_covers.resize(rows);
    }

    void fill(std::size_t i, const JournalRecord& r)
    {
        Columns& c = columns_;
        c.id[i] = r.id;
        c.at[i] = since_1970(r.at);
        c.source[i] = usher::name(r.source);
        c.organization[i] = r.organization;
        c.user[i] = r.request.user.text();
        c.contact[i] = r.request.contact.text();
        c.has_subscription[i] = r.request.item ? soci::i_ok : soci::i_null;
        c.subscription[i] = r.request.item ? usher::name(r.request.item->subscription) : "";
        c.ask[i] = r.request.item && r.request.item->ask ? 1 : 0;
        c.from_contact[i] = r.facts.recent.from_contact;
        c.from_domain[i] = r.facts.recent.from_domain;
        c.to_user[i] = r.facts.recent.to_user;
        c.complete[i] = r.facts.recent.complete ? 1 : 0;
        c.has_chosen[i] = r.facts.chosen ? soci::i_ok : soci::i_null;
        c.chosen[i] = r.facts.chosen ? usher::name(*r.facts.chosen) : "";
        c.answer[i] = usher::name(r.decision.answer);
        c.reason[i] = usher::name(r.decision.reason);
        c.rule[i] = static_cast<int>(r.decision.rule);
        c.generation[i] = static_cast<long long>(r.generation);
        c.has_by[i] = r.answered_by.empty() ? soci::i_null : soci::i_ok;
        c.by[i] = r.answered_by;
        c.has_covers[i] = r.covers == Covers::request ? soci::i_null : soci::i_ok;
        c.covers[i] = usher::name(r.covers);
    }

    std::shared_ptr<soci::session> session_;
    Columns columns_;
    std::unique_ptr<soci::statement> statement_;  // goes first: it points into both
};

/// The prepared statement that counts a repetition, for one at a time: whether it has found its record matters.
class Journal::Repeat
{
  public:
    explicit Repeat(std::shared_ptr<soci::session> session)
        : session_(std::move(session)),
          statement_((
              session_->prepare
                  << "UPDATE journal SET repeats = repeats + 1, last_at = :at, outcome = NULL, refusal = NULL "
                     "WHERE id = :id AND (covers IS NOT NULL OR (user_address = :user AND "
                     "contact_address = :contact))",
              soci::use(at_), soci::use(id_), soci::use(user_), soci::use(contact_)))
    {
    }

    [[nodiscard]] bool of(const std::shared_ptr<soci::session>& session) const { return session_ == session; }

    /// Whether there was something to repeat.
    [[nodiscard]] bool execute(const JournalRecord& record)
    {
        at_ = since_1970(record.at);
        id_ = record.id;
        user_ = record.request.user.text();
        contact_ = record.request.contact.text();
        statement_.execute(true);
        return statement_.get_affected_rows() == 1;
    }

  private:
    std::shared_ptr<soci::session> session_;
    long long at_ = 0;
    long long id_ = 0;
    std::string user_;
    std::string contact_;
    soci::statement statement_;  // goes first: it points into the others
};

Journal::Journal(Database& database)
    : database_(database),
      instance_(static_cast<std::int64_t>(std::random_device()() % (1U << (kIdLowBits - kIdCountBits))))
{
    // The clock may have been set back since the last record: begin in the millisecond after it, where no id
    // has our bits.
    const auto newest = database_.read([](const std::shared_ptr<soci::session>& session) {
        long long id = 0;
        *session << "SELECT COALESCE(MAX(id), 0) FROM journal", soci::into(id);
        return id;
    });
    const std::int64_t milliseconds = (newest.value_or(0) >> kIdLowBits) + 1;
    last_id_ = (milliseconds << kIdLowBits) + (instance_ << kIdCountBits);
}

Journal::~Journal() = default;

std::int64_t Journal::next_id(system_clock::time_point now)
{
    constexpr std::int64_t kCounts = std::int64_t{1} << kIdCountBits;
    const std::int64_t first_of_now = first_decision_id(now) + instance_ * kCounts;
    std::int64_t id = std::max(first_of_now, last_id_ + 1);
    if (id % kCounts == 0 && id != first_of_now) {  // the count ran over: borrow from the next millisecond
        id += (std::int64_t{1} << kIdLowBits) - kCounts;
    }
    last_id_ = id;
    return id;
}

tl::expected<void, std::string> Journal::record(std::span<JournalEntry> entries)
{
    if (entries.empty()) {
        return {};
    }
    return database_.write([&](const std::shared_ptr<soci::session>& session) {
        if (!insert_ || !insert_->of(session)) {
            insert_.reset();
            insert_ = std::make_unique<Insert>(session);
        }
        if (!repeat_ || !repeat_->of(session)) {
            repeat_.reset();
            repeat_ = std::make_unique<Repeat>(session);
        }
        soci::transaction transaction(*session);
        insert_->execute(entries);
        for (JournalEntry& entry : entries) {
            if (entry.repeat && !repeat_->execute(entry.record)) {
                entry.record.id = next_id(entry.record.at);
                entry.repeat = false;
                insert_->execute({&entry, 1});
            }
        }
        transaction.commit();
    });
}

tl::expected<void, std::string> Journal::settle(std::span<const RecordedOutcome> outcomes)
{
    constexpr std::size_t kLongestRefusal = 64;  // the server chooses it
    std::vector<long long> ids;
    std::vector<std::string> names;
    std::vector<std::string> refusals;
    for (const RecordedOutcome& one : outcomes) {
        ids.push_back(one.id);
        names.emplace_back(name(one.outcome));
        refusals.push_back(one.refusal.substr(0, kLongestRefusal));
    }
    if (ids.empty()) {
        return {};
    }
    return database_.write([&](const std::shared_ptr<soci::session>& session) {
        soci::transaction transaction(*session);
        soci::statement settle =
            (session->prepare << "UPDATE journal SET outcome = :outcome, refusal = :refusal WHERE id = :id",
             soci::use(names), soci::use(refusals), soci::use(ids));
        settle.execute(true);
        transaction.commit();
    });
}

tl::expected<std::size_t, std::string> Journal::forget_before(system_clock::time_point cutoff,
                                                              std::size_t most)
{
    return database_.write([&](const std::shared_ptr<soci::session>& session) {
        const long long id = first_decision_id(cutoff);
        soci::statement forget =
            (session->prepare << "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE id < :id "
                                 "ORDER BY id LIMIT :most)",
             soci::use(id), soci::use(static_cast<long long>(most)));
        soci::transaction transaction(*session);
        forget.execute(true);
        const auto forgotten = static_cast<std::size_t>(forget.get_affected_rows());
        forget_unnamed_policies(*session);
        transaction.commit();
        return forgotten;
    });
}

}  // namespace usher
