// What administrators meet in their own clients.
#include <boost/test/unit_test.hpp>
#include <csignal>

#include "menus.h"

namespace usher::test
{

BOOST_AUTO_TEST_SUITE(menus)

BOOST_AUTO_TEST_CASE(general_im_is_in_force_at_once_durable_and_can_be_reset)
{
    UsherStage stage(Login::component, settings(true, "prompt"));
    const std::string usher = menus_of(Login::component);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    const std::string file = stage.usherd().directory() / "usher.toml";

    const Reply form = execute(nurse, usher, "general-im");
    BOOST_TEST(form.title() == "General IM: Capulet");
    const Strings shown = form.content();
    BOOST_TEST_REQUIRE(shown.size() == 11U);
    BOOST_TEST(shown[0] == "users_may_choose=1;");
    BOOST_TEST(has(shown[1], file + ":"), shown[1]);
    BOOST_TEST(shown[2] == "option=prompt;");
    BOOST_TEST(has(shown[3], "Now: " + kPrompt + ". Source: " + file + ":"), shown[3]);
    BOOST_TEST(shown[4] == "domains=capulet.lit;");
    BOOST_TEST(shown[6] == "federation=open;");
    const Reply saved =
        go_on(nurse, usher, form,
              submit({{"users_may_choose", "0"}, {"option", "organization"}, {"domains", "capulet.lit"}}));
    BOOST_TEST(saved.text() ==
               "Saved. Capulet: " + kOrganization + "; users may not choose; domains capulet.lit.");

    WireClient& tybalt = stage.enter(kTybalt);
    tybalt.send(to(kJuliet, "subscribe"));
    tybalt.expect(presence("subscribed", kJuliet));
    BOOST_TEST(listed(juliet, usher) == Strings());

    BOOST_TEST(stage.usherd().stop() == 0);
    stage.usherd().start();
    stage.usherd().wait_for_status("answering on 1 of ");
    const Reply again = execute(nurse, usher, "general-im");
    const Strings now = again.content();
    BOOST_TEST_REQUIRE(now.size() == 12U);
    BOOST_TEST(now[0] == "users_may_choose=0;");
    BOOST_TEST(has(now[1], "saved by " + kNurse), now[1]);
    BOOST_TEST(now[2] == "option=organization;");
    BOOST_TEST(has(now[5], file + ":"), "what was not changed was not saved: " + now[5]);
    BOOST_TEST(now[11] == "reset=0;");
    BOOST_TEST(go_on(nurse, usher, again,
                     submit({{"option", "organization"}, {"domains", "capulet.lit"}, {"reset", "1"}}))
                   .text() == "The settings file is in force again. Capulet: " + kPrompt +
                                  "; users may choose; domains capulet.lit.");
    BOOST_TEST(listed(juliet, usher) == (Strings{"options", "exceptions"}));
}

BOOST_AUTO_TEST_CASE(a_form_changes_only_what_was_changed_in_it)
{
    UsherStage stage(Login::component, settings(true, "prompt"));
    const std::string usher = menus_of(Login::component);
    WireClient& nurse = stage.enter(kNurse);
    const std::string end = "; domains capulet.lit.";
    const Reply first = execute(nurse, usher, "general-im");
    const Reply second = execute(nurse, usher, "general-im");
    const Reply third = execute(nurse, usher, "general-im");
    const std::string option = submit({{"option", "all"}, {"domains", "capulet.lit"}});
    BOOST_TEST(go_on(nurse, usher, first, option).text() ==
               "Saved. Capulet: " + kAll + "; users may choose" + end);
    // With the option that it showed, which is no longer in force.
    const std::string fixed =
        submit({{"users_may_choose", "0"}, {"option", "prompt"}, {"domains", "capulet.lit"}});
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(go_on(nurse, usher, second, fixed).text() ==
                   "Saved. Capulet: " + kAll + "; users may not choose" + end);
    }
    // What the client does not send is as the form showed it.
    BOOST_TEST(
        go_on(nurse, usher, third, submit({{"option", "prompt"}, {"domains", "capulet.lit"}})).text() ==
        "Nothing was changed.");

    const Reply fourth = execute(nurse, usher, "general-im");
    const std::string reset = submit({{"option", "all"}, {"domains", "capulet.lit"}, {"reset", "1"}});
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(go_on(nurse, usher, fourth, reset).text() ==
                   "The settings file is in force again. Capulet: " + kPrompt + "; users may choose" + end);
    }
    BOOST_TEST(fourth.session().size() < 250U);
}

BOOST_AUTO_TEST_CASE(domains_are_saved_if_others_were_chosen)
{
    UsherdOptions options = settings(true, "prompt");
    UsherStage stage(Login::component, options);
    options.domains = {"capulet.lit", "montague.lit"};
    stage.usherd().write_settings(options);
    stage.usherd().signal(SIGHUP);
    stage.usherd().wait_for_log("in force");
    const std::string usher = menus_of(Login::component);
    WireClient& nurse = stage.enter(kNurse);
    const Reply form = execute(nurse, usher, "general-im");
    BOOST_TEST(form.content().at(4) == "domains=capulet.lit;montague.lit;");
    const auto choose = [&](const Strings& domains) {
        std::string xml =
            "<x xmlns='jabber:x:data' type='submit'><field var='option'><value>prompt</value></field>"
            "<field var='domains'>";
        for (const std::string& domain : domains) {
            xml += "<value>" + domain + "</value>";
        }
        return go_on(nurse, usher, form, xml + "</field></x>").text();
    };
    BOOST_TEST(choose({"montague.lit", "capulet.lit"}) == "Nothing was changed.");
    const std::string saved = "Saved. Capulet: " + kPrompt + "; users may choose; domains ";
    BOOST_TEST(choose({"capulet.lit"}) == saved + "capulet.lit.");
    // Compared with what this form showed.
    BOOST_TEST(choose({"montague.lit", "capulet.lit"}) == "Nothing was changed.");
}

