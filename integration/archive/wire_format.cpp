#include "integration/archive/wire_format.h"

#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

/// The address in `jid`, if it is of an account of the domain.
std::optional<Address> address_in(const Stanza& person, std::string_view domain)
{
    auto address = prepared_address(person.attribute("jid"));
    if (address && address->domain() != domain) {
        address.reset();
    }
    return address;
}

bool is_true(std::string_view boolean)
{
    return boolean == "true" || boolean == "1";
}

/// A preference that cannot be understood must not look like none: the account would be given one.
std::optional<ArchivePreference> read_preference(const Stanza& person, std::string_view domain)
{
    auto account = address_in(person, domain);
    const std::string_view given = person.attribute("default");
    const auto preference = archiving_named(given);
    if (!account || (!preference && !given.empty())) {
        return std::nullopt;
    }
    return ArchivePreference{*std::move(account), preference, is_true(person.attribute("lock")),
                             std::string(person.attribute("mark"))};
}

std::string opened()
{
    std::string xml = "<archive";
    append_attribute(xml, "xmlns", ns::kArchive);
    return xml;
}

}  // namespace

std::optional<ArchiveRead> read_archive(const Stanza& archive, std::string_view domain)
{
    if (!archive.is("archive", ns::kArchive)) {
        return std::nullopt;
    }
    ArchiveRead read;
    read.server_default = archiving_named(archive.attribute("server-default"));
    std::string_view last;
    for (Stanza person = archive.first(); person; person = person.next()) {
        if (!person.is("person", ns::kArchive)) {
            continue;
        }
        last = person.attribute("jid");
        if (auto preference = read_preference(person, domain)) {
            read.accounts.push_back(*std::move(preference));
        } else {
            ++read.refused;
        }
    }
    read.last = archive.child("set", ns::kResultSets).child("last", ns::kResultSets).text();
    if (read.last.empty()) {
        read.last = last;
    }
    return read;
}

std::optional<std::vector<Address>> read_archive_changed(const Stanza& message, std::string_view domain)
{
    const Stanza changed = message.child("changed", ns::kArchive);
    if (!changed) {
        return std::nullopt;
    }
    std::vector<Address> accounts;
    std::size_t named = 0;
    for (Stanza person = changed.first(); person; person = person.next()) {
        if (!person.is("person", ns::kArchive)) {
            continue;
        }
        ++named;
        if (auto account = address_in(person, domain)) {
            accounts.push_back(*std::move(account));
        }
    }
    if (named > kMaxArchiveAccounts) {
        return std::vector<Address>();
    }
    if (named != 0 && accounts.empty()) {
        return std::nullopt;
    }
    return accounts;
}

std::string archive_query(std::string_view after)
{
    std::string xml = opened() + "><set";
    append_attribute(xml, "xmlns", ns::kResultSets);
    xml += "><max>" + std::to_string(kMaxArchiveAccounts) + "</max>";
    if (!after.empty()) {
        xml += "<after>";
        append_text(xml, after);
        xml += "</after>";
    }
    return xml += "</set></archive>";
}

std::string archive_query(std::span<const Address> accounts)
{
    std::string xml = opened() + ">";
    for (const Address& account : accounts) {
        xml += "<person";
        append_attribute(xml, "jid", account.text());
        xml += "/>";
    }
    return xml += "</archive>";
}

std::string archive_setting(const Address& account, Archiving preference, bool lock, std::string_view mark)
{
    std::string xml = opened();
    append_attribute(xml, "user", account.text());
    append_attribute(xml, "default", name(preference));
    if (lock) {
        append_attribute(xml, "lock", "true");
    }
    if (!mark.empty()) {
        append_attribute(xml, "mark", mark);
    }
    return xml += "/>";
}

}  // namespace usher
