#include "plugin/usherd/ldap_check.h"

#include <csignal>
#include <iostream>

#include "plugin/people/ldap_reading.h"

namespace usher
{

bool check_ldap(const Settings& settings)
{
    constexpr int kNeverStopped = -1;
    const LdapWanted wanted = wanted_of_directory(settings.ldap, settings.organizations);
    if (wanted.groups.empty() && wanted.domains.empty()) {
        if (!settings.ldap.url.empty()) {
            std::cout << "The directory " << settings.ldap.url
                      << " is not read: no group has `ldap`, and no search has names = \"ldap\"\n";
        }
        return true;
    }
    std::signal(SIGPIPE, SIG_IGN);
    const LdapOutcome read = read_ldap(wanted, nullptr, {}, kNeverStopped);
    if (!read) {
        std::cout << "The directory cannot be read: " << read.error().text << '\n';
        return false;
    }
    std::cout << "The directory " << settings.ldap.url << " can be read: " << read->people_read << " people";
    if (!wanted.groups.empty()) {
        std::cout << ", " << read->members->groups.size() << " of " << wanted.groups.size() << " groups";
    }
    std::cout << '\n';
    for (const std::string& remark : read->remarks) {
        std::cout << "  " << remark << '\n';
    }
    return true;
}

}  // namespace usher
