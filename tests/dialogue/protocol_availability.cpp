// PROTOCOL.md, rules S98 to S101: who is available to whom.
#include <functional>

#include "protocol_people.h"

namespace usher::test
{

namespace
{

const std::string kViewer = kRomeo + "/orchard";

using Shows = std::vector<std::pair<std::string, std::string>>;

std::string presence_xml(const std::string& show, int priority = 0)
{
    return "<presence>" + (show.empty() ? "" : "<show>" + show + "</show>") +
           "<status>Where is Romeo?</status><priority>" + std::to_string(priority) + "</priority></presence>";
}

/// A stage with an entity, Juliet's clients, and a user who is offline.
struct Balcony {
    ScriptedStage stage{people_options(Login::component)};
    WireClient& juliet = stage.person(kJuliet);
    WireClient& phone = stage.client(kJuliet, "phone");
    std::string nothing;  ///< the reply when nobody is available

    Balcony()
    {
        stage.admit_entity();
        stage.server().add_account(kNurse);
        juliet.connect();
        nothing = reply(kViewer, {kNurse});
    }

    std::string reply(const std::string& viewer, const std::vector<std::string>& users)
    {
        stage.round_trip();
        const Element answer = ask_for_availability(stage.entity().stream(), viewer, users);
        (void)shows_in(answer);
        return answer.child("availability")->str();
    }

    /// How Juliet is available to that viewer; empty if she is not.
    std::string show(const std::string& viewer = kViewer)
    {
        stage.round_trip();
        const Element answer = ask_for_availability(stage.entity().stream(), viewer, {kJuliet});
        const Shows shows = shows_in(answer);
        if (shows.empty()) {
            BOOST_TEST(answer.child("availability")->str() == nothing);
            return {};
        }
        BOOST_TEST(shows.size() == 1U);
        BOOST_TEST(shows.front().first == kJuliet);
        BOOST_TEST(answer.child("availability")->children.front().attributes.size() == 2U);
        BOOST_TEST(answer.child("availability")->children.front().children.empty());
        return shows.front().second;
    }

