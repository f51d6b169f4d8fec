// Brings the members that groups have from a directory into the policy in force.
//
// The policy with them is made beside the event loop, because an index of 100,000 members takes its time, and comes into force
// as a file does that was read again: what waits is decided anew.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "plugin/core/policy_in_force.h"
#include "plugin/settings/group_members.h"

namespace usher
{

class MembersInForce
{
  public:
    /// When it is tried again after the policy could not be made or the store not be written.
    static constexpr std::chrono::seconds kRetry{10};

    /// The error says why the work could not be done, such as that there is not enough memory.
    using Then = std::function<void(const tl::expected<void, std::string>& done)>;
    /// Runs `work` on another thread, then `then` from the event loop. What `work` throws is the error.
    using Run = std::function<void(std::function<void()> work, Then then)>;

    /// Both must outlive the object.
    MembersInForce(PolicyInForce& policy, Clock& clock, Run run);

    /// Who is in the groups now; null: nobody knows.
    void set(std::shared_ptr<const GroupMembers> members);
    /// For put_members(), where a file is read.
    [[nodiscard]] const std::shared_ptr<const GroupMembers>& known() const { return known_; }
    /// Gives settings that were read from a file, and that nobody else uses, the members that are known when `then` is called.
    /// Other members may have come, and into force, since the settings were made: those of before must not come back for a
    /// moment, in which what waits would be decided by them.
    void put_into(std::shared_ptr<Settings> read, Then then);
    /// To be called when another file may have come into force: it may have been made with members of before.
    void bring();

  private:
    [[nodiscard]] bool are_in(const Settings& settings) const;
    void made(std::uint64_t file_number, const std::shared_ptr<Settings>& made);
    void failed(const std::string& why);

    PolicyInForce& policy_;
    Clock& clock_;
    Run run_;
    std::shared_ptr<const GroupMembers> known_;
    bool under_way_ = false;
    bool failing_ = false;  // the last attempt has failed
    std::unique_ptr<Timer> retry_;
    CallbackScope callbacks_;
};

}  // namespace usher
