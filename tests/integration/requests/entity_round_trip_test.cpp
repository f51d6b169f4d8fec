// Whether the connector is still there (PROTOCOL.md section 4.9, E36).
#include "entity_scene.h"

using namespace std::chrono_literals;
using namespace usher;
using namespace usher::test;

namespace
{

/// Answering, and the empty page has been asked for.
struct AskedWhetherThere : Scene {
    AskedWhetherThere()
    {
        start_answering();
        pass(60s);
        question = take("capulet.lit", "pending");
    }

    std::string question;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(entity_round_trip, Scene)

BOOST_AUTO_TEST_CASE(an_empty_page_is_asked_for_a_minute_after_the_last_reply)
{
    start_answering();
    pass(60s - 1ms);
    expect_nothing_sent();
    clock.advance(1ms);
    const Literal iq(take("capulet.lit", "pending"));
    BOOST_TEST(iq.stanza().attribute("type") == "get");
    const usher::Stanza set = iq.stanza().first().child("set", "http://jabber.org/protocol/rsm");
    BOOST_TEST(set.child("max", "http://jabber.org/protocol/rsm").text() == "0");
    expect_nothing_sent();
    BOOST_TEST(state() == "answering");
}

BOOST_FIXTURE_TEST_CASE(a_reply_is_all_that_is_wanted_and_the_next_question_comes_a_minute_later,
                        AskedWhetherThere)
{
    clock.advance(5s);
    reply(question, pending(""));
    expect_nothing_sent();
    BOOST_TEST(events.history["capulet.lit"].back() == "answering");
    BOOST_TEST((entity->last_round_trip("capulet.lit") == clock.now()));
    pass(60s - 1ms);
    expect_nothing_sent();
    clock.advance(1ms);
    take("capulet.lit", "pending");
}

// What has changed is found out: here, that the grant was withdrawn.
BOOST_FIXTURE_TEST_CASE(after_an_error_the_domain_is_asked_anew, AskedWhetherThere)
{
    reply(question, error("forbidden"), "error");
    BOOST_TEST(state() == "asking");
    has_connector();
    refuse_list("forbidden");
    BOOST_TEST(state() == "not_granted");
}

BOOST_FIXTURE_TEST_CASE(a_connector_that_was_unloaded_is_noticed, AskedWhetherThere)
{
    reply(question, error("service-unavailable"), "error");
    reply(take("capulet.lit", "query"), kWithoutConnector);
    BOOST_TEST(state() == "no_connector");
}

BOOST_FIXTURE_TEST_CASE(a_reply_without_a_page_is_an_error, AskedWhetherThere)
{
    reply(question, "");
    BOOST_TEST(state() == "asking");
}

BOOST_FIXTURE_TEST_CASE(a_connector_that_does_not_reply_is_reported_and_asked_again, AskedWhetherThere)
{
    events.history.clear();
    pass(60s - 1ms);
    BOOST_TEST(state() == "answering");
    clock.advance(1ms);
    BOOST_TEST(events.history["capulet.lit"] == (Strings{"unreachable", "asking"}),
               boost::test_tools::per_element());
    has_connector();
    page("");
    BOOST_TEST(state() == "answering");
}

BOOST_FIXTURE_TEST_CASE(a_list_that_is_read_meanwhile_shows_more, AskedWhetherThere)
{
    channels.received(advertisement("capulet.lit"));
    const std::string list = take("capulet.lit", "pending");
    reply(question, error("internal-server-error"), "error");
    BOOST_TEST(state() == "reading");
    reply(list, pending(""));
    BOOST_TEST(state() == "answering");
}

BOOST_AUTO_TEST_CASE(pages_and_later_answers_are_round_trips)
{
    log_in();
    BOOST_TEST(!entity->last_round_trip("capulet.lit").has_value());
    has_connector();
    BOOST_TEST(!entity->last_round_trip("capulet.lit").has_value());
    clock.advance(1s);
    page(request("1", "approve@montague.lit", "juliet@capulet.lit"), "1");
    BOOST_TEST((entity->last_round_trip("capulet.lit") == clock.now()));
    clock.advance(1s);
    reply(take("capulet.lit", "answer"), error("item-not-found"), "error");
    BOOST_TEST((entity->last_round_trip("capulet.lit") == clock.now()));
    const auto before = clock.now();
    clock.advance(1s);
    refuse_list("service-unavailable");
    BOOST_TEST((entity->last_round_trip("capulet.lit") == before));
}

BOOST_FIXTURE_TEST_CASE(each_domain_has_its_own, TwoDomains)
{
    start_answering({"capulet.lit", "verona.lit"});
    pass(60s);
    reply(take("capulet.lit", "pending"), error("forbidden"), "error");
    reply(take("verona.lit", "pending"), pending(""));
    BOOST_TEST(state("capulet.lit") == "asking");
    BOOST_TEST(state("verona.lit") == "answering");
}

BOOST_AUTO_TEST_CASE(it_is_known_across_logins)
{
    start_answering();
    const auto last = clock.now();
    channels.ended(Failure::Kind::lost);
    clock.advance(1s);
    BOOST_TEST((entity->last_round_trip("capulet.lit") == last));
    BOOST_TEST(!entity->last_round_trip("verona.lit").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
