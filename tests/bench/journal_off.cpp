// A journal that records nothing. usherd_without_journal, with which the real daemon's speed is compared,
// links it instead of plugin/store/journal.cpp. Never installed.
#include "plugin/store/journal.h"

namespace usher
{

class Journal::Insert
{
};

class Journal::Repeat
{
};

Journal::Journal(Database& database) : database_(database), instance_(0) {}

Journal::~Journal() = default;

std::int64_t Journal::next_id(std::chrono::system_clock::time_point)
{
    return ++last_id_;
}

tl::expected<void, std::string> Journal::record(std::span<JournalEntry>)
{
    return {};
}

tl::expected<void, std::string> Journal::settle(std::span<const RecordedOutcome>)
{
    return {};
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

tl::expected<std::size_t, std::string> Journal::forget_before(std::chrono::system_clock::time_point,
                                                              std::size_t)
{
    return 0;
}

}  // namespace usher
