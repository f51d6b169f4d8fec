#include "plugin/store/journal_search.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "plugin/store/address_columns.h"
#include "plugin/store/stored_groups.h"
#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

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

/// The columns of a record, in the order in which record_of() reads them.
constexpr const char* kColumns =
    "id, at, source, organization, user_address, contact_address, item_subscription, item_ask, recent_from_contact, "
    "recent_from_domain, recent_to_user, recent_complete, chosen_option, answer, reason, rule, generation, answered_by, "
    "covers, repeats, last_at, outcome, refusal, outside_groups, contact_exception";

/// Reads the columns of a row, one after the other. What no record of ours can have is thrown as an error.
class RowReader
{
  public:
    explicit RowReader(const std::vector<StoredValue>& row) : row_(row), id_(usher::number(row.at(0))) {}

    [[nodiscard]] std::int64_t number() { return usher::number(next()); }
    [[nodiscard]] std::uint32_t number32() { return static_cast<std::uint32_t>(number()); }
    [[nodiscard]] const std::string& text() { return usher::text(next()); }
    [[nodiscard]] std::optional<std::string> optional_text()
    {
        const StoredValue& value = next();
        return is_null(value) ? std::nullopt : std::optional(usher::text(value));
    }
    [[nodiscard]] std::optional<system_clock::time_point> optional_time()
    {
        const StoredValue& value = next();
        return is_null(value) ? std::nullopt : std::optional(time_since_1970(usher::number(value)));
    }
    /// A value by its name.
    template <typename Value>
    [[nodiscard]] Value named(std::optional<Value> (*from)(std::string_view), const char* column)
    {
        return understood(from(text()), column);
    }
    template <typename Value>
    [[nodiscard]] std::optional<Value> optional_named(std::optional<Value> (*from)(std::string_view),
                                                      const char* column)
    {
        const auto name = optional_text();
        return name ? std::optional(understood(from(*name), column)) : std::nullopt;
    }

    template <typename Value>
    [[nodiscard]] Value understood(std::optional<Value> value, const char* column) const
    {
        if (!value) {
            throw std::runtime_error("journal record " + std::to_string(id_) + " has an unknown " + column);
        }
        return *std::move(value);
    }

  private:
    [[nodiscard]] const StoredValue& next() { return row_.at(column_++); }

    const std::vector<StoredValue>& row_;
    const std::int64_t id_;
    std::size_t column_ = 0;
};

std::optional<RosterItem> item_of(RowReader& row)
{
    const auto subscription = row.optional_named(subscription_named, "item_subscription");
    const bool ask = row.number() != 0;
    return subscription ? std::optional(RosterItem{*subscription, ask}) : std::nullopt;
}

JournalRecord record_of(const std::vector<StoredValue>& columns)
{
    RowReader row(columns);
    JournalRecord record{
        // In braces, one is read after the other.
        .id = row.number(),
        .at = time_since_1970(row.number()),
        .source = row.named(source_named, "source"),
        .organization = row.text(),
        .request = {Party::as_written(row.text()), Party::as_written(row.text()), item_of(row)},
        .facts = {{row.number32(), row.number32(), row.number32(), row.number() != 0},
                  row.optional_named(option_named, "chosen_option")},
        .decision = {row.named(answer_named, "answer"), row.named(reason_named, "reason"), row.number32()},
        .generation = static_cast<std::uint64_t>(row.number()),
        .answered_by = row.optional_text().value_or(""),
        .covers = row.optional_named(covers_named, "covers").value_or(Covers::request),
        .repeats = static_cast<std::uint64_t>(row.number()),
        .last_at = row.optional_time(),
        .outcome = row.optional_named(outcome_named, "outcome"),
        .refusal = row.optional_text().value_or("")};
    if (const auto groups = row.optional_text()) {
        record.facts.groups = row.understood(outside_groups_from_json(*groups), "outside_groups");
    }
    record.facts.exception = row.optional_named(exception_from, "contact_exception");
    return record;
}

/// The values of a statement while it is written.
class Values
{
  public:
    /// Where the value stands in the statement: `$3`.
    [[nodiscard]] std::string place(StoredValue value)
    {
        values_.push_back(std::move(value));
        return "$" + std::to_string(values_.size());
    }
    [[nodiscard]] std::vector<StoredValue> take() { return std::move(values_); }

