#include "plugin/ldap/entry_people.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "plugin/ldap/distinguished_name.h"
#include "plugin/text/utf8.h"

namespace usher
{

namespace
{

bool is_utf8(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        if (next_character(text, at) < 0) {
            return false;
        }
    }
    return true;
}

std::vector<std::string> sorted(std::vector<std::string> values)
{
    std::sort(values.begin(), values.end());
    return values;
}

/// The first value that is text; empty without one. `name` is empty where the settings want none.
std::string field(const LdapEntry& entry, const std::string& name)
{
    for (const std::string& value : sorted(entry.values(name))) {
        if (is_utf8(value)) {
            return person_field(value);
        }
    }
    return {};
}

/// Also where the attribute may not be read; in lower case.
std::vector<std::string> uids_of(const LdapEntry& entry)
{
    std::vector<std::string> uids;
    for (const std::string& uid : entry.values("uid")) {
        uids.push_back(in_lower_case(uid));
    }
    const std::string in_name = in_lower_case(uid_in_name(entry.dn));
    if (!in_name.empty() && std::find(uids.begin(), uids.end(), in_name) == uids.end()) {
        uids.push_back(in_name);
    }
    return uids;
}

}  // namespace

std::vector<std::string> EntryPeople::attributes() const
{
    std::vector<std::string> names{"uid"};
    for (const std::string* name : {&settings_.address, &settings_.full_name, &settings_.given_name,
                                    &settings_.family_name, &settings_.nickname, &settings_.email}) {
        if (!name->empty() && std::find(names.begin(), names.end(), *name) == names.end()) {
            names.push_back(*name);
        }
    }
    return names;
}

std::vector<Address> EntryPeople::addresses_of(const LdapEntry& entry) const
{
    std::vector<Address> addresses;
    for (const std::string& value : sorted(entry.values(settings_.address))) {
        const bool whole = value.find('@') != std::string::npos;
        auto address = Address::prepare(whole ? value : value + "@" + settings_.domain);
        if (address) {
            addresses.push_back(*std::move(address));
        }
    }
    std::stable_partition(addresses.begin(), addresses.end(),
                          [this](const Address& address) { return address.domain() == settings_.domain; });
    return addresses;
}

void EntryPeople::add(const LdapEntry& entry)
{
    Found& found = found_.emplace_back(
        Found{entry.dn, key_of(entry.dn), std::nullopt, addresses_of(entry), uids_of(entry)});
    if (!found.addresses.empty()) {
        found.person = Person{found.addresses.front(),
                              field(entry, settings_.full_name),
                              field(entry, settings_.given_name),
                              field(entry, settings_.family_name),
                              field(entry, settings_.nickname),
                              field(entry, settings_.email)};
    } else {
        ++without_address_;
    }
}

void EntryPeople::disable(const std::string& dn)
{
    disabled_.insert(key_of(dn));
}

PeopleOfEntries EntryPeople::finish()
{
    PeopleOfEntries all;
    std::vector<Found> kept;
    for (Found& found : found_) {
        if (is_named_by_uid(found.dn)) {
            all.uid_parents.insert(parent_of(found.dn));
        }
        if (found.person && !disabled_.contains(found.key)) {
            if (found.uids.empty()) {
                all.without_uid.push_back(found.dn);
            }
            kept.push_back(std::move(found));
        } else {
            all.left_out.insert(std::move(found.key));
            all.left_out_uids.insert(found.uids.begin(), found.uids.end());
        }
    }
    found_.clear();
    const auto order = [](const Found& a, const Found& b) {
        return std::tie(a.person->address.text(), a.dn) < std::tie(b.person->address.text(), b.dn);
    };
    std::sort(kept.begin(), kept.end(), order);
    for (Found& found : kept) {
        const std::size_t place = all.addresses.size();
        all.by_name.emplace(std::move(found.key), place);
        for (const std::string& uid : found.uids) {
            all.by_uid.emplace(uid, place);
        }
        all.addresses.push_back(std::move(found.addresses));
        if (!all.people.empty() && all.people.back().address == found.person->address) {
            ++duplicates_;
        } else {
            all.people.push_back(*std::move(found.person));
        }
    }
    return all;
}

}  // namespace usher
