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
        return true;
    }
    std::signal(SIGPIPE, SIG_IGN);
    const LdapOutcome read = read_ldap(wanted, nullptr, {}, kNeverStopped);
    if (!read) {
        std::cout << "The directory cannot be read: " << read.error().text << '\n';
        return false;
    }
    std::cout << "The directory " << settings.ldap.url << " can be read: " << read->people_read << " people, "
              << read->members->groups.size() << " of " << wanted.groups.size() << " groups\n";
    for (const std::string& remark : read->remarks) {
        std::cout << "  " << remark << '\n';
    }
    return true;
}

}  // namespace usher
