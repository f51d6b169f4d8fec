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

bool MembersInForce::are_in(const Settings& settings) const
{
    return settings.group_members == usable_members(known_, settings.ldap) || !has_groups_from_ldap(settings);
}

void MembersInForce::put_into(std::shared_ptr<Settings> read, Then then)
{
    if (are_in(*read)) {
        then({});
        return;
    }
    run_([read, members = known_] { put_members(*read, members); },
         callbacks_.bind([this, read, then = std::move(then)](const tl::expected<void, std::string>& put) {
             if (put) {
                 put_into(read, then);  // others may have come meanwhile
             } else {
                 then(put);
             }
         }));
}

void MembersInForce::bring()
{
    if (under_way_ || are_in(policy_.file())) {
        return;
    }
    under_way_ = true;
    retry_.reset();
    const auto settings = std::make_shared<Settings>(policy_.file());
    run_([settings, members = known_] { put_members(*settings, members); },
         callbacks_.bind(
             [this, settings, number = policy_.file_number()](const tl::expected<void, std::string>& put) {
                 if (put) {
                     made(number, settings);
                 } else {
                     failed("the policy cannot be made (" + put.error() + ")");
                 }
             }));
}

void MembersInForce::made(std::uint64_t file_number, const std::shared_ptr<Settings>& made)
{
    const auto before = std::make_shared<std::pair<Settings, std::shared_ptr<const Policy>>>(
        policy_.file(), policy_.policy());
    policy_.replace_file(
        file_number, *made,
        callbacks_.bind(
            [this, made = made, before = before](const tl::expected<bool, std::string>& replaced) mutable {
                // To destroy what is no longer in force takes time, too.
                run_([made = std::exchange(made, nullptr), before = std::exchange(before, nullptr)] {},
                     [](const auto&) {});
                if (!replaced) {
                    failed("the store cannot be written (" + replaced.error() + ")");
                    return;
                }
                under_way_ = false;
                failing_ = false;
                bring();  // another file, or other members, may have come meanwhile
            }));
}

void MembersInForce::failed(const std::string& why)
{
    under_way_ = false;
    if (!std::exchange(failing_, true)) {
        spdlog::error("{}, and groups keep the members that they had", why);
    }
    retry_ = clock_.after(kRetry, [this] { bring(); });
}

}  // namespace usher
