// A user's own exceptions, made in the menu, in the chat and by usherctl, and what becomes of requests then.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "menus.h"
#include "usherctl.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

using namespace menus;

const std::string kMercutio = "mercutio@montague.lit";

/// What becomes of a request that this contact sends to Juliet: `approved`, `denied`, or `asked`.
std::string outcome_of(UsherStage& stage, WireClient& juliet, const std::string& contact)
{
    WireClient& client = stage.enter(contact);
    client.send(to(kJuliet, "subscribe"));
    for (const Deadline deadline = within(kPatience); remaining_ms(deadline) > 0; stage.round_trip()) {
        if (client.has_received(presence("subscribed", kJuliet))) {
            return "approved";
        }
        if (client.has_received(presence("unsubscribed", kJuliet))) {
            return "denied";
        }
        if (juliet.has_received(presence("subscribe", contact))) {
            return "asked";
        }
    }
    return "nothing";
}

/// What the journal has of the one request of that contact to Juliet, as soon as it has it.
nlohmann::json record_of(const Usherctl& usherctl, const std::string& contact)
{
    std::string found;
    for (const Deadline deadline = within(kPatience); found.empty() && remaining_ms(deadline) > 0;) {
        found = usherctl.done({"journal", "--json", "--user", kJuliet, "--contact", contact});
    }
    return nlohmann::json::parse(found);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exceptions)

// One for an address comes before one for its domain, and both before the option.
BOOST_DATA_TEST_CASE(what_is_said_in_the_menu_holds_from_the_next_request_on, kLogins, login)
{
    UsherStage stage(login, settings(true, "organization"));
    const std::string usher = menus_of(login);
    WireClient& juliet = stage.enter(kJuliet);
    const Reply form = execute(juliet, usher, "exceptions");
    BOOST_TEST(form.title() == "Exceptions for contact list requests");
    BOOST_TEST(form.content() == (Strings{"always_accept=", "never_accept=", "always_ask="}));
    BOOST_TEST(go_on(juliet, usher, form,
                     submit({{"always_accept", "Romeo@Montague.lit"},
                             {"never_accept", "montague.lit"},
                             {"always_ask", kTybalt}}))
                   .text() == "Saved. They are in force from the next request on.");
    BOOST_TEST(outcome_of(stage, juliet, kRomeo) == "approved");
    BOOST_TEST(outcome_of(stage, juliet, kMercutio) == "denied");
    BOOST_TEST(outcome_of(stage, juliet, kTybalt) == "asked");
    BOOST_TEST(outcome_of(stage, juliet, kNurse) == "approved");
    BOOST_TEST(execute(juliet, usher, "exceptions").content() ==
               (Strings{"always_accept=" + kRomeo + ";", "never_accept=montague.lit;",
                        "always_ask=" + kTybalt + ";"}));
}

BOOST_DATA_TEST_CASE(what_is_said_in_the_chat_does_too, kLogins, login)
{
    UsherStage stage(login, settings(true, "prompt"));
    WireClient& juliet = stage.enter(kJuliet);
    BOOST_TEST(said(juliet, login, "exceptions") ==
               "There are no exceptions: your option holds for all requests.");
    BOOST_TEST(said(juliet, login, "Always accept Montague.lit") ==
               "Saved. From the next request on, montague.lit: Always accept.");
    BOOST_TEST(said(juliet, login, "never accept " + kMercutio) ==
               "Saved. From the next request on, " + kMercutio + ": Never accept.");
    BOOST_TEST(said(juliet, login, "always ask " + kTybalt) ==
               "Saved. From the next request on, " + kTybalt + ": Always ask me.");
    BOOST_TEST(said(juliet, login, "exceptions") ==
               "Always accept: montague.lit\nNever accept: " + kMercutio + "\nAlways ask me: " + kTybalt);
    BOOST_TEST(outcome_of(stage, juliet, kRomeo) == "approved");
    BOOST_TEST(outcome_of(stage, juliet, kMercutio) == "denied");
    BOOST_TEST(outcome_of(stage, juliet, kTybalt) == "asked");
    BOOST_TEST(said(juliet, login, "no exception montague.lit") ==
               "Saved. There is no exception for montague.lit any more.");
    BOOST_TEST(outcome_of(stage, juliet, "benvolio@montague.lit") == "asked");
    BOOST_TEST(said(juliet, login, "always accept tybalt@") ==
               "\"tybalt@\" is neither an address, such as name@example.org, nor a domain.");
    BOOST_TEST(has(said(juliet, login, "help"), "no exception ADDRESS: remove it"));
}

