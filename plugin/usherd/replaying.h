// Has decisions made again for somebody who asked for it: on a thread of its own, beside the event loop.
#pragma once

#include <memory>
#include <string>

#include "plugin/core/refusal.h"
#include "plugin/core/replay.h"
#include "plugin/settings/group_members.h"

namespace usher
{

struct ReplayTask {
    ReplayRequest request;
    std::string store_url;
    std::shared_ptr<const Settings> settings;     ///< organisations and limits in force
    std::shared_ptr<const GroupMembers> members;  ///< that are known now
    int stop = -1;                                ///< see replay()
};

/// Waits for what it needs: the store, and the process that reads settings.
[[nodiscard]] Result<Replay> replay_now(const ReplayTask& task);

}  // namespace usher