    /// Waits until Juliet is not available any more: for what the server notices by itself.
    void await_absence()
    {
        const Deadline deadline = within(kPatience);
        while (!show().empty()) {
            BOOST_TEST_REQUIRE((Clock::now() < deadline));
        }
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_availability)

BOOST_AUTO_TEST_CASE(S98_S99_resource_with_the_highest_priority_counts)
{
    Balcony balcony;
    BOOST_TEST(balcony.show().empty(), "she has just connected");
    for (const char* show : {"chat", "away", "xa", "dnd"}) {
        balcony.juliet.send(presence_xml(show));
        BOOST_TEST(balcony.show() == show);
    }
    balcony.juliet.send("<presence/>");
    BOOST_TEST(balcony.show() == "available");
    balcony.juliet.send(presence_xml("chat", -1));
    BOOST_TEST(balcony.show().empty(), "a negative priority");

    struct Two {
        std::string first;
        std::string second;
        std::string shown;
    };
    balcony.phone.connect();
    for (const Two& two : std::vector<Two>{{presence_xml("chat", -1), presence_xml("away", 0), "away"},
                                           {presence_xml("dnd", 5), presence_xml("chat", 1), "dnd"},
                                           {presence_xml("xa", 1), presence_xml("", 127), "available"},
                                           {presence_xml("dnd"), presence_xml("chat"), "chat"},
                                           {presence_xml("chat"), presence_xml("dnd"), "chat"},
                                           {presence_xml(""), presence_xml("chat"), "chat"},
                                           {presence_xml(""), presence_xml("away"), "available"},
                                           {presence_xml("xa"), presence_xml("away"), "away"},
                                           {presence_xml("dnd"), presence_xml("xa"), "xa"}}) {
        balcony.juliet.send(two.first);
        balcony.phone.send(two.second);
        BOOST_TEST(balcony.show() == two.shown, two.first << two.second);
    }
    balcony.juliet.send("<presence type='unavailable'/>");
    BOOST_TEST(balcony.show() == "xa");
    balcony.phone.disconnect();
    BOOST_TEST(balcony.show().empty(), "unavailable, and gone");
    balcony.juliet.send("<presence to='" + kViewer + "'/>");
    BOOST_TEST(balcony.show().empty(), "for some only");
    balcony.juliet.send(presence_xml("away"));
    BOOST_TEST(balcony.show() == "away");
    balcony.juliet.drop();
    balcony.await_absence();
}

BOOST_AUTO_TEST_CASE(S98_S101_those_who_are_available_are_named_once_and_nobody_else)
{
    Balcony balcony;
    balcony.juliet.send(presence_xml("dnd"));
    balcony.stage.enter(kTybalt);
    balcony.stage.round_trip();
    WireStream& entity = balcony.stage.entity().stream();
    std::vector<std::string> users = {kTybalt, kNurse, "nobody@capulet.lit", "Juliet@CAPULET.lit", kJuliet};
    const Shows expected = {{kTybalt, "available"}, {kJuliet, "dnd"}};
    BOOST_TEST((shows_in(ask_for_availability(entity, kViewer, users)) == expected));
    // Whoever the viewer is: a bare address, one of another server, the user's own.
    for (const std::string& viewer :
         {kRomeo, std::string("x@elsewhere.invalid/y"), std::string("elsewhere.invalid"), kJuliet + "/phone",
          std::string("Romeo@MONTAGUE.lit/Orchard")}) {
        BOOST_TEST((shows_in(ask_for_availability(entity, viewer, users)) == expected), viewer);
    }
    BOOST_TEST(balcony.reply(kViewer, {"nobody@capulet.lit"}) == balcony.nothing);
    users.resize(50, kNurse);
    BOOST_TEST((shows_in(ask_for_availability(entity, kViewer, users)) == expected));
}

BOOST_AUTO_TEST_CASE(S100_S101_blocks_hide_as_being_offline_does)
{
    Balcony balcony;
    balcony.juliet.send(presence_xml("chat", 1));
    balcony.phone.connect();
    balcony.phone.send(presence_xml("away", 0));
    WireClient& romeo = balcony.stage.enter(kRomeo);
    WireClient& tybalt = balcony.stage.enter(kTybalt);
    const std::string other = kRomeo + "/garden";

    // The user blocks the viewer.
    for (const std::string& blocked : {kRomeo, std::string("montague.lit")}) {
        block(balcony.juliet, blocked);
        BOOST_TEST(balcony.show(kViewer).empty(), blocked);
        BOOST_TEST(balcony.show(other).empty(), blocked);
        BOOST_TEST(balcony.show(kRomeo).empty(), blocked);
        BOOST_TEST(balcony.show(kTybalt + "/wire") == "chat");
        unblock(balcony.juliet, blocked);
        BOOST_TEST(balcony.show(kViewer) == "chat");
    }
    block(balcony.juliet, kViewer);
    BOOST_TEST(balcony.show(kViewer).empty());
    BOOST_TEST(balcony.show(other) == "chat");
    unblock(balcony.juliet, kViewer);
    BOOST_TEST(balcony.show(kViewer) == "chat");

    // The viewer, of this host or of another one of the same server, blocks the user.
    for (WireClient* viewer : {&tybalt, &romeo}) {
        block(*viewer, kJuliet);
        BOOST_TEST(balcony.show(viewer->full_address()).empty());
        BOOST_TEST(balcony.show(viewer->address() + "/elsewhere").empty());
        unblock(*viewer, kJuliet);
        // One of the user's resources.
        block(*viewer, balcony.juliet.full_address());
        BOOST_TEST(balcony.show(viewer->full_address()) == "away");
        block(*viewer, balcony.phone.full_address());
        BOOST_TEST(balcony.show(viewer->full_address()).empty());
        unblock(*viewer, balcony.juliet.full_address());
        unblock(*viewer, balcony.phone.full_address());
        BOOST_TEST(balcony.show(viewer->full_address()) == "chat");
    }
    block(romeo, "capulet.lit");
    BOOST_TEST(balcony.show(romeo.full_address()).empty());

    // Blocks hold while their owner is offline.
    romeo.disconnect();
    BOOST_TEST(balcony.show(romeo.full_address()).empty());
}

BOOST_AUTO_TEST_CASE(S98_what_is_wrong_with_a_query_is_said)
{
    Balcony balcony;
    WireStream& entity = balcony.stage.entity().stream();
    const auto is_bad = [](const Element& reply) { return is_error(reply, "modify", "bad-request"); };
    for (const std::string& viewer :
         {std::string(), std::string("@"), std::string("romeo@"), std::string("a@b@c")}) {
        BOOST_TEST(is_bad(ask_for_availability(entity, viewer, {kJuliet})), viewer);
    }
    for (const std::string& user : {std::string("@"), std::string("capulet.lit"), kRomeo, kJuliet + "/wire",
                                    std::string("juliet@sub.capulet.lit")}) {
        BOOST_TEST(is_bad(ask_for_availability(entity, kViewer, {kJuliet, user})), user);
    }
    BOOST_TEST(is_bad(ask_for_availability(entity, kViewer, {})));
    BOOST_TEST(is_bad(ask_for_availability(entity, kViewer, std::vector<std::string>(51, kJuliet))));
    for (const std::string& content : {" to='" + kViewer + "'><user/>", "><user jid='" + kJuliet + "'/>"}) {
        const Element reply = entity.request(
            "get", "capulet.lit", "<availability xmlns='" + kPeopleNs + "'" + content + "</availability>");
        BOOST_TEST(is_bad(reply), reply.str());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
