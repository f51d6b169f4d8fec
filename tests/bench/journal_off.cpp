// A journal that records nothing. usherd_without_journal, with which the real daemon's speed is compared,
// links it instead of plugin/store/journal.cpp. Never installed.
#include "plugin/store/journal.h"

namespace usher
{

std::int64_t Journal::next_id(std::chrono::system_clock::time_point)
{
    return ++last_id_;
}

void Journal::record(std::vector<JournalEntry> entries, StoreCallback<std::vector<JournalEntry>> then,
                     std::optional<Statement>)
{
    then(std::move(entries));
}

void Journal::settle(std::span<const RecordedOutcome>, StoreCallback<void> then)
{
    then({});
}

// Used only where records are read, of which there are none.
std::string_view name(Covers)
{
    return "request";
}

std::optional<Covers> covers_named(std::string_view)
{
    return std::nullopt;
}

std::int64_t first_decision_id(std::chrono::system_clock::time_point)
{
    return 0;
}

std::chrono::system_clock::time_point decision_time(std::int64_t)
{
    return {};
}

void Journal::forget_before(std::chrono::system_clock::time_point, std::size_t,
                            StoreCallback<std::size_t> then)
{
    then(0);
}

void Journal::forget_policies(std::chrono::system_clock::time_point, StoreCallback<void> then)
{
    then({});
}

}  // namespace usher
