#include "plugin/store/journal.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "plugin/store/policy_texts.h"
#include "plugin/store/stored_groups.h"
#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"
#include "plugin/text/terminal.h"
#include "plugin/text/utf8.h"

namespace usher
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::system_clock;

/// Decision ids count milliseconds from 2026-01-01 UTC: 41 bits last until 2095.
constexpr std::int64_t kIdEpoch = 1'767'225'600'000;
constexpr int kIdLowBits = RecordNumbers::kProcessBits + RecordNumbers::kCountBits;
constexpr std::int64_t kMaxIdMilliseconds = (std::int64_t{1} << (63 - kIdLowBits)) - 2;  // 2095

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

system_clock::time_point decision_time(std::int64_t id)
{
    return time_since_1970((id >> kIdLowBits) + kIdEpoch);
}

namespace
{

/// The beginning of it, at most that many bytes. PostgreSQL refuses NUL and what is no UTF-8, and with it all that is
/// written beside it.
std::string storable(std::string_view text, std::size_t most)
{
    std::size_t end = std::min(text.size(), most);
    while (end > 0 && end < text.size() && is_continuation(text[end])) {
        --end;  // not within a character
    }
    return printable(text.substr(0, end));
}

std::int64_t flag(bool set)
{
    return set ? 1 : 0;
}

/// The condition under which an entry repeats a record; with values from `first` on: the id, the user, the contact.
std::string repeats(int first)
{
    const auto place = [first](int i) { return "$" + std::to_string(first + i); };
    return "id = " + place(0) + " AND (covers IS NOT NULL OR (user_address = " + place(1) +
           " AND contact_address = " + place(2) + "))";
}

void append_repeated(std::vector<StoredValue>& values, const JournalRecord& record)
{
    values.emplace_back(record.id);
    values.emplace_back(record.request.user.text());
    values.emplace_back(record.request.contact.text());
}

constexpr const char* kInsert =
    "INSERT INTO journal (id, at, source, organization, user_address, contact_address, item_subscription, item_ask, "
    "recent_from_contact, recent_from_domain, recent_to_user, recent_complete, chosen_option, answer, reason, rule, "
    "generation, answered_by, covers, outside_groups, contact_exception) ";
constexpr int kColumnCount = 21;

const std::string& places()
{
    static const std::string all = [] {
        std::string text = "$1";
        for (int i = 2; i <= kColumnCount; ++i) {
            text += ", $" + std::to_string(i);
        }
        return text;
    }();
    return all;
}

std::vector<StoredValue> columns(const JournalRecord& r, std::int64_t id)
{
    const auto& recent = r.facts.recent;
    std::vector<StoredValue> values;
    values.reserve(kColumnCount + 3);  // for append_repeated()
    values.emplace_back(id);
    values.emplace_back(since_1970(r.at));
    values.emplace_back(std::string(name(r.source)));
    values.emplace_back(r.organization);
    values.emplace_back(r.request.user.text());
    values.emplace_back(r.request.contact.text());
    values.push_back(r.request.item ? std::string(name(r.request.item->subscription)) : StoredValue());
    values.emplace_back(flag(r.request.item && r.request.item->ask));
    values.emplace_back(std::int64_t{recent.from_contact});
    values.emplace_back(std::int64_t{recent.from_domain});
    values.emplace_back(std::int64_t{recent.to_user});
    values.emplace_back(flag(recent.complete));
    values.push_back(r.facts.chosen ? std::string(name(*r.facts.chosen)) : StoredValue());
    values.emplace_back(std::string(name(r.decision.answer)));
    values.emplace_back(std::string(name(r.decision.reason)));
    values.emplace_back(std::int64_t{r.decision.rule});
    values.emplace_back(static_cast<std::int64_t>(r.generation));
    values.push_back(r.answered_by.empty() ? StoredValue() : storable(r.answered_by, r.answered_by.size()));
    values.push_back(r.covers == Covers::request ? StoredValue() : std::string(name(r.covers)));
    values.push_back(r.facts.groups ? to_json(*r.facts.groups) : StoredValue());
    values.push_back(r.facts.exception ? to_string(*r.facts.exception) : StoredValue());
    return values;
}

Statement insertion(const JournalRecord& record)
{
    static const std::string sql = kInsert + ("SELECT " + places()) + " WHERE TRUE";
    return {sql, columns(record, record.id)};
}

Statement repetition(const JournalRecord& record)
{
    static const std::string sql =
        "UPDATE journal SET repeats = repeats + 1, last_at = $1, outcome = NULL, refusal = NULL WHERE " +
        repeats(2);
    Statement statement{sql, {since_1970(record.at)}};
    append_repeated(statement.values, record);
    return statement;
}

/// For a repetition that is none.
Statement insertion_instead(const JournalRecord& record, std::int64_t id)
{
    static const std::string sql = kInsert + ("SELECT " + places()) +
                                   " WHERE NOT EXISTS (SELECT 1 FROM journal WHERE " +
                                   repeats(kColumnCount + 1) + ")";
    Statement statement{sql, columns(record, id)};
    append_repeated(statement.values, record);
    return statement;
}

}  // namespace