  private:
    std::vector<StoredValue> values_;
};

}  // namespace

/// What is looked at in one go.
struct JournalSearch::Portion {
    std::int64_t most = 0;   // so many records
    std::int64_t count = 0;  // there were so many
    std::int64_t edge = 0;   // the last of them to be looked at
};

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
    if (filter_.settled && database_.dialect() == Dialect::postgresql) {
        constexpr std::chrono::seconds kLatestCommit{2};
        last_ = first_decision_id(system_clock::now() - kLatestCommit) - 1;
    }
    if (filter_.id) {
        first_ = last_ = *filter_.id;
    }
}

Statement JournalSearch::query_of(const Portion& portion) const
{
    Values values;
    std::string where = " WHERE id >= " + values.place(upwards() ? first_ : portion.edge) +
                        " AND id <= " + values.place(upwards() ? portion.edge : last_);
    if (filter_.user) {
        where += " AND user_address = " + values.place(filter_.user->text());
    }
    if (filter_.contact) {
        const auto prepared = filter_.contact->prepared();
        where += " AND contact_address IN (" + values.place(filter_.contact->text()) + ", " +
                 values.place(prepared ? prepared->text() : filter_.contact->text()) + ")";
    }
    if (filter_.since) {  // ids are ahead of the time where the clock was
        where += " AND COALESCE(last_at, at) >= " + values.place(since_1970(*filter_.since));
    }
    if (filter_.domains) {
        where +=
            " AND " + domain_in(database_.dialect(), "user_address") + " IN (" +
            joined(*filter_.domains, ", ", [&](const std::string& domain) { return values.place(domain); }) +
            ")";
    }
    const std::string limit = values.place(static_cast<std::int64_t>(filter_.most - found_.size()));
    return {std::string("SELECT ") + kColumns + " FROM journal" + where + " ORDER BY id " +
                (upwards() ? "ASC" : "DESC") + " LIMIT " + limit,
            values.take()};
}

void JournalSearch::search_portion(StoreCallback<bool> then)
{
    // Where every record is found, none is looked at that is not wanted.
    const bool every = !filter_.user && !filter_.contact && !filter_.domains && !filter_.since;
    const auto portion = std::make_shared<Portion>();
    portion->most =
        static_cast<std::int64_t>(every ? std::min(kPortion, filter_.most - found_.size()) : kPortion);
    const std::string edge = upwards() ? "MAX" : "MIN";
    const std::string order = upwards() ? "ASC" : "DESC";
    Statement look{"SELECT COUNT(*), COALESCE(" + edge +
                       "(id), 0) FROM (SELECT id FROM journal WHERE id >= $1 AND id <= $2 ORDER BY id " +
                       order + " LIMIT $3) AS portion",
                   {first_, last_, portion->most}};
    // The next step may be taken when the search is gone: what it needs is its own.
    const auto query =
        [portion, self = callbacks_.bind([this, portion](Statement& made) { made = query_of(*portion); }),
         looked = false](const StepRows& given) mutable -> std::vector<Statement> {
        Statement made;
        if (!std::exchange(looked, true)) {
            portion->count = number(given.at(0).rows.at(0).at(0));
            portion->edge = number(given.at(0).rows.at(0).at(1));
            if (portion->count != 0) {
                self(made);
            }
        }
        return made.sql.empty() ? std::vector<Statement>() : std::vector{std::move(made)};
    };
    database_.run(
        {.kind = Transaction::Kind::read, .statements = {std::move(look)}, .next = query},
        callbacks_.bind([this, portion, then = std::move(then)](tl::expected<StepRows, std::string> given) {
            converted<bool>(then, [this, &portion](const StepRows& found) { return take(*portion, found); })(
                std::move(given));
        }));
}

bool JournalSearch::take(const Portion& portion, const StepRows& given)
{
    if (portion.count != 0) {
        for (const auto& row : given.at(0).rows) {
            found_.push_back(record_of(row));
        }
        (upwards() ? first_ : last_) = upwards() ? portion.edge + 1 : portion.edge - 1;
    }
    return portion.count < portion.most || found_.size() == filter_.most;
}

std::vector<JournalRecord> JournalSearch::take_found()
{
    if (!upwards()) {
        std::reverse(found_.begin(), found_.end());
    }
    return std::move(found_);
}

}  // namespace usher
