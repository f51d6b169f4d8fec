// The journal: what was decided, when, for whom, why. Nothing is answered that is not in it.
//
// Not here: free text of strangers; a record has addresses and names of our own only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "integration/requests/judge.h"
#include "plugin/store/database.h"
#include "policy/decide.h"

namespace usher
{

/// Which requests a record stands for.
enum class Covers {
    request,  ///< the one in it
    domain,  ///< also others that contacts of its contact's domain sent, which had the same answer and reason
    organization,  ///< also others to users of its organisation, which had the same answer and reason
};

/// `request`, `domain`, `organization`.
[[nodiscard]] std::string_view name(Covers covers);
[[nodiscard]] std::optional<Covers> covers_named(std::string_view name);

/// One decision with all it depended on: with the policy of that generation it can be made again. What repeats it is
/// counted in it, with nothing but the time of the last one.
struct JournalRecord {
    std::int64_t id = 0;  ///< unique, and greater than those before it
    std::chrono::system_clock::time_point at;
    Source source = Source::asked;
    std::string organization;
    SubscriptionRequest request;
    Facts facts;
    Decision decision;
    std::uint64_t generation = 0;  ///< of the policy it was decided under
    std::string answered_by = {};  ///< with `Reason::by_hand` or `revoked`: who; otherwise empty
    Covers covers = Covers::request;
    std::uint64_t repeats = 0;                                          ///< how often it was made again
    std::optional<std::chrono::system_clock::time_point> last_at = {};  ///< with `repeats`: when it was last
    /// What the server said of the last verdict in this record. Nothing if it is not known: there was no reply, or
    /// the verdict was in the reply to an ask.
    std::optional<Outcome> outcome = {};
    std::string refusal =
        {};  ///< with `Outcome::refused`: the condition of the error (RFC 6120 section 8.3.3)
};

/// What is to be written of a decision.
struct JournalEntry {
    JournalRecord record;
    /// The decision repeats the one that is in the journal under the record's id. If that is none of the same request
    /// after all, the record is written with an id of its own.
    bool repeat = false;
};

struct RecordedOutcome {
    std::int64_t id;
    Outcome outcome;
    std::string refusal;
};

/// The least id that a decision made then can have.
[[nodiscard]] std::int64_t first_decision_id(std::chrono::system_clock::time_point time);
/// When the decision was made, by its id.
[[nodiscard]] std::chrono::system_clock::time_point decision_time(std::int64_t id);

class Journal
{
  public:
    /// `database` must outlive the object, and may call back after it.
    explicit Journal(Database& database) : database_(database) {}

    /// The id for a decision made now: milliseconds since 2026, ten bits for this process (Database::record_numbers), twelve
    /// that count. Never less than those given before, and than those recorded before the process got its number, whatever
    /// the clock does. Of several processes that have clocks of their own, one may give a lesser id than another did before.
    [[nodiscard]] std::int64_t next_id(std::chrono::system_clock::time_point now);

    /// Writes all or nothing, in one transaction; it is committed when `then` is called with the entries. Repetitions that
    /// turned out to be none have become new records with new ids. Where there is a condition, and it is not true, nothing is
    /// written, and `then` gets no entries.
    void record(std::vector<JournalEntry> entries, StoreCallback<std::vector<JournalEntry>> then,
                std::optional<Statement> condition = {});
    /// Adds what became of verdicts, in one transaction.
    void settle(std::span<const RecordedOutcome> outcomes, StoreCallback<void> then);

    /// Deletes records from before `cutoff`, at most `most` of them; on SQLite also policies that no record names any more.
    /// Gives how many. By their ids: none goes too early because the clock was behind; after a clock that was ahead
    /// they stay for as much longer. Of repeated decisions the first counts: the last is an hour younger at most.
    void forget_before(std::chrono::system_clock::time_point cutoff, std::size_t most,
                       StoreCallback<std::size_t> then);
    /// Deletes policies that no record names any more, some of those that were superseded before `cutoff`. (On SQLite
    /// forget_before() has done it.)
    void forget_policies(std::chrono::system_clock::time_point cutoff, StoreCallback<void> then);

  private:
    Database& database_;
    RecordNumbers numbers_{.process = -1};  // those that last_id_ belongs to
    std::int64_t last_id_ = 0;
};

}  // namespace usher