// Explain, the journal and replay say what happened.
BOOST_DATA_TEST_CASE(administrators_see_and_change_them_and_why_something_happened, kLogins, login)
{
    UsherStage stage(login, settings(true, "organization"));
    const Usherctl usherctl(stage.usherd().directory() / "control.sock");
    WireClient& juliet = stage.enter(kJuliet);
    BOOST_TEST(usherctl.done({"exceptions", kJuliet}) == kJuliet + " has no exceptions.\n");
    const std::string changed = usherctl.done({"exceptions", kJuliet, "--never-accept",
                                               kTybalt + ",verona.lit", "--always-accept", "montague.lit"});
    BOOST_TEST(changed == kJuliet + "\n  Always accept  montague.lit\n  Never accept   " + kTybalt +
                              "\n                 verona.lit\n");
    BOOST_TEST(outcome_of(stage, juliet, kTybalt) == "denied");
    BOOST_TEST(outcome_of(stage, juliet, kRomeo) == "approved");
    const std::string explained = usherctl.done({"explain", kJuliet, kTybalt});
    BOOST_TEST(has(explained, "DECIDES The user has made an exception for " + kTybalt + ", \"Never"),
               explained);
    const std::string journal = usherctl.done({"journal", "--user", kJuliet});
    BOOST_TEST(has(journal, "exception: never accept"), journal);
    BOOST_TEST(has(journal, "exception: always accept"), journal);
    BOOST_TEST(usherctl.run({"replay"}).status == 0);  // nothing would be answered differently
    BOOST_TEST(has(usherctl.refused({"exceptions", kJuliet, "--always-ask", "a b"}),
                   "\"a b\" is neither an address"));
    BOOST_TEST(has(usherctl.refused({"exceptions", kJuliet, "--always-ask", "x.lit", "--remove", "X.lit"}),
                   "x.lit is named twice."));
    BOOST_TEST(has(usherctl.done({"exceptions", kJuliet, "--remove", "verona.lit"}), kTybalt));
}

BOOST_AUTO_TEST_CASE(rules_and_federation_come_before_them_and_explain_says_so)
{
    const std::string kPeter = "peter@capulet.lit";
    const std::string kParis = "paris@mantua.lit";
    UsherdOptions options = settings(true, "prompt");
    options.organization += rule({kTybalt}, "deny") + rule({kRomeo}, "approve") + rule({kPeter}, "leave") +
                            "[organization.federation]\nmode = \"listed\"\ndomains = [\"montague.lit\"]\n"
                            "answer = \"deny\"\n";
    UsherStage stage(Login::component, options);
    const Usherctl usherctl(stage.usherd().directory() / "control.sock");
    WireClient& juliet = stage.enter(kJuliet);
    usherctl.done({"exceptions", kJuliet, "--always-accept",
                   kTybalt + "," + kPeter + ",mantua.lit,montague.lit", "--never-accept",
                   kRomeo + "," + kNurse});
    struct Expected {
        std::string contact;
        std::string outcome;
        std::string answer;
        std::string reason;
        nlohmann::json rule;  ///< its number; null: none has decided
    };
    for (const Expected& expected : {
             Expected{kTybalt, "denied", "deny", "rule", 1},      // and she would always accept him
             Expected{kRomeo, "approved", "approve", "rule", 2},  // never
             Expected{kPeter, "asked", "leave", "rule", 3},       // always
             Expected{
                 kParis, "denied", "deny", "federation: domain not listed", {}},  // always, with his domain
             Expected{kMercutio, "approved", "approve", "exception: always accept", {}},
             Expected{kNurse, "denied", "deny", "exception: never accept", {}},
         }) {
        BOOST_TEST_CONTEXT(expected.contact)
        {
            const nlohmann::json explained =
                usherctl.json("GET", "/v1/explain", {"explain", kJuliet, expected.contact});
            BOOST_TEST(outcome_of(stage, juliet, expected.contact) == expected.outcome);
            const nlohmann::json decided = record_of(usherctl, expected.contact);
            for (const nlohmann::json& said : {explained, decided}) {
                BOOST_TEST(said["answer"] == expected.answer, said.dump());
                BOOST_TEST(said["reason"] == expected.reason, said.dump());
                BOOST_TEST(said["rule"] == expected.rule, said.dump());
            }
            BOOST_TEST(explained["facts"] == decided["facts"]);
            BOOST_TEST(decided["facts"]["exception"]["handling"].is_string(), decided.dump());
        }
    }
}

