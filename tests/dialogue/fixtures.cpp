// The ground that the dialogues stand on: a bare server, where people answer for themselves.
#include <boost/test/unit_test.hpp>

#include "progress.h"
#include "servers.h"
#include "slixmpp_client.h"
#include "wire_client.h"

namespace usher::test
{

BOOST_AUTO_TEST_SUITE(fixtures)

BOOST_AUTO_TEST_CASE(a_human_approves_a_stranger)
{
    const auto server = make_server({});
    server->add_account("juliet@capulet.lit");
    server->add_account("romeo@montague.lit");
    SlixmppDriver driver;
    SlixmppClient juliet(driver, server->client_port(), "juliet@capulet.lit");
    WireClient romeo(server->client_port(), "romeo@montague.lit");
    for (Client* client : std::initializer_list<Client*>{&juliet, &romeo}) {
        client->connect();
        client->appear();
    }

    romeo.send("<presence type='subscribe' to='juliet@capulet.lit'><status>It's me</status></presence>");
    const Element prompt = juliet.expect(presence("subscribe", "romeo@montague.lit"));
    BOOST_TEST(prompt.child("status")->text == "It's me");
    juliet.send("<presence type='subscribed' to='romeo@montague.lit'/>");
    // RFC 6121 section 3.1.6 has the approval before the push; ejabberd 23.01 does not.
    romeo.expect_all({presence("subscribed", "juliet@capulet.lit"), roster_push("juliet@capulet.lit")});
    romeo.expect(presence("", "juliet@capulet.lit/slixmpp"));
    juliet.expect(roster_push("romeo@montague.lit"));

    juliet.take_received();
    romeo.take_received();
    round_trip({&juliet, &romeo});
    BOOST_TEST(juliet.received().empty());
    BOOST_TEST(romeo.received().empty());

    juliet.disconnect();
    romeo.expect(presence("unavailable", "juliet@capulet.lit/slixmpp"));
}

BOOST_AUTO_TEST_CASE(what_is_stored_survives_a_crash)
{
    const auto server = make_server({});
    server->add_account("juliet@capulet.lit");
    server->add_account("romeo@montague.lit");
    WireClient romeo(server->client_port(), "romeo@montague.lit");
    romeo.connect();
    romeo.appear();
    romeo.send("<presence type='subscribe' to='juliet@capulet.lit'/>");
    round_trip({&romeo});

    server->kill();
    romeo.expect_end();
    server->start();
    WireClient juliet(server->client_port(), "juliet@capulet.lit");
    juliet.connect();
    juliet.appear();
    juliet.expect(presence("subscribe", "romeo@montague.lit"));
}

BOOST_AUTO_TEST_CASE(a_server_knows_nothing_of_the_one_before)
{
    {
        const auto first = make_server({});
        first->add_account("juliet@capulet.lit");
        WireClient juliet(first->client_port(), "juliet@capulet.lit");
        juliet.connect();
        juliet.appear();
    }
    const auto second = make_server({});
    WireClient nobody(second->client_port(), "juliet@capulet.lit");
    BOOST_CHECK_THROW(nobody.connect(), DialogueError);
    second->add_account("juliet@capulet.lit");
    WireClient juliet(second->client_port(), "juliet@capulet.lit");
    juliet.connect();
}

BOOST_AUTO_TEST_CASE(a_wait_that_fails_shows_what_came_instead)
{
    const auto server = make_server({});
    server->add_account("juliet@capulet.lit");
    WireClient juliet(server->client_port(), "juliet@capulet.lit");
    juliet.connect();
    juliet.appear();
    BOOST_CHECK_EXCEPTION(
        juliet.expect(presence("subscribe", "romeo@montague.lit"), std::chrono::milliseconds(1)),
        DialogueError, [](const DialogueError& error) {
            const std::string_view text = error.what();
            return text.find("'subscribe' from romeo@montague.lit") != text.npos &&
                   text.find("<presence from='juliet@capulet.lit/wire'") != text.npos;
        });
}

BOOST_AUTO_TEST_CASE(a_wait_for_many_starts_anew_with_each_and_says_how_far_it_came)
{
    Progress progress("approvals", 3, std::chrono::milliseconds(20));
    const Deadline first = progress.deadline();
    while (!progress.stalled()) {
    }
    progress.reached(1);
    BOOST_TEST(!progress.complete());
    const Deadline second = progress.deadline();
    BOOST_TEST((second > first));
    progress.reached(1);
    BOOST_TEST((progress.deadline() == second));
    while (!progress.stalled()) {
    }
    BOOST_CHECK_EXCEPTION(progress.check(), std::runtime_error, [](const std::runtime_error& error) {
        return std::string_view(error.what()).starts_with("approvals: 1 of 3 came, then nothing for 0.");
    });
    progress.reached(3);
    BOOST_TEST(progress.complete());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
