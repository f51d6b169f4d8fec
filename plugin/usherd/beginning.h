// What usherd needs of its store before it can begin, and the wait for a store that is not there yet.
#pragma once

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "plugin/check/exit_codes.h"
#include "plugin/core/policy_in_force.h"
#include "plugin/settings/settings.h"
#include "plugin/store/database.h"
#include "plugin/store/lost_records.h"

struct event_base;

namespace usher
{

/// What the daemon begins with.
struct Begun {
    std::unique_ptr<Database> database;
    std::unique_ptr<PolicyInForce> policy;
    std::string secret;  ///< that all instances share
    std::unique_ptr<LostRecords> lost_records;
};

/// Opens the store and puts the settings in force. Reads them from `path` again if that is asked for by SIGHUP meanwhile. Without
/// what it gives usherd ends so. `loop` must outlive it.
[[nodiscard]] tl::expected<Begun, ExitCode> begin(const std::string& path, Settings& settings,
                                                  event_base* loop);

}  // namespace usher
