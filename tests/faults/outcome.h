// What has become of all requests, by the rosters, the journal and what the contacts were told.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "people.h"
#include "store.h"

namespace usher::test
{

struct Outcome {
    std::size_t approved = 0;
    std::size_t denied = 0;
    std::size_t waiting = 0;
    std::size_t told_late = 0;  ///< contacts who learned of the answer by asking again
    // Of those that were approved:
    std::size_t revoked = 0;
    std::size_t revoked_untold = 0;  ///< the contact has not learned of it
    std::size_t kept = 0;            ///< in force still

    // One line for each request that is not as it must be.
    std::vector<std::string> lost;
    std::vector<std::string> twice;
    std::vector<std::string> unrecorded;
    std::vector<std::string> wrong;  ///< not as policy says, or two states at once

    [[nodiscard]] bool good() const
    {
        return lost.empty() && twice.empty() && unrecorded.empty() && wrong.empty();
    }
};

/// What a line says of a request.
[[nodiscard]] std::string text(const Request& request);

/// What the server says of one user: their roster, and what waits for them.
struct UserState {
    std::map<std::string, std::string> subscriptions;  ///< by contact
    std::map<std::string, unsigned> waiting;           ///< by contact: how often it was delivered at a login
};

/// Logs in as each of them, one after the other.
[[nodiscard]] std::map<std::string, UserState> read_users(const Server& server,
                                                          const std::vector<std::string>& users);

/// Each request is in exactly one state: approved, denied, waiting; it is the one that policy says; every
/// answer is recorded.
void compare(const std::vector<Request>& requests, const std::map<std::string, UserState>& users,
             const Store::Journal& journal, Outcome& outcome);

/// Each contact was told at most as many answers as they have asked times, of one kind, as the journal has it.
void compare_told(const std::vector<Request>& requests, const Store::Journal& journal, Outcome& outcome);

}  // namespace usher::test
