// Stanzas to values and back, as a server or, through it, a stranger may send them.
#include <algorithm>
#include <stdexcept>

#include "input.h"
#include "integration/people/wire_format.h"
#include "integration/requests/privilege.h"
#include "integration/requests/wire_format.h"
#include "integration/stock/roster.h"
#include "integration/xmpp/namespaces.h"
#include "literal.h"

using namespace usher;

namespace
{

void same_after_answering(const AskedRequest& asked)
{
    test::require(!asked.id.empty(), "a request that is read has an id");
    std::string answer;
    append_answer(answer, asked.id, Decision{});
    test::require(test::attribute(answer, "id") == asked.id, "an id comes back as it was");
    if (asked.request) {
        const std::string later = later_answer(*asked.request, Decision{Answer::approve});
        test::require(test::attribute(later, "user") == asked.request->user.text() &&
                          test::attribute(later, "contact") == asked.request->contact.text(),
                      "an address comes back as it was");
    }
}

void same_after_setting(const RosterEntry& entry)
{
    const test::Literal set(roster_set(entry, entry.item.subscription));
    const auto again = read_roster(set.stanza());
    test::require(again.size() == 1 && again[0].contact == entry.contact && again[0].name == entry.name &&
                      again[0].groups == entry.groups,
                  "a roster set leaves name and groups as they are");
}

bool is_harmless(const std::string& field)
{
    return field.size() <= Person::kMaxField && std::none_of(field.begin(), field.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20;
           });
}

void of_their_domain_and_harmless(const PersonsRead& read)
{
    for (const Person& person : read.persons) {
        test::require(person.address.domain() == "capulet.lit", "a server lists its own people only");
        for (const std::string* field :
             {&person.full_name, &person.given_name, &person.family_name, &person.nickname, &person.email}) {
            test::require(is_harmless(*field), "a field is short, and has no control characters");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    try {
        const test::Literal literal(test::text_of(data, size));
        const Stanza stanza = literal.stanza();
        (void)read_advertisement(stanza);
        (void)error_condition(stanza);
        if (const auto requests = read_requests(stanza)) {
            for (const AskedRequest& asked : *requests) {
                same_after_answering(asked);
            }
        }
        if (const auto page = read_pending(stanza)) {
            const test::Literal next(pending_query(page->last, 100));
            test::require(
                next.stanza().first().child("after", "http://jabber.org/protocol/rsm").text() == page->last,
                "the next page is asked for by the item that was the last");
        }
        if (const auto people = read_people(stanza, "capulet.lit")) {
            of_their_domain_and_harmless(*people);
            const test::Literal next(people_query(people->last));
            test::require(
                people->last.empty() ||
                    next.stanza().child("set", ns::kResultSets).child("after", ns::kResultSets).text() ==
                        people->last,
                "the next page is asked for by the person who was the last");
        }
        if (const auto changed = read_changed(stanza, "capulet.lit")) {
            test::require(changed->size() <= kMaxPersons, "so many persons are read again");
        }
        const std::vector asked{Address::prepare("juliet@capulet.lit").value()};
        for (const auto& [address, show] : read_availability(stanza, asked)) {
            test::require(address == asked.front().text(), "availability is of those who were asked about");
        }
        for (const RosterEntry& entry : read_roster(stanza)) {
            same_after_setting(entry);
        }
    } catch (const std::invalid_argument&) {  // not an element
    }
    return 0;
}
