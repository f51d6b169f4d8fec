// The connector of one domain, whose replies a test writes.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "doubles.h"
#include "integration/xmpp/iq_client.h"
#include "literal.h"

namespace usher::test
{

inline std::string person(const std::string& address, const std::string& fields = {})
{
    return "<person jid='" + address + "'>" + fields + "</person>";
}

/// `<people/>` as a page of a list has it, or without `last` as the answer about persons.
inline std::string people(const std::string& persons, const std::string& last = {})
{
    return "<people xmlns='urn:xmpp:subscription-requests:0#people'>" + persons +
           (last.empty() ? ""
                         : "<set xmlns='http://jabber.org/protocol/rsm'><last>" + last + "</last></set>") +
           "</people>";
}

struct Connector {
    /// Takes the oldest question that was not answered yet.
    [[nodiscard]] std::string take()
    {
        BOOST_TEST_REQUIRE(!sent.empty());
        std::string question = sent.front();
        sent.erase(sent.begin());
        return question;
    }
    /// Whether anybody has waited for that.
    bool reply(const std::string& question, const std::string& payload, const std::string& type = "result",
               const std::string& from = "capulet.lit")
    {
        const Literal literal("<iq type='" + type + "' from='" + from + "' id='" + attribute(question, "id") +
                              "'>" + payload + "</iq>");
        return iqs.received(literal.stanza());
    }
    bool refuse(const std::string& question, const std::string& condition)
    {
        return reply(
            question,
            "<error type='cancel'><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
            "error");
    }

    FakeClock clock;
    std::vector<std::string> sent;
    IqClient iqs{clock, [this](std::string_view xml) { sent.emplace_back(xml); }};
};

}  // namespace usher::test
