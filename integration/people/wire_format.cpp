#include "integration/people/wire_format.h"

#include <algorithm>
#include <array>

#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

/// The address in `jid`, if it is of an account of the domain.
std::optional<Address> address_in(const Stanza& element, std::string_view domain)
{
    auto address = prepared_address(element.attribute("jid"));
    if (address && address->domain() != domain) {
        address.reset();
    }
    return address;
}

Person read_person(Address address, const Stanza& person)
{
    const auto field = [&person](std::string_view name) {
        return person_field(person.child(name, ns::kPeople).text());
    };
    return {std::move(address), field("fn"), field("given"), field("family"), field("nick"), field("email")};
}

void append_addresses(std::string& xml, std::string_view element, std::span<const Address> addresses)
{
    for (const Address& address : addresses) {
        (xml += '<').append(element);
        append_attribute(xml, "jid", address.text());
        xml += "/>";
    }
}

}  // namespace

std::optional<PersonsRead> read_people(const Stanza& people, std::string_view domain)
{
    if (!people.is("people", ns::kPeople)) {
        return std::nullopt;
    }
    PersonsRead read;
    std::string_view last;
    for (Stanza person = people.first(); person; person = person.next()) {
        if (!person.is("person", ns::kPeople)) {
            continue;
        }
        last = person.attribute("jid");
        if (auto address = address_in(person, domain)) {
            read.persons.push_back(read_person(*std::move(address), person));
        } else {
            ++read.refused;
        }
    }
    read.last = people.child("set", ns::kResultSets).child("last", ns::kResultSets).text();
    if (read.last.empty()) {
        read.last = last;
    }
    return read;
}

std::optional<std::vector<Address>> read_changed(const Stanza& message, std::string_view domain)
{
    const Stanza changed = message.child("changed", ns::kPeople);
    if (!changed) {
        return std::nullopt;
    }
    std::vector<Address> persons;
    std::size_t named = 0;
    for (Stanza person = changed.first(); person; person = person.next()) {
        if (!person.is("person", ns::kPeople)) {
            continue;
        }
        ++named;
        if (auto address = address_in(person, domain)) {
            persons.push_back(*std::move(address));
        }
    }
    if (named > kMaxPersons) {
        return std::vector<Address>();
    }
    if (named != 0 && persons.empty()) {
        return std::nullopt;
    }
    return persons;
}

Shows read_availability(const Stanza& availability, std::span<const Address> asked)
{
    static constexpr std::array<std::string_view, 5> kStates{"chat", "available", "away", "xa", "dnd"};
    Shows shows;
    if (!availability.is("availability", ns::kPeople)) {
        return shows;
    }
    for (Stanza user = availability.first(); user; user = user.next()) {
        const std::string_view address = user.attribute("jid");
        const std::string_view show = user.attribute("show");
        const bool known = std::find(kStates.begin(), kStates.end(), show) != kStates.end();
        const bool wanted = std::any_of(asked.begin(), asked.end(),
                                        [address](const Address& one) { return one.text() == address; });
        if (user.is("user", ns::kPeople) && known && wanted) {
            shows.insert_or_assign(std::string(address), show);
        }
    }
    return shows;
}

std::string people_query(std::string_view after)
{
    std::string xml = "<people";
    append_attribute(xml, "xmlns", ns::kPeople);
    xml += "><set";
    append_attribute(xml, "xmlns", ns::kResultSets);
    xml += "><max>" + std::to_string(kMaxPersons) + "</max>";
    if (!after.empty()) {
        xml += "<after>";
        append_text(xml, after);
        xml += "</after>";
    }
    return xml += "</set></people>";
}

std::string persons_query(std::span<const Address> persons)
{
    std::string xml = "<people";
    append_attribute(xml, "xmlns", ns::kPeople);
    xml += '>';
    append_addresses(xml, "person", persons);
    return xml += "</people>";
}

std::string availability_query(std::string_view viewer, std::span<const Address> users)
{
    std::string xml = "<availability";
    append_attribute(xml, "xmlns", ns::kPeople);
    append_attribute(xml, "to", viewer);
    xml += '>';
    append_addresses(xml, "user", users);
    return xml += "</availability>";
}

}  // namespace usher
