#include "plugin/ldap/group_reading.h"

#include <ldap.h>

#include <algorithm>
#include <array>
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
    unseen,          ///< its class may not be read
    other,           ///< no group
    group,           ///< may be without members
    group_of_names,  ///< has at least one (RFC 4519 sections 3.5 and 3.6)
};

Kind kind_of(const LdapEntry& entry)
{
    const std::vector<std::string>& classes = entry.values("objectClass");
    Kind kind = classes.empty() ? Kind::unseen : Kind::other;
    for (const std::string& value : classes) {
        const std::string name = in_lower_case(value);
        if (name == "groupofnames" || name == "groupofuniquenames") {
            return Kind::group_of_names;
        }
        if (name == "posixgroup" || name == "groupofmembers" || name == "group") {
            kind = Kind::group;
        }
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
    return failure.code > 0 ||
           failure.code == LDAP_FILTER_ERROR;  // other codes of libldap's own are negative
}

tl::expected<GroupOfDirectory, LdapFailure> GroupReading::read(const std::string& group)
{
    const Members found = is_filter(group) ? matching(group) : in_group(group);
    if (!found) {
        return tl::unexpected(found.error());
    }
    GroupOfDirectory read{{}, found->unseen};
    for (const std::size_t place : found->places) {
        const std::vector<Address>& addresses = people_.addresses[place];
        read.members.insert(read.members.end(), addresses.begin(), addresses.end());
    }
    std::sort(read.members.begin(), read.members.end(),
              [](const Address& a, const Address& b) { return a.text() < b.text(); });
    read.members.erase(std::unique(read.members.begin(), read.members.end()), read.members.end());
    return read;
}

GroupReading::Members GroupReading::matching(const std::string& filter)
{
    Found all;
    const auto searched = session_.search(both(settings_.filter, filter), {}, [&](const LdapEntry& entry) {
        const auto found = people_.by_name.find(key_of(entry.dn));
        if (found !=
            people_.by_name.end()) {  // whoever has come since the people were read is in the next reading
            all.places.insert(found->second);
        }
    });
    return searched ? Members(std::move(all)) : tl::unexpected(searched.error());
}

GroupReading::Members GroupReading::in_active_directory_group(const std::string& dn)
{
    const auto entry = session_.read(dn, {"objectClass"});
    if (!entry) {
        return tl::unexpected(entry.error());
    }
    const std::vector<std::string>& classes = entry->values("objectClass");
    if (std::none_of(classes.begin(), classes.end(),
                     [](const std::string& name) { return in_lower_case(name) == "group"; })) {
        return tl::unexpected(unreadable(dn, "it is no group, or its class may not be read"));
    }
    return matching(in_chain_filter(dn));
}

GroupReading::Members GroupReading::in_group(const std::string& dn)
{
    if (is_active_directory()) {
        return in_active_directory_group(dn);
    }
    Found all;
    Others others{{dn}, {}};
    std::size_t hidden = 0;
    std::set<std::string> seen{key_of(dn)};
    for (std::size_t next = 0; next < others.names.size(); ++next) {
        if (next > limits_.member_reads) {
            return tl::unexpected(
                unreadable(dn, "more than " + std::to_string(limits_.member_reads) +
                                   " of them are none of the people, and are not read one by one; a filter "
                                   "such as (memberOf=" +
                                   filter_value(dn) + ") may find the others"));
        }
        const std::string name = others.names[next];
        const auto entry = session_.read(name, member_attributes());
        if (!entry) {
            const int code = entry.error().code;
            if (next > 0 && (code == LDAP_NO_SUCH_OBJECT || code == LDAP_INVALID_DN_SYNTAX)) {
                const bool gone = is_named_by_uid(name) && is_gone(entry.error(), parent_of(name));
                ++(gone ? all.unseen : hidden);
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
        if (!has_members(*entry) && kind != Kind::group && next == 0) {
            return tl::unexpected(unreadable(name, "it is no group, or its class may not be read"));
        }
        if (!has_members(*entry) && kind == Kind::group) {
            if (const auto empty = check_empty(name); !empty) {
                return tl::unexpected(empty.error());
            }
        }
        if (!has_members(*entry) && kind == Kind::unseen) {
            ++hidden;
        }
        Others more;
        add_members(*entry, all.places, more);
        others.uids.merge(more.uids);
        for (std::string& other : more.names) {
            if (seen.insert(key_of(other)).second) {
                others.names.push_back(std::move(other));
            }
        }
    }
    const auto hidden_uids = look_for(dn, others.uids, all.unseen);
    if (!hidden_uids) {
        return tl::unexpected(hidden_uids.error());
    }
    hidden += *hidden_uids;
    if (hidden > 0) {
        return tl::unexpected(unreadable(
            dn, std::to_string(hidden) + " of them cannot be seen and may be there; " + reader_of(settings_) +
                    " has to see them, or, if they are deleted, the group must "
                    "not have them"));
    }
    return all;
}

tl::expected<void, LdapFailure> GroupReading::check_empty(const std::string& dn)
{
    const std::array<std::pair<std::string, std::string>, 3> values{
        {{"member", dn}, {"uniqueMember", dn}, {"memberUid", "usher"}}};
    for (const auto& [attribute, value] : values) {
        const auto none = session_.has_none(dn, attribute, value);
        if (!none) {
            return tl::unexpected(none.error());
        }
        if (!*none) {
            return tl::unexpected(
                unreadable(dn, "none is seen, but " + reader_of(settings_) + " may not read " + attribute));
        }
    }
    return {};
}

tl::expected<std::size_t, LdapFailure> GroupReading::look_for(const std::string& dn,
                                                              const std::set<std::string>& uids,
                                                              std::size_t& unseen)
{
    std::size_t hidden = 0;
    for (const std::string& uid : uids) {
        const auto who = uids_.who(uid);
        if (!who) {
            return tl::unexpected(is_of_one_group(who.error()) ? unreadable(dn, who.error().text)
                                                               : who.error());
        }
        unseen += *who == MemberUids::Who::nobody ? 1 : 0;
        hidden += *who == MemberUids::Who::may_be_hidden ? 1 : 0;
    }
    return hidden;
}

void GroupReading::add_members(const LdapEntry& entry, Places& places, Others& others) const
{
    for (const char* const attribute : {"member", "uniqueMember"}) {
        for (const std::string& value : entry.values(attribute)) {
            std::string name = name_in(value);
            const std::string key = key_of(name);
            if (const auto found = people_.by_name.find(key); found != people_.by_name.end()) {
                places.insert(found->second);
            } else if (!people_.left_out.contains(key)) {
                others.names.push_back(std::move(name));
            }
        }
    }
    for (const std::string& value : entry.values("memberUid")) {
        const std::string uid = in_lower_case(value);
        const auto [first, last] = people_.by_uid.equal_range(uid);
        for (auto found = first; found != last; ++found) {
            places.insert(found->second);
        }
        if (first == last && !people_.left_out_uids.contains(uid)) {
            others.uids.insert(uid);
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
