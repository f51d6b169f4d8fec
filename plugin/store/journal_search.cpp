#include "plugin/store/journal_search.h"

#include <soci/soci.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "plugin/store/stored_time.h"

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

std::optional<Source> source_named(std::string_view text)
{
    for (const Source source : {Source::asked, Source::waiting, Source::roster}) {
        if (name(source) == text) {
            return source;
        }
    }
    return std::nullopt;
}

/// A query of records, with the variables that a row is fetched into.
class Select
{
  public:
    Select(soci::session& session, const JournalFilter& filter, std::int64_t first, std::int64_t last,
           std::string_view order, std::size_t most)
        : statement_(session)
    {
        const auto number = [this](long long value) {
            statement_.exchange(soci::use(*numbers_.emplace_back(std::make_unique<long long>(value))));
        };
        const auto text = [this](const std::string& value) {
            statement_.exchange(soci::use(*texts_.emplace_back(std::make_unique<std::string>(value))));
        };
        std::string where = " WHERE id >= :first AND id <= :last";
        number(first);
        number(last);
        if (filter.user) {
            where += " AND user_address = :user";
            text(filter.user->text());
        }
        if (filter.contact) {
            where += " AND contact_address IN (:contact, :prepared)";
            text(filter.contact->text());
            const auto prepared = filter.contact->prepared();
            text(prepared ? prepared->text() : filter.contact->text());
        }
        if (filter.since) {  // ids are ahead of the time where the clock was
            where += " AND COALESCE(last_at, at) >= :since";
            number(since_1970(*filter.since));
        }
        if (filter.domains) {
            const std::string at = session.get_backend_name() == "postgresql" ? "strpos" : "instr";
            std::string domains;
            for (const std::string& domain : *filter.domains) {
                domains += (domains.empty() ? ":d" : ", :d") + std::to_string(texts_.size());
                text(domain);
            }
            where += " AND substr(user_address, " + at + "(user_address, '@') + 1) IN (" + domains + ")";
        }
        number(static_cast<long long>(most));
        fetch_into_members();
        statement_.alloc();
        statement_.prepare(
            "SELECT id, at, source, organization, user_address, contact_address, item_subscription, "
            "item_ask, recent_from_contact, recent_from_domain, recent_to_user, recent_complete, "
            "chosen_option, answer, reason, rule, generation, answered_by, covers, repeats, last_at, outcome, "
            "refusal FROM journal" +
            where + " ORDER BY id " + std::string(order) + " LIMIT :most");
        statement_.define_and_bind();
        statement_.execute();
    }

    [[nodiscard]] std::optional<JournalRecord> next()
    {
        if (!statement_.fetch()) {
            return std::nullopt;
        }
        JournalRecord record{.id = id_,
                             .at = time_since_1970(at_),
                             .source = understood(source_named(source_), "source"),
                             .organization = organization_,
                             .request = {Party::as_written(user_), Party::as_written(contact_), std::nullopt},
                             .facts = {},
                             .decision = {},
                             .generation = static_cast<std::uint64_t>(generation_)};
        if (has_by_ == soci::i_ok) {
            record.answered_by = by_;
        }
        if (has_covers_ == soci::i_ok) {
            record.covers = understood(covers_named(covers_), "covers");
        }
        record.repeats = static_cast<std::uint64_t>(repeats_);
        if (has_last_at_ == soci::i_ok) {
            record.last_at = time_since_1970(last_at_);
        }
        if (has_outcome_ == soci::i_ok) {
            record.outcome = understood(outcome_named(outcome_), "outcome");
        }
        if (has_refusal_ == soci::i_ok) {
            record.refusal = refusal_;
        }
        if (has_subscription_ == soci::i_ok) {
            record.request.item =
                RosterItem{understood(subscription_named(subscription_), "item_subscription"), ask_ != 0};
        }
        record.facts.recent = {static_cast<std::uint32_t>(from_contact_),
                               static_cast<std::uint32_t>(from_domain_), static_cast<std::uint32_t>(to_user_),
                               complete_ != 0};
        if (has_chosen_ == soci::i_ok) {
            record.facts.chosen = understood(option_named(chosen_), "chosen_option");
        }
        record.decision.answer = understood(answer_named(answer_), "answer");
        record.decision.reason = understood(reason_named(reason_), "reason");
        record.decision.rule = static_cast<std::uint32_t>(rule_);
        return record;
    }