std::int64_t Journal::next_id(system_clock::time_point now)
{
    constexpr std::int64_t kCounts = std::int64_t{1} << RecordNumbers::kCountBits;
    if (const RecordNumbers numbers = database_.record_numbers(); numbers != numbers_) {
        // The clock may have been set back since the newest record: begin in the millisecond after it, where no id
        // has our bits.
        numbers_ = numbers;
        last_id_ = std::max(last_id_, (((numbers.newest >> kIdLowBits) + 1) << kIdLowBits) - 1);
    }
    const std::int64_t ours = numbers_.process * kCounts;
    const auto first_in = [ours](std::int64_t id) { return ((id >> kIdLowBits) << kIdLowBits) + ours; };
    std::int64_t id = std::max(first_decision_id(now) + ours, last_id_ + 1);
    if (id < first_in(id)) {
        id = first_in(id);
    } else if (id >= first_in(id) + kCounts) {  // the count ran over: borrow from the next millisecond
        id = first_in(id) + (std::int64_t{1} << kIdLowBits);
    }
    last_id_ = id;
    return id;
}

void Journal::record(std::vector<JournalEntry> entries, StoreCallback<std::vector<JournalEntry>> then,
                     std::optional<Statement> condition)
{
    struct Repeated {
        std::size_t entry;
        std::size_t insertion;  // which statement
        std::int64_t id;        // if it is none
    };
    if (entries.empty()) {
        then(std::move(entries));
        return;
    }
    std::vector<Statement> statements;
    statements.reserve(entries.size());
    std::vector<Repeated> repeated;
    std::vector<std::int64_t> new_ids;
    new_ids.reserve(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const JournalRecord& record = entries[i].record;
        if (!entries[i].repeat) {
            new_ids.push_back(record.id);
            statements.push_back(insertion(record));
        } else {
            const std::int64_t id = next_id(record.at);
            new_ids.push_back(id);
            statements.push_back(repetition(record));
            repeated.push_back({i, statements.size(), id});
            statements.push_back(insertion_instead(record, id));
        }
    }
    database_.run({.kind = Transaction::Kind::write,
                   .queue = Transaction::Queue::requests,
                   .statements = std::move(statements),
                   .condition = std::move(condition),
                   .new_ids = std::move(new_ids)},
                  [entries = std::move(entries), repeated = std::move(repeated),
                   then = std::move(then)](const tl::expected<StepRows, std::string>& given) mutable {
                      if (!given) {
                          then(tl::unexpected(given.error()));
                          return;
                      }
                      if (given->empty()) {  // the condition is not true
                          then(std::vector<JournalEntry>());
                          return;
                      }
                      for (const Repeated& one : repeated) {
                          if ((*given)[one.insertion].changed != 0) {
                              entries[one.entry].record.id = one.id;
                              entries[one.entry].repeat = false;
                          }
                      }
                      then(std::move(entries));
                  });
}

void Journal::settle(std::span<const RecordedOutcome> outcomes, StoreCallback<void> then)
{
    constexpr std::size_t kLongestRefusal = 64;  // the server chooses it
    std::vector<Statement> statements;
    for (const RecordedOutcome& one : outcomes) {
        statements.push_back(
            {"UPDATE journal SET outcome = $1, refusal = $2 WHERE id = $3",
             {std::string(name(one.outcome)), storable(one.refusal, kLongestRefusal), one.id}});
    }
    if (statements.empty()) {
        then(tl::expected<void, std::string>());
        return;
    }
    database_.run({.kind = Transaction::Kind::write,
                   .queue = Transaction::Queue::requests,
                   .statements = std::move(statements)},
                  converted<void>(std::move(then), [](const StepRows&) {}));
}

void Journal::forget_before(system_clock::time_point cutoff, std::size_t most,
                            StoreCallback<std::size_t> then)
{
    std::vector<Statement> statements{
        {"DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE id < $1 ORDER BY id LIMIT $2)",
         {first_decision_id(cutoff), static_cast<std::int64_t>(most)}}};
    if (database_.dialect() == Dialect::sqlite) {
        for (Statement& statement : forget_unnamed_policies(system_clock::time_point::max())) {
            statements.push_back(std::move(statement));
        }
    }
    database_.run({.kind = Transaction::Kind::write, .statements = std::move(statements)},
                  converted<std::size_t>(std::move(then), [](const StepRows& given) {
                      return static_cast<std::size_t>(given.at(0).changed);
                  }));
}

void Journal::forget_policies(system_clock::time_point cutoff, StoreCallback<void> then)
{
    // Nobody numbers a policy meanwhile: a text that it has just found must not go.
    std::vector<Statement> statements{lock_policies()};
    for (Statement& statement : forget_unnamed_policies(cutoff)) {
        statements.push_back(std::move(statement));
    }
    database_.run({.kind = Transaction::Kind::write, .statements = std::move(statements)},
                  converted<void>(std::move(then), [](const StepRows&) {}));
}

}  // namespace usher
