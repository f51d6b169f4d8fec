#include "plugin/ldap/directory_reading.h"

#include <ldap.h>

#include <system_error>
#include <utility>

#include "plugin/ldap/entry_people.h"
#include "plugin/ldap/filters.h"
#include "plugin/ldap/group_reading.h"
#include "plugin/ldap/ldap_session.h"
#include "plugin/text/terminal.h"

namespace usher
{

namespace
{

/// Nobody at all is no answer: it is how a directory looks to those who may not read it.
std::string why_nobody(const EntryPeople& people, const LdapSettings& settings)
{
    if (people.entries() == 0) {
        return "below " + settings.base + " no entry matches " + settings.filter + ", or " +
               reader_of(settings) + " may read none";
    }
    if (people.entries() == people.without_address()) {
        return "none of the entries (" + std::to_string(people.entries()) + ") has a usable address in " +
               settings.address + ": compare ldap.address and ldap.domain with the directory";
    }
    return {};
}

void add_remarks(const EntryPeople& people, const LdapSettings& settings, std::vector<std::string>& remarks)
{
    if (people.without_address() > 0) {
        remarks.push_back("entries left out because they have no usable address in " + settings.address +
                          ": " + std::to_string(people.without_address()));
    }
    if (people.duplicates() > 0) {
        remarks.push_back("entries that are not found because another one has the same address: " +
                          std::to_string(people.duplicates()));
    }
}

std::string remark_of(const LdapSession::References& elsewhere)
{
    std::string where;
    for (const std::string& url : elsewhere.first) {
        where += (where.empty() ? "" : ", ") + short_ascii(url);
    }
    return "parts of the directory on other servers, which were not read: " +
           std::to_string(elsewhere.count) + (where.empty() ? "" : " (" + where + ")");
}

tl::expected<DirectoryContents, LdapFailure> contents(const LdapSettings& settings,
                                                      const std::vector<std::string>& groups,
                                                      std::string_view password, int stop,
                                                      const LdapLimits& limits)
{
    LdapSession session(settings, stop, limits);
    if (const auto opened = session.open(password); !opened) {
        return tl::unexpected(opened.error());
    }
    EntryPeople entries(settings);
    const auto searched = session.search(settings.filter, entries.attributes(),
                                         [&entries](const LdapEntry& entry) { entries.add(entry); });
    if (!searched) {
        return tl::unexpected(searched.error());
    }
    if (const std::string why = why_nobody(entries, settings); !why.empty()) {
        return tl::unexpected(LdapFailure{0, why});
    }
    const LdapSession::References elsewhere = session.references();  // other searches meet the same ones
    if (!settings.disabled_filter.empty()) {  // after the people: who was disabled meanwhile is none of them
        const auto disabled =
            session.search(both(settings.filter, settings.disabled_filter), {},
                           [&entries](const LdapEntry& entry) { entries.disable(entry.dn); });
        if (!disabled) {
            return tl::unexpected(disabled.error());
        }
    }
    PeopleOfEntries people = entries.finish();
    if (people.people.empty()) {
        return tl::unexpected(
            LdapFailure{0, "ldap.disabled_filter, " + settings.disabled_filter + ", matches everybody"});
    }
    DirectoryContents read;
    add_remarks(entries, settings, read.remarks);
    if (elsewhere.count > 0) {
        read.remarks.push_back(remark_of(elsewhere));
    }
    GroupReading reading(session, settings, people, limits);
    for (const std::string& group : groups) {
        auto found = reading.read(group);
        if (found) {
            if (found->members.empty()) {  // a filter with a misspelled attribute looks the same
                read.remarks.push_back("nobody is in the group " + group);
            }
            if (found->unseen > 0) {
                read.remarks.push_back("members of " + group + " that are not there or may not be seen: " +
                                       std::to_string(found->unseen));
            }
            read.groups[group] = std::move(found->members);
        } else if (GroupReading::is_of_one_group(found.error())) {
            read.remarks.push_back("group not known: " + found.error().text);
        } else {
            return tl::unexpected(found.error());
        }
    }
    read.people = std::move(people.people);
    return read;
}

}  // namespace

tl::expected<DirectoryContents, DirectoryFailure> read_directory(const LdapSettings& settings,
                                                                 const std::vector<std::string>& groups,
                                                                 std::string_view password, int stop,
                                                                 const LdapLimits& limits)
{
    const auto failed = [&settings](const std::string& text, bool login_refused = false) {
        return tl::unexpected(DirectoryFailure{printable(settings.url + ": " + text), login_refused});
    };
    try {
        auto read = contents(settings, groups, password, stop, limits);
        if (!read) {
            return failed(read.error().text, read.error().code == LDAP_INVALID_CREDENTIALS);
        }
        for (std::string& remark : read->remarks) {
            remark = printable(remark);
        }
        return *std::move(read);
    } catch (const std::system_error& error) {  // there is no descriptor, or thread, left; later there may be
        return failed(error.what());
    }
}

}  // namespace usher