BOOST_AUTO_TEST_CASE(federation_is_closed_but_for_some_and_opened_again)
{
    UsherStage stage(Login::component, settings(false, "all"));
    const std::string usher = menus_of(Login::component);
    WireClient& nurse = stage.enter(kNurse);
    const auto save = [&](const std::string& mode, const std::string& domains) {
        return run(nurse, usher, "general-im",
                   {{"option", "all"},
                    {"domains", "capulet.lit"},
                    {"federation", mode},
                    {"federation_domains", domains},
                    {"federation_answer", "deny"}})
            .text();
    };
    const std::string saved = "Saved. Capulet: " + kAll + "; users may not choose; domains capulet.lit";
    BOOST_TEST(save("listed", "*.verona.lit gateway.lit") ==
               saved + "; other domains are shut out (denied), but for gateway.lit, *.verona.lit.");
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kNurse, "subscribe"));
    romeo.expect(presence("unsubscribed", kNurse));
    const Strings shown = execute(nurse, usher, "general-im").content();
    BOOST_TEST(shown.at(6) == "federation=listed;");
    BOOST_TEST(shown.at(7) == "federation_domains=gateway.lit;*.verona.lit;");
    BOOST_TEST(shown.at(8) == "federation_answer=deny;");
    BOOST_TEST(save("listed", "a@b.lit") == "\"a@b.lit\" is no domain such as example.net or *.example.net.");
    BOOST_TEST(save("listed", "") == "Federation with listed domains needs at least one domain.");
    BOOST_TEST(save("open", "") == saved + ".");
    romeo.send(to(kNurse, "subscribe"));
    romeo.expect(presence("subscribed", kNurse));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_form_comes_back_on_it)
{
    UsherStage stage(Login::component, settings(true, "prompt"));
    const std::string usher = menus_of(Login::component);
    WireClient& nurse = stage.enter(kNurse);
    const Reply form = execute(nurse, usher, "general-im");
    const Reply no_domain = go_on(nurse, usher, form, submit({{"option", "all"}}));
    BOOST_TEST(no_domain.outcome() == "executing");
    BOOST_TEST(no_domain.text() == "Domains of the organization: please fill this in.");
    const Reply foreign = go_on(nurse, usher, form, submit({{"option", "all"}, {"domains", "montague.lit"}}));
    BOOST_TEST(foreign.text() == "Domains of the organization: please choose from the list.");
    const Reply unchanged =
        go_on(nurse, usher, form,
              submit({{"users_may_choose", "1"}, {"option", "prompt"}, {"domains", "capulet.lit"}}));
    BOOST_TEST(unchanged.text() == "Nothing was changed.");
    // What a client does not send is unchanged.
    BOOST_TEST(run(nurse, usher, "general-im", {{"option", "prompt"}, {"domains", "capulet.lit"}}).text() ==
               "Nothing was changed.");
    const Reply nobody = run(nurse, usher, "explain", {{"user", "capulet.lit"}});
    BOOST_TEST(nobody.text() ==
               "User, who receives the request: this is not an address, such as name@example.org. | "
               "Contact, who sends it: please fill this in.");
}

BOOST_AUTO_TEST_CASE(administrator_sees_what_waits_why_and_what_was_decided)
{
    UsherStage stage(Login::component, settings(true, "organization"));
    const std::string usher = menus_of(Login::component);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& tybalt = stage.enter(kTybalt);
    BOOST_TEST(execute(nurse, usher, "waiting").text() == "There are none.");
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kRomeo));
    tybalt.send(to(kJuliet, "subscribe"));
    tybalt.expect(presence("subscribed", kJuliet));

    BOOST_TEST(execute(nurse, usher, "waiting").content() ==
               Strings{"lines=" + kRomeo + " to " + kJuliet + ";"});

    const Reply why = run(nurse, usher, "explain", {{"user", kJuliet}, {"contact", kRomeo}});
    BOOST_TEST(why.outcome() == "completed");
    const Strings lines = why.content();
    BOOST_TEST_REQUIRE(lines.size() == 5U);
    BOOST_TEST(lines[0] == "request=" + kRomeo + " to " + kJuliet + ";");
    BOOST_TEST(has(lines[1], "leave: "), lines[1]);
    BOOST_TEST(has(lines[2], "montague.lit is not one of its domains"), lines[2]);
    BOOST_TEST(lines[3] == "waits=The request waits at the server.;");

    const Strings journal = run(nurse, usher, "journal", {{"user", kJuliet}}).content();
    BOOST_TEST_REQUIRE(journal.size() == 1U);
    const auto approved = journal[0].find(kTybalt + " to " + kJuliet + ": approve: ");
    const auto left = journal[0].find(kRomeo + " to " + kJuliet + ": leave: ");
    BOOST_TEST(approved != std::string::npos, journal[0]);
    BOOST_TEST(left != std::string::npos, journal[0]);
    BOOST_TEST(approved < left, "the newest first: " + journal[0]);
    const Strings of_one = run(nurse, usher, "journal", {{"contact", kTybalt}}).content();
    BOOST_TEST_REQUIRE(of_one.size() == 1U);
    BOOST_TEST(!has(of_one[0], kRomeo), of_one[0]);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
