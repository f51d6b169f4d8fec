#include "plugin/journal.h"

#include <soci/soci.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string_view>

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

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

std::optional<Source> source_named(std::string_view text)
{
    for (const Source source : {Source::asked, Source::waiting, Source::roster}) {
        if (name(source) == text) {
            return source;
        }
    }
    return std::nullopt;
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

std::optional<Subscription> subscription_named(std::string_view text)
{
    for (const Subscription subscription :
         {Subscription::none, Subscription::to, Subscription::from, Subscription::both}) {
        if (name(subscription) == text) {
            return subscription;
        }
    }
    return std::nullopt;
}

}  // namespace

/// The prepared statement, with the columns that are bound to it. SOCI inserts many rows from one column
/// vector each.
class Journal::Insert
{
  public:
    explicit Insert(std::shared_ptr<soci::session> session) : session_(std::move(session)) { prepare(); }

    [[nodiscard]] bool of(const std::shared_ptr<soci::session>& session) const { return session_ == session; }

    void execute(std::span<const JournalRecord> records)
    {
        fill(records);
        soci::transaction transaction(*session_);
        statement_->execute(true);
        transaction.commit();
    }

  private:
    void prepare()
    {
        Columns& c = columns_;
        resize(1);  // SOCI refuses to bind empty columns
        statement_ = std::make_unique<soci::statement>(
            (session_->prepare
                 << "INSERT INTO journal (id, at, source, organization, user_address, contact_address, "
                    "item_subscription, item_ask, recent_from_contact, recent_from_domain, recent_to_user, "
                    "recent_complete, chosen_option, answer, reason, rule, generation, answered_by) VALUES "
                    "(:id, :at, "
                    ":source, "
                    ":organization, :user, :contact, :subscription, :ask, :from_contact, :from_domain, "
                    ":to_user, "
                    ":complete, :chosen, :answer, :reason, :rule, :generation, :by)",
             soci::use(c.id), soci::use(c.at), soci::use(c.source), soci::use(c.organization),
             soci::use(c.user), soci::use(c.contact), soci::use(c.subscription, c.has_subscription),
             soci::use(c.ask), soci::use(c.from_contact), soci::use(c.from_domain), soci::use(c.to_user),
             soci::use(c.complete), soci::use(c.chosen, c.has_chosen), soci::use(c.answer),
             soci::use(c.reason), soci::use(c.rule), soci::use(c.generation), soci::use(c.by, c.has_by)));
    }

    struct Columns {
        std::vector<long long> id, at, generation;
        std::vector<std::string> source, organization, user, contact, subscription, chosen, answer, reason,
            by;
        std::vector<int> ask, complete, rule;
        std::vector<long long> from_contact, from_domain, to_user;
        std::vector<soci::indicator> has_subscription, has_chosen, has_by;
    };

    void resize(std::size_t rows)
    {
        Columns& c = columns_;
        for (auto* column : {&c.id, &c.at, &c.generation, &c.from_contact, &c.from_domain, &c.to_user}) {
            column->resize(rows);
        }
        for (auto* column : {&c.source, &c.organization, &c.user, &c.contact, &c.subscription, &c.chosen,
                             &c.answer, &c.reason, &c.by}) {
            column->resize(rows);
        }
        for (auto* column : {&c.ask, &c.complete, &c.rule}) {
            column->resize(rows);
        }
        c.has_subscription.resize(rows);
        c.has_chosen.resize(rows);
        c.has_by.resize(rows);
    }

    void fill(std::span<const JournalRecord> records)
    {
        Columns& c = columns_;
        resize(records.size());
        for (std::size_t i = 0; i < records.size(); ++i) {
            const JournalRecord& r = records[i];
            c.id[i] = r.id;
            c.at[i] = since_1970(r.at);
            c.source[i] = usher::name(r.source);
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
            c.has_by[i] = r.answered_by.empty() ? soci::i_null : soci::i_ok;
            c.by[i] = r.answered_by;
        }
    }

    std::shared_ptr<soci::session> session_;
    Columns columns_;
    std::unique_ptr<soci::statement> statement_;  // goes first: it points into both
};

