// The table of a domain's states, literally: what may happen in which, and where it leads.
#include "integration/requests/domain_session.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "entity_scene.h"

using namespace usher;

namespace
{

const std::vector<DomainState> kStates{DomainState::offline,           DomainState::asking,
                                       DomainState::no_connector,      DomainState::not_granted,
                                       DomainState::unreachable,       DomainState::reading,
                                       DomainState::answering,         DomainState::stock,
                                       DomainState::stock_not_granted, DomainState::stock_ineffective};

struct Row {
    DomainEvent event;
    const char* name;
    /// In the order of kStates, where the event leads; `-`: it must not happen.
    std::vector<std::string> leads_to;
};

// In the order of kStates: offline, asking, no_connector, not_granted, unreachable, reading, answering, stock,
// stock_not_granted, stock_ineffective.
const std::vector<Row> kTable{
    {DomainEvent::looked_for, "looked_for", std::vector<std::string>(10, "asking")},
    {DomainEvent::stream_lost, "stream_lost", std::vector<std::string>(10, "offline")},
    {DomainEvent::connector_found,
     "connector_found",
     {"-", "reading", "-", "-", "-", "-", "-", "-", "-", "-"}},
    {DomainEvent::list_wanted,
     "list_wanted",
     {"-", "-", "reading", "reading", "reading", "reading", "reading", "reading", "reading", "reading"}},
    {DomainEvent::list_read, "list_read", {"-", "-", "-", "-", "-", "answering", "-", "-", "-", "-"}},
    {DomainEvent::failed,
     "failed",
     {"-", "unreachable", "-", "-", "-", "unreachable", "unreachable", "-", "-", "-"}},
    {DomainEvent::refused, "refused", {"-", "-", "-", "-", "-", "not_granted", "-", "-", "-", "-"}},
    {DomainEvent::no_connector,
     "no_connector",
     {"-", "no_connector", "-", "-", "-", "no_connector", "-", "-", "-", "-"}},
    {DomainEvent::stock_begun, "stock_begun", {"-", "stock", "-", "-", "-", "stock", "-", "-", "-", "-"}},
    {DomainEvent::stock_not_granted,
     "stock_not_granted",
     {"-", "stock_not_granted", "-", "-", "-", "stock_not_granted", "-", "stock_not_granted", "-", "-"}},
    {DomainEvent::stock_ineffective,
     "stock_ineffective",
     {"-", "stock_ineffective", "-", "-", "-", "stock_ineffective", "-", "stock_ineffective", "-", "-"}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(domain_session)

BOOST_AUTO_TEST_CASE(every_event_in_every_state)
{
    BOOST_TEST(kStates.size() == kDomainStates);
    BOOST_TEST(kTable.size() == kDomainEvents);
    for (const Row& row : kTable) {
        BOOST_TEST_REQUIRE(row.leads_to.size() == kStates.size());
        for (std::size_t i = 0; i < kStates.size(); ++i) {
            BOOST_TEST_CONTEXT(row.name << " in " << test::to_string(kStates[i]))
            {
                const auto next = next_state(kStates[i], row.event);
                BOOST_TEST((next ? test::to_string(*next) : "-") == row.leads_to[i]);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(domain_session_bugs, test::Scene)

// It says so, and the domain is asked anew: it does not stay in a state that says what is not so.
BOOST_AUTO_TEST_CASE(an_event_that_must_not_happen_begins_the_session_anew)
{
    start_answering();
    entity->stock_refused("capulet.lit",
                          StockMode::Refusal::forbidden);  // nothing was served without a connector
    BOOST_TEST(state() == "asking");
    has_connector();
    page("");
    BOOST_TEST(state() == "answering");
}

BOOST_AUTO_TEST_SUITE_END()
