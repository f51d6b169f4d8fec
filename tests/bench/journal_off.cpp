// A journal that records nothing, for usherd_without_journal: linked in the place of plugin/store/journal.cpp
// it makes the daemon whose speed the real one's is compared with. Never installed.
#include "plugin/store/journal.h"

namespace usher
{

class Journal::Insert
{
};

Journal::Journal(Database& database) : database_(database), instance_(0) {}

Journal::~Journal() = default;

std::int64_t Journal::next_id(std::chrono::system_clock::time_point)
{
    return ++last_id_;
}

tl::expected<void, std::string> Journal::record(std::span<const JournalRecord>)
{
    return {};
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
