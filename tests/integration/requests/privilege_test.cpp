// Advertisements as XEP-0356 shows them, and as mod_privilege of 2023 writes them.
#include "integration/requests/privilege.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "literal.h"

namespace
{

constexpr const char* kGrant = "<namespace ns='urn:xmpp:subscription-requests:0' type='set'/>";

std::string message(const std::string& privilege)
{
    return "<message xmlns='jabber:client' from='capulet.lit' to='usher.capulet.lit'>" + privilege +
           "</message>";
}

std::string granting(const std::string& perms, const std::string& version = "2")
{
    return message("<privilege xmlns='urn:xmpp:privilege:" + version + "'>" + perms + "</privilege>");
}

std::string iq_perm(const std::string& namespaces)
{
    return granting("<perm access='iq'>" + namespaces + "</perm>");
}

std::optional<usher::Advertisement> read(const std::string& xml)
{
    const usher::test::Literal literal(xml);
    return usher::read_advertisement(literal.stanza());
}

bool grants_requests(const std::string& xml)
{
    const auto granted = read(xml);
    BOOST_TEST_REQUIRE(granted.has_value());
    return granted->requests;
}

std::string nested(int depth)
{
    std::string opened;
    std::string closed;
    for (int i = 0; i < depth; ++i) {
        opened += "<namespace ns='urn:other' type='set'>";
        closed += "</namespace>";
    }
    return opened + kGrant + closed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(privilege)

BOOST_AUTO_TEST_CASE(a_message_without_privilege_is_no_advertisement)
{
    BOOST_TEST(!read(message("<body>privilege</body>")).has_value());
    BOOST_TEST(!read(message("<privilege xmlns='urn:xmpp:privilege:3'/>")).has_value());
    BOOST_TEST(!read(message("<privilege/>")).has_value());
    BOOST_TEST(!read(message("<x xmlns='urn:x'><privilege xmlns='urn:xmpp:privilege:2'/></x>")).has_value());
}

BOOST_AUTO_TEST_CASE(an_empty_one_grants_nothing)
{
    const auto granted = read(granting(""));
    BOOST_TEST_REQUIRE(granted.has_value());
    BOOST_TEST(!granted->requests);
    BOOST_TEST(!granted->roster_get);
    BOOST_TEST(!granted->roster_set);
}

BOOST_AUTO_TEST_CASE(the_namespace_is_found_in_the_iq_permission)
{
    BOOST_TEST(grants_requests(iq_perm(kGrant)));
    BOOST_TEST(grants_requests(iq_perm("<namespace ns='urn:xmpp:subscription-requests:0' type='both'/>")));
}

// E7
BOOST_AUTO_TEST_CASE(both_versions_are_read)
{
    const std::string perms = std::string("<perm access='iq'>") + kGrant + "</perm>";
    BOOST_TEST(grants_requests(granting(perms, "1")));
    BOOST_TEST(grants_requests(granting(perms, "2")));
}

BOOST_AUTO_TEST_CASE(permission_to_get_only_does_not_do)
{
    BOOST_TEST(!grants_requests(iq_perm("<namespace ns='urn:xmpp:subscription-requests:0' type='get'/>")));
    BOOST_TEST(!grants_requests(iq_perm("<namespace ns='urn:xmpp:subscription-requests:0'/>")));
    BOOST_TEST(!grants_requests(iq_perm("<namespace ns='urn:xmpp:subscription-requests:0' type='SET'/>")));
}

BOOST_AUTO_TEST_CASE(another_namespace_does_not_do)
{
    BOOST_TEST(!grants_requests(iq_perm("<namespace ns='urn:xmpp:subscription-requests:1' type='set'/>")));
    BOOST_TEST(!grants_requests(iq_perm("<namespace ns='urn:xmpp:subscription-requests' type='set'/>")));
    BOOST_TEST(!grants_requests(iq_perm("<namespace type='set'/>")));
}

BOOST_AUTO_TEST_CASE(a_namespace_outside_the_iq_permission_does_not_do)
{
    BOOST_TEST(!grants_requests(granting(kGrant)));
    BOOST_TEST(!grants_requests(granting(std::string("<perm access='message'>") + kGrant + "</perm>")));
    BOOST_TEST(!grants_requests(granting(std::string("<perm>") + kGrant + "</perm>")));
}

BOOST_AUTO_TEST_CASE(it_is_found_behind_others)
{
    BOOST_TEST(grants_requests(
        iq_perm(std::string("<namespace ns='http://jabber.org/protocol/pubsub' type='get'/>") + kGrant)));
    BOOST_TEST(grants_requests(granting(std::string("<perm access='iq'><namespace ns='urn:other' "
                                                    "type='set'/></perm><perm access='iq'>") +
                                        kGrant + "</perm>")));
    BOOST_TEST(grants_requests(granting(std::string("<perm access='iq'>") + kGrant +
                                        "</perm><perm access='iq'><namespace ns='urn:other' "
                                        "type='set'/></perm>")));
}

// E7
BOOST_AUTO_TEST_CASE(it_is_found_nested_in_another)
{
    BOOST_TEST(grants_requests(iq_perm(nested(1))));
    BOOST_TEST(grants_requests(iq_perm(nested(2))));
}

BOOST_AUTO_TEST_CASE(deep_nesting_has_an_end)
{
    BOOST_TEST(!grants_requests(iq_perm(nested(2000))));
}

BOOST_AUTO_TEST_CASE(roster_permissions_are_read)
{
    const auto read_roster = [](const std::string& type) {
        const auto granted = read(granting("<perm access='roster' type='" + type + "'/>"));
        BOOST_TEST_REQUIRE(granted.has_value());
        BOOST_TEST(!granted->requests);
        return std::pair(granted->roster_get, granted->roster_set);
    };
    BOOST_TEST((read_roster("get") == std::pair(true, false)));
    BOOST_TEST((read_roster("set") == std::pair(false, true)));
    BOOST_TEST((read_roster("both") == std::pair(true, true)));
    BOOST_TEST((read_roster("none") == std::pair(false, false)));
    BOOST_TEST((read_roster("") == std::pair(false, false)));
}

// XEP-0356 example 4, in the order and with the permissions that it has.
BOOST_AUTO_TEST_CASE(permissions_of_all_kinds_come_together)
{
    const auto granted = read(granting(std::string("<perm access='roster' type='both' push='true'/>"
                                                   "<perm access='message' type='outgoing'/>"
                                                   "<perm access='iq'>") +
                                       kGrant + "</perm><perm access='presence' type='managed_entity'/>"));
    BOOST_TEST_REQUIRE(granted.has_value());
    BOOST_TEST(granted->requests);
    BOOST_TEST(granted->roster_get);
    BOOST_TEST(granted->roster_set);
}

BOOST_AUTO_TEST_CASE(what_stock_approval_needs_is_read)
{
    const auto granted =
        read(granting("<perm access='roster' type='both' push='true'/>"
                      "<perm access='presence' type='managed_entity'/>"
                      "<perm access='iq'><namespace ns='urn:xmpp:blocking' type='get'/></perm>"));
    BOOST_TEST_REQUIRE(granted.has_value());
    BOOST_TEST(granted->roster_pushes);
    BOOST_TEST(granted->user_presence);
    BOOST_TEST(granted->blocklist_get);
    BOOST_TEST(!granted->requests);
}

// In XEP-0356 pushes are the default, but servers without pushes also leave the attribute out.
BOOST_AUTO_TEST_CASE(pushes_that_are_not_announced_are_not_counted_on)
{
    for (const char* roster :
         {"<perm access='roster' type='both'/>", "<perm access='roster' type='set' push='true'/>",
          "<perm access='roster' type='both' push='false'/>"}) {
        BOOST_TEST(!read(granting(roster))->roster_pushes);
    }
    BOOST_TEST(!read(granting("<perm access='presence' type='none'/>"))->user_presence);
    BOOST_TEST(!read(iq_perm("<namespace ns='urn:xmpp:blocking' type='set'/>"))->blocklist_get);
}

// A grant of its own: whoever answers requests may not list people because of that, nor the other way round.
BOOST_AUTO_TEST_CASE(people_have_a_grant_of_their_own)
{
    const std::string people = "<namespace ns='urn:xmpp:subscription-requests:0#people' type='";
    for (const char* type : {"get", "both"}) {
        const auto granted = read(iq_perm(people + type + "'/>"));
        BOOST_TEST_REQUIRE(granted.has_value());
        BOOST_TEST(granted->people, type);
        BOOST_TEST(!granted->requests, type);
    }
    BOOST_TEST(!read(iq_perm(people + "set'/>"))->people);
    BOOST_TEST(!read(iq_perm(kGrant))->people);
}

BOOST_AUTO_TEST_CASE(approvals_have_a_grant_of_their_own)
{
    const std::string space = "<namespace ns='urn:xmpp:subscription-requests:0#";
    for (const char* type : {"get", "both"}) {
        const auto granted = read(iq_perm(space + "approvals' type='" + type + "'/>"));
        BOOST_TEST_REQUIRE(granted.has_value());
        BOOST_TEST(granted->approvals, type);
        BOOST_TEST(!granted->requests, type);
        BOOST_TEST(!granted->people, type);
    }
    BOOST_TEST(!read(iq_perm(space + "approvals' type='set'/>"))->approvals);
    BOOST_TEST(!read(iq_perm(space + "approvals' type='get'/>"))->revoking);
    BOOST_TEST(read(iq_perm(space + "approvals' type='set'/>"))->revoking);
    BOOST_TEST(read(iq_perm(space + "approvals' type='both'/>"))->revoking);
    BOOST_TEST(!read(iq_perm(space + "archive' type='both'/>"))->revoking);
    BOOST_TEST(!read(iq_perm(space + "people' type='both'/>"))->approvals);
    BOOST_TEST(!read(iq_perm(kGrant))->approvals);
}

// Setting without reading, or the other way round, is of no use.
BOOST_AUTO_TEST_CASE(archives_have_a_grant_of_their_own_for_both)
{
    const std::string archive = "<namespace ns='urn:xmpp:subscription-requests:0#archive' type='";
    const auto granted = read(iq_perm(archive + "both'/>"));
    BOOST_TEST_REQUIRE(granted.has_value());
    BOOST_TEST(granted->archive);
    BOOST_TEST(!granted->requests);
    BOOST_TEST(!granted->people);
    BOOST_TEST(!read(iq_perm(archive + "get'/>"))->archive);
    BOOST_TEST(!read(iq_perm(archive + "set'/>"))->archive);
    BOOST_TEST(!read(iq_perm(kGrant))->archive);
}

BOOST_AUTO_TEST_SUITE_END()