Journal::Journal(Database& database)
    : database_(database),
      instance_(static_cast<std::int64_t>(std::random_device()() % (1U << (kIdLowBits - kIdCountBits))))
{
    // The clock may have been set back since the last record: begin in the millisecond after it, where no id
    // has our bits.
    const auto newest = database_.attempt([](const std::shared_ptr<soci::session>& session) {
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
    return database_.attempt([&](const std::shared_ptr<soci::session>& session) {
        if (!insert_ || !insert_->of(session)) {
            insert_.reset();
            insert_ = std::make_unique<Insert>(session);
        }
        insert_->execute(records);
    });
}

namespace
{

/// A query of records, with the variables that a row is fetched into.
class Select
{
  public:
    Select(soci::session& session, const JournalFilter& filter) : statement_(session)
    {
        const auto number = [this](long long value) {
            statement_.exchange(soci::use(*numbers_.emplace_back(std::make_unique<long long>(value))));
        };
        const auto text = [this](const std::string& value) {
            statement_.exchange(soci::use(*texts_.emplace_back(std::make_unique<std::string>(value))));
        };
        std::string where = " WHERE id > :after";
        number(filter.after.value_or(filter.since ? id_floor(*filter.since) - 1 : -1));
        if (filter.since && filter.after) {
            where += " AND id >= :since";
            number(id_floor(*filter.since));
        }
        if (filter.id) {
            where += " AND id = :id";
            number(*filter.id);
        }
        if (filter.user) {
            where += " AND user_address = :user";
            text(filter.user->text());
        }
        if (filter.contact) {
            where += " AND contact_address = :contact";
            text(filter.contact->text());
        }
        if (filter.organizations) {
            std::string names;
            for (const std::string& name : *filter.organizations) {
                names += (names.empty() ? ":o" : ", :o") + std::to_string(texts_.size());
                text(name);
            }
            where += " AND organization IN (" + names + ")";
        }
        const std::string order = filter.after ? "ASC" : "DESC";
        number(static_cast<long long>(filter.most));
        fetch_into_members();
        statement_.alloc();
        statement_.prepare(
            "SELECT id, at, source, organization, user_address, contact_address, item_subscription, "
            "item_ask, "
            "recent_from_contact, recent_from_domain, recent_to_user, recent_complete, chosen_option, "
            "answer, "
            "reason, rule, generation, answered_by FROM journal" +
            where + " ORDER BY id " + order + " LIMIT :most");
        statement_.define_and_bind();
        statement_.execute();
    }

    [[nodiscard]] std::optional<JournalRecord> next()
    {
        if (!statement_.fetch()) {
            return std::nullopt;
        }
        const auto user = Address::prepare(user_);
        const auto contact = Address::prepare(contact_);
        if (!user || !contact) {
            throw std::runtime_error("journal record " + std::to_string(id_) +
                                     " has an address that is none");
        }
        JournalRecord record{.id = id_,
                             .at = system_clock::time_point(milliseconds(at_)),
                             .source = source_named(source_).value_or(Source::asked),
                             .organization = organization_,
                             .request = {*user, *contact, std::nullopt},
                             .facts = {},
                             .decision = {},
                             .generation = static_cast<std::uint64_t>(generation_),
                             .answered_by = has_by_ == soci::i_ok ? by_ : std::string()};
        if (has_subscription_ == soci::i_ok) {
            record.request.item =
                RosterItem{subscription_named(subscription_).value_or(Subscription::none), ask_ != 0};
        }
        record.facts.recent = {static_cast<std::uint32_t>(from_contact_),
                               static_cast<std::uint32_t>(from_domain_), static_cast<std::uint32_t>(to_user_),
                               complete_ != 0};
        if (has_chosen_ == soci::i_ok) {
            record.facts.chosen = option_named(chosen_);
        }
        record.decision.answer = answer_named(answer_).value_or(Answer::leave);
        record.decision.reason = reason_named(reason_).value_or(Reason::prompt);
        record.decision.rule = static_cast<std::uint32_t>(rule_);
        return record;
    }

  private:
    void fetch_into_members()
    {
        for (long long* number : {&id_, &at_}) {
            statement_.exchange(soci::into(*number));
        }
        for (std::string* text : {&source_, &organization_, &user_, &contact_}) {
            statement_.exchange(soci::into(*text));
        }
        statement_.exchange(soci::into(subscription_, has_subscription_));
        for (long long* number : {&ask_, &from_contact_, &from_domain_, &to_user_, &complete_}) {
            statement_.exchange(soci::into(*number));
        }
        statement_.exchange(soci::into(chosen_, has_chosen_));
        statement_.exchange(soci::into(answer_));
        statement_.exchange(soci::into(reason_));
        statement_.exchange(soci::into(rule_));
        statement_.exchange(soci::into(generation_));
        statement_.exchange(soci::into(by_, has_by_));
    }

    std::vector<std::unique_ptr<long long>> numbers_;  // bound by address
    std::vector<std::unique_ptr<std::string>> texts_;
    long long id_ = 0, at_ = 0, ask_ = 0, from_contact_ = 0, from_domain_ = 0, to_user_ = 0, complete_ = 0,
              rule_ = 0, generation_ = 0;
    std::string source_, organization_, user_, contact_, subscription_, chosen_, answer_, reason_, by_;
    soci::indicator has_subscription_ = soci::i_null, has_chosen_ = soci::i_null, has_by_ = soci::i_null;
    soci::statement statement_;  // goes first: it points into the others
};

}  // namespace

tl::expected<std::vector<JournalRecord>, std::string> Journal::read(const JournalFilter& filter)
{
    return database_.attempt([&](const std::shared_ptr<soci::session>& session) {
        std::vector<JournalRecord> records;
        Select select(*session, filter);
        while (auto record = select.next()) {
            records.push_back(*std::move(record));
        }
        if (!filter.after) {
            std::reverse(records.begin(), records.end());
        }
        return records;
    });
}

tl::expected<std::size_t, std::string> Journal::forget_before(system_clock::time_point cutoff,
                                                              std::size_t most)
{
    return database_.attempt([&](const std::shared_ptr<soci::session>& session) {
        const long long id = id_floor(cutoff);
        soci::statement forget =
            (session->prepare << "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE id < :id "
                                 "ORDER BY id LIMIT :most)",
             soci::use(id), soci::use(static_cast<long long>(most)));
        forget.execute(true);
        return static_cast<std::size_t>(forget.get_affected_rows());
    });
}

}  // namespace usher
