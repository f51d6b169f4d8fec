#include "plugin/core/members_in_force.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace usher
{

MembersInForce::MembersInForce(PolicyInForce& policy, Clock& clock, Run run)
    : policy_(policy), clock_(clock), run_(std::move(run))
{
}

void MembersInForce::set(std::shared_ptr<const GroupMembers> members)
{
    known_ = std::move(members);
    bring();
}

bool MembersInForce::are_in_force() const
{
    const Settings& file = policy_.file();
    return file.group_members == usable_members(known_, file.ldap) || !has_groups_from_ldap(file);
}

void MembersInForce::bring()
{
    if (under_way_ || are_in_force()) {
        return;
    }
    under_way_ = true;
    retry_.reset();
    const auto settings = std::make_shared<Settings>(policy_.file());
    run_([settings, members = known_] { put_members(*settings, members); },
         callbacks_.bind([this, settings, number = policy_.file_number()] { made(number, settings); }));
}

void MembersInForce::made(std::uint64_t file_number, const std::shared_ptr<Settings>& made)
{
    const auto before = std::make_shared<std::pair<Settings, std::shared_ptr<const Policy>>>(
        policy_.file(), policy_.policy());
    policy_.replace_file(
        file_number, *made,
        callbacks_.bind([this, made = made,
                         before = before](const tl::expected<bool, std::string>& replaced) mutable {
            under_way_ = false;
            // To destroy what is no longer in force takes time, too.
            run_([made = std::exchange(made, nullptr), before = std::exchange(before, nullptr)] {}, [] {});
            if (replaced) {
                failing_ = false;
                bring();  // another file, or other members, may have come meanwhile
                return;
            }
            if (!std::exchange(failing_, true)) {
                spdlog::error("the store cannot be written, and groups keep the members that they had: {}",
                              replaced.error());
            }
            retry_ = clock_.after(kRetry, [this] { bring(); });
        }));
}

}  // namespace usher
