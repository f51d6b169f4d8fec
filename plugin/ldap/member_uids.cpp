#include "plugin/ldap/member_uids.h"

#include <ldap.h>

#include "plugin/ldap/distinguished_name.h"

namespace usher
{

MemberUids::Found MemberUids::who(const std::string& uid)
{
    if (const auto known = known_.find(uid); known != known_.end()) {
        return known->second;
    }
    const auto hidden = some_are_hidden();
    if (!hidden) {
        return tl::unexpected(hidden.error());
    }
    const Found found = *hidden ? Found(Who::may_be_hidden) : look_for(uid);
    if (found) {
        known_[uid] = *found;
    }
    return found;
}

MemberUids::Found MemberUids::look_for(const std::string& uid)
{
    for (const std::string& parent : people_.uid_parents) {
        if (++reads_ > limits_.uid_reads) {
            return tl::unexpected(LdapFailure{
                LDAP_ADMINLIMIT_EXCEEDED, "groups have more uids that are of none of the people than the " +
                                              std::to_string(limits_.uid_reads) +
                                              " that are looked for one by one"});
        }
        const auto entry = session_.read(named_by_uid(uid, parent), {});
        if (entry) {
            return Who::other;
        }
        if (entry.error().code < 0) {
            return tl::unexpected(entry.error());
        }
        if (!is_gone(entry.error(), parent)) {
            return Who::may_be_hidden;
        }
    }
    return Who::nobody;
}

tl::expected<bool, LdapFailure> MemberUids::some_are_hidden()
{
    if (some_are_hidden_) {
        return *some_are_hidden_;
    }
    some_are_hidden_ = people_.without_uid.size() > limits_.uid_reads;
    for (auto one = people_.without_uid.begin(); one != people_.without_uid.end() && !*some_are_hidden_;
         ++one) {
        const auto none = session_.has_none(*one, "uid", "usher");
        if (!none) {
            return tl::unexpected(none.error());
        }
        some_are_hidden_ = !*none;
    }
    return *some_are_hidden_;
}

}  // namespace usher
