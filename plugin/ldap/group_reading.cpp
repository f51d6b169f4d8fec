#include "plugin/ldap/group_reading.h"

#include <ldap.h>

#include <algorithm>
#include <utility>

#include "plugin/ldap/distinguished_name.h"
#include "plugin/ldap/filters.h"

namespace usher
{

namespace
{

const std::vector<std::string>& member_attributes()
{
    static const std::vector<std::string> names{"member", "uniqueMember", "memberUid", "objectClass"};
    return names;
}

/// `uniqueMember` may have a bit string behind the name (RFC 4517 section 3.3.21).
std::string name_in(const std::string& value)
{
    const auto mark = value.rfind("#'");
    return mark != std::string::npos && value.ends_with("'B") ? value.substr(0, mark) : value;
}

enum class Kind {
    other,           ///< no group, or its class may not be read
    group,           ///< may be without members
    group_of_names,  ///< has at least one (RFC 4519 sections 3.5 and 3.6)
};

Kind kind_of(const LdapEntry& entry)
{
    Kind kind = Kind::other;
    for (const std::string& value : entry.values("objectClass")) {
        const std::string name = in_lower_case(value);
        if (name == "groupofnames" || name == "groupofuniquenames") {
            return Kind::group_of_names;
        }
        kind = name.find("group") != std::string::npos ? Kind::group : kind;
    }
    return kind;
}

bool has_members(const LdapEntry& entry)
{
    return !entry.values("member").empty() || !entry.values("uniqueMember").empty() ||
           !entry.values("memberUid").empty();
}

/// How Active Directory gives the first members of many.
bool is_part(const LdapEntry& entry)
{
    return std::any_of(entry.attributes.begin(), entry.attributes.end(), [](const auto& attribute) {
        return attribute.first.find(";range=") != std::string::npos;
    });
}

LdapFailure unreadable(const std::string& dn, const std::string& why)
{
    return {LDAP_INSUFFICIENT_ACCESS, "cannot read the members of " + dn + ": " + why};
}

}  // namespace

bool GroupReading::is_of_one_group(const LdapFailure& failure)
{
    switch (failure.code) {
        case LDAP_NO_SUCH_OBJECT:
        case LDAP_INVALID_DN_SYNTAX:
        case LDAP_INVALID_SYNTAX:
        case LDAP_INSUFFICIENT_ACCESS:
        case LDAP_INAPPROPRIATE_MATCHING:
        case LDAP_UNDEFINED_TYPE:
        case LDAP_FILTER_ERROR:
        case LDAP_REFERRAL:
            return true;
        default:
            return false;
    }
}

tl::expected<std::vector<Address>, LdapFailure> GroupReading::read(const std::string& group)
{
    const Members places = is_filter(group) ? matching(group) : in_group(group);
    if (!places) {
        return tl::unexpected(places.error());
    }
    std::vector<Address> members;
    members.reserve(places->size());
    for (const std::size_t place : *places) {
        members.push_back(people_.people[place].address);
    }
    return members;
}

GroupReading::Members GroupReading::matching(const std::string& filter)
{
    Places places;
    const auto searched = session_.search(both(settings_.filter, filter), {}, [&](const LdapEntry& entry) {
        const auto found = people_.by_name.find(key_of(entry.dn));
        if (found !=
            people_.by_name.end()) {  // whoever has come since the people were read is in the next reading
            places.insert(found->second);
        }
    });
    return searched ? Members(std::move(places)) : tl::unexpected(searched.error());
}

GroupReading::Members GroupReading::in_group(const std::string& dn)
{
    if (is_active_directory()) {
        if (const auto entry = session_.read(dn, {}); !entry) {  // nobody is in what is not there
            return tl::unexpected(entry.error());
        }
        return matching(in_chain_filter(dn));
    }
    Places places;
    std::vector<std::string> names{dn};
    std::set<std::string> seen{key_of(dn)};
    for (std::size_t next = 0; next < names.size(); ++next) {
        const std::string name = names[next];
        const auto entry = session_.read(name, member_attributes());
        if (!entry) {
            const int code = entry.error().code;
            if (next > 0 && (code == LDAP_NO_SUCH_OBJECT || code == LDAP_INVALID_DN_SYNTAX)) {
                continue;
            }
            return tl::unexpected(entry.error());
        }
        if (is_part(*entry)) {
            return tl::unexpected(unreadable(name, "the directory gives only a part of them"));
        }
        const Kind kind = kind_of(*entry);
        if (!has_members(*entry) && kind == Kind::group_of_names) {
            return tl::unexpected(unreadable(name, "it must have some, but none may be read"));
        }
        if (!has_members(*entry) && kind == Kind::other && next == 0) {
            return tl::unexpected(unreadable(name, "it is no group, or its class may not be read"));
        }
        std::vector<std::string> more;
        add_members(*entry, places, more);
        for (std::string& other : more) {
            if (seen.insert(key_of(other)).second) {
                names.push_back(std::move(other));
            }
        }
    }
    return places;
}

void GroupReading::add_members(const LdapEntry& entry, Places& places, std::vector<std::string>& more) const
{
    for (const char* const attribute : {"member", "uniqueMember"}) {
        for (const std::string& value : entry.values(attribute)) {
            std::string name = name_in(value);
            const std::string key = key_of(name);
            if (const auto found = people_.by_name.find(key); found != people_.by_name.end()) {
                places.insert(found->second);
            } else if (!people_.left_out.contains(key)) {
                more.push_back(std::move(name));
            }
        }
    }
    for (const std::string& uid : entry.values("memberUid")) {
        const auto [first, last] = people_.by_uid.equal_range(in_lower_case(uid));
        for (auto found = first; found != last; ++found) {
            places.insert(found->second);
        }
    }
}

bool GroupReading::is_active_directory()
{
    if (!active_directory_) {
        const auto server = session_.read("", {"supportedCapabilities"});  // RFC 4512 section 5.1
        const auto has = server ? server->values("supportedCapabilities") : std::vector<std::string>();
        active_directory_ = std::find(has.begin(), has.end(), "1.2.840.113556.1.4.800") != has.end();
    }
    return *active_directory_;
}

}  // namespace usher