  private:
    /// A column's value. Throws where the column has what no record of ours can have.
    template <typename Value>
    [[nodiscard]] Value understood(std::optional<Value> value, const char* column) const
    {
        if (!value) {
            throw std::runtime_error("journal record " + std::to_string(id_) + " has an unknown " + column);
        }
        return *std::move(value);
    }

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
        statement_.exchange(soci::into(covers_, has_covers_));
        statement_.exchange(soci::into(repeats_));
        statement_.exchange(soci::into(last_at_, has_last_at_));
        statement_.exchange(soci::into(outcome_, has_outcome_));
        statement_.exchange(soci::into(refusal_, has_refusal_));
    }

    std::vector<std::unique_ptr<long long>> numbers_;  // bound by address
    std::vector<std::unique_ptr<std::string>> texts_;
    long long id_ = 0, at_ = 0, ask_ = 0, from_contact_ = 0, from_domain_ = 0, to_user_ = 0, complete_ = 0,
              rule_ = 0, generation_ = 0, repeats_ = 0, last_at_ = 0;
    std::string source_, organization_, user_, contact_, subscription_, chosen_, answer_, reason_, by_,
        covers_, outcome_, refusal_;
    soci::indicator has_subscription_ = soci::i_null, has_chosen_ = soci::i_null, has_by_ = soci::i_null,
                    has_covers_ = soci::i_null, has_last_at_ = soci::i_null, has_outcome_ = soci::i_null,
                    has_refusal_ = soci::i_null;
    soci::statement statement_;  // goes first: it points into the others
};

}  // namespace

JournalSearch::JournalSearch(Database& database, JournalFilter filter)
    : database_(database), filter_(std::move(filter)), last_(std::numeric_limits<std::int64_t>::max())
{
    if (filter_.since) {
        constexpr std::chrono::hours kRepeated{
            1};  // the last of what is counted in a record is that much later
        first_ = first_decision_id(*filter_.since - kRepeated);
    }
    if (filter_.after) {
        first_ = std::max(first_, *filter_.after + 1);
    }
    if (filter_.id) {
        first_ = last_ = *filter_.id;
    }
}

tl::expected<bool, std::string> JournalSearch::search_portion()
{
    return database_.read([this](const std::shared_ptr<soci::session>& session) {
        const bool upwards = filter_.after.has_value();
        const std::string order = upwards ? "ASC" : "DESC";
        // Where every record is found, none is looked at that is not wanted.
        const bool every = !filter_.user && !filter_.contact && !filter_.domains && !filter_.since;
        const auto portion =
            static_cast<long long>(every ? std::min(kPortion, filter_.most - found_.size()) : kPortion);
        long long count = 0;
        long long edge = 0;
        *session
            << "SELECT COUNT(*), COALESCE(" + std::string(upwards ? "MAX" : "MIN") +
                   "(id), 0) FROM (SELECT id FROM journal WHERE id >= :first AND id <= :last ORDER BY id " +
                   order + " LIMIT :portion) AS portion",
            soci::into(count), soci::into(edge), soci::use(static_cast<long long>(first_)),
            soci::use(static_cast<long long>(last_)), soci::use(portion);
        if (count != 0) {
            Select select(*session, filter_, upwards ? first_ : edge, upwards ? edge : last_, order,
                          filter_.most - found_.size());
            while (auto record = select.next()) {
                found_.push_back(*std::move(record));
            }
            (upwards ? first_ : last_) = upwards ? edge + 1 : edge - 1;
        }
        return count < portion || found_.size() == filter_.most;
    });
}

std::vector<JournalRecord> JournalSearch::take_found()
{
    if (!filter_.after) {
        std::reverse(found_.begin(), found_.end());
    }
    return std::move(found_);
}

}  // namespace usher
