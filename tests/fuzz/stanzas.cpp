// Stanzas to values and back, as a server or, through it, a stranger may send them.
#include <stdexcept>

#include "input.h"
#include "integration/requests/privilege.h"
#include "integration/requests/wire_format.h"
#include "integration/stock/roster.h"
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
        for (const RosterEntry& entry : read_roster(stanza)) {
            same_after_setting(entry);
        }
    } catch (const std::invalid_argument&) {  // not an element
    }
    return 0;
}
