// Reads the settings file again while usherd runs, and puts it in force: SIGHUP, `usherctl reload`.
//
// Not here: what of a file takes effect beside the policy (daemon.cpp), and the reading at the start (beginning.h).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugin/core/members_in_force.h"
#include "plugin/core/policy_in_force.h"
#include "plugin/core/refusal.h"
#include "plugin/settings/reader.h"
#include "plugin/usherd/service_manager.h"
#include "plugin/usherd/worker.h"

namespace usher
{

class SettingsReload
{
  public:
    /// The policy of these settings is in force: the rest of them is to follow. Gives the keys that need a restart.
    using Follow = std::function<std::vector<std::string>(const Settings& read)>;

    /// All must outlive the object. `worker` reads.
    SettingsReload(std::string path, PolicyInForce& policy, MembersInForce& members, Worker& worker,
                   ServiceManager& service_manager, Follow follow);

    /// What changes while the file is read may have been missed: who asks meanwhile gets the outcome of another reading. The
    /// refusal has a line for each mistake; then what was in force still is.
    void reload(Callback<std::vector<std::string>> then);
    /// From now on nothing is put in force, and nobody gets an answer.
    void stop() { stopping_ = true; }

  private:
    void begin();
    void file_was_read();
    void policy_was_stored(const tl::expected<void, std::string>& stored);
    void end(const Result<std::vector<std::string>>& outcome);
    [[nodiscard]] Result<std::vector<std::string>> not_valid(const std::vector<SettingError>& found) const;

    const std::string path_;
    PolicyInForce& policy_;
    MembersInForce& members_;
    Worker& worker_;
    ServiceManager& service_manager_;
    Follow follow_;
    std::shared_ptr<ReadSettings> reading_;                    // null: none
    std::vector<Callback<std::vector<std::string>>> served_;   // who get its outcome
    std::vector<Callback<std::vector<std::string>>> waiting_;  // who get that of the next
    Settings before_;  // in force until the one that was read is; shares its rules with the policy till then
    bool stopping_ = false;
};

}  // namespace usher