BOOST_AUTO_TEST_CASE(where_users_may_not_choose_they_are_kept_and_not_in_force)
{
    UsherStage stage(Login::component, settings(true, "prompt"));
    const Usherctl usherctl(stage.usherd().directory() / "control.sock");
    WireClient& juliet = stage.enter(kJuliet);
    usherctl.done({"exceptions", kJuliet, "--always-accept", "montague.lit"});
    usherctl.done({"organization", "Capulet", "--users-may-choose", "no"});
    BOOST_TEST(outcome_of(stage, juliet, kRomeo) == "asked");
    BOOST_TEST(has(usherctl.done({"exceptions", kJuliet}),
                   "Not in force: users of this organization may not choose.\n"));
    BOOST_TEST(has(usherctl.refused({"exceptions", kJuliet, "--remove", "montague.lit"}), kPrompt));
    BOOST_TEST(has(said(juliet, Login::component, "exceptions"), kPrompt));
    BOOST_TEST(listed(juliet, menus_of(Login::component)).empty());
    usherctl.done({"organization", "Capulet", "--users-may-choose", "yes"});
    BOOST_TEST(outcome_of(stage, juliet, kMercutio) == "approved");
}

BOOST_AUTO_TEST_CASE(a_form_that_cannot_be_saved_loses_nothing)
{
    UsherStage stage(Login::component, settings(true, "prompt"));
    const std::string usher = menus_of(Login::component);
    const Usherctl usherctl(stage.usherd().directory() / "control.sock");
    WireClient& juliet = stage.enter(kJuliet);
    const Reply form = execute(juliet, usher, "exceptions");
    BOOST_TEST(has(go_on(juliet, usher, form, submit({{"never_accept", "a b"}})).text(),
                   "\"a b\" is neither an address, such as name@example.org, nor a domain."));
    BOOST_TEST(
        has(go_on(juliet, usher, form, submit({{"never_accept", "x.lit"}, {"always_ask", "X.lit"}})).text(),
            "x.lit is in two of the lists. Please leave it in one."));
    // What was changed in the chat meanwhile is not undone by a form that does not show it.
    said(juliet, Login::component, "always accept montague.lit");
    BOOST_TEST(has(go_on(juliet, usher, form, submit({{"never_accept", "x.lit"}})).text(),
                   "Your exceptions were changed elsewhere since this form was opened."));
    BOOST_TEST(usherctl.done({"exceptions", kJuliet}) == kJuliet + "\n  Always accept  montague.lit\n");
    // The same form twice does what once does.
    const Reply now = execute(juliet, usher, "exceptions");
    const std::string filled = submit({{"always_accept", "montague.lit"}, {"always_ask", "x.lit"}});
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(go_on(juliet, usher, now, filled).text().starts_with("Saved."));
    }
    BOOST_TEST(usherctl.done({"exceptions", kJuliet}) ==
               kJuliet + "\n  Always accept  montague.lit\n  Always ask me  x.lit\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
