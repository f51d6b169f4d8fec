// PROTOCOL.md, rules S126 to S130, where Prosody has more ways to its preferences than the protocol, or its storage fails.
#include <filesystem>
#include <fstream>

#include "private_prosody.h"
#include "protocol_archive.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

PrivateProsody& prosody(Stage& stage)
{
    return dynamic_cast<PrivateProsody&>(stage.server());
}

std::string command_xml(const std::string& attributes, const std::string& content = {})
{
    return "<command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:mam#configure' " +
           attributes + ">" + content + "</command>";
}

/// Nothing can be read from this store, nor written to it.
void break_store(Stage& stage, const std::string& name)
{
    const auto place = stage.server().directory() / "data" / "capulet%2elit" / name;
    std::filesystem::remove_all(place);
    std::ofstream(place) << "not a directory\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prosody_archive)

BOOST_AUTO_TEST_CASE(S126_S131_command_is_refused_as_well)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    must_set_archive(entity, kJuliet, "never");
    const Element form = juliet.request("set", "capulet.lit", command_xml("action='execute'"));
    BOOST_TEST_REQUIRE(form.child("command") != nullptr, form.str());
    const std::string submission = command_xml(
        "action='complete' sessionid='" + form.child("command")->attribute("sessionid") + "'",
        "<x xmlns='jabber:x:data' type='submit'><field var='default'><value>roster</value></field></x>");
    // The form has been opened before the lock came.
    must_set_archive(entity, kJuliet, "never", "true");
    for (const std::string& command : {submission, command_xml("action='execute'")}) {
        const Element reply = juliet.request("set", "capulet.lit", command);
        BOOST_TEST(is_error(reply, "cancel", "not-allowed"), reply.str());
    }
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " never locked");
    must_set_archive(entity, kJuliet, "never");
    const Element done = juliet.request("set", "capulet.lit", submission);
    BOOST_TEST_REQUIRE(done.child("command") != nullptr, done.str());
    BOOST_TEST(done.child("command")->attribute("status") == "completed");
    entity.expect(archive_changed(kJuliet));
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " roster");
}

BOOST_AUTO_TEST_CASE(S127_nothing_is_stored_though_the_preferences_have_got_past)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& romeo = stage.enter(kRomeo);
    must_set_archive(entity, kNurse, "never", "true");
    must_set_archive(entity, kJuliet, "never", "true");
    talk(stage, juliet, nurse, romeo);
    prosody(stage).order(
        "> local mam = prosody.hosts['capulet.lit'].sessions.juliet; mam.archive_prefs = { [false] = true }; "
        "require 'core.storagemanager'.open('capulet.lit', 'archive_prefs'):set('juliet', { [false] = true })");
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " always locked");
    talk(stage, juliet, nurse, romeo);
    stage.round_trip();
    BOOST_TEST(archived(juliet) == 0);
    BOOST_TEST(archived(nurse) == 0);
    // Also for those who are not there.
    juliet.disconnect();
    romeo.send("<message to='" + kJuliet + "' type='chat'><body>Art thou gone so?</body></message>");
    stage.round_trip();
    juliet.connect();
    BOOST_TEST(archived(juliet) == 0);
    must_set_archive(entity, kJuliet, "always");
    juliet.appear();
    talk(stage, juliet, nurse, romeo);
    stage.round_trip();
    BOOST_TEST(archived(juliet) == 5);
}

BOOST_AUTO_TEST_CASE(S124_S127_S130_what_is_damaged_concerns_one_alone)
{
    ScriptedStage stage(archive_options(Login::component));
    for (const std::string& address : {kJuliet, kNurse, kTybalt}) {
        stage.server().add_account(address);
    }
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    must_set_archive(entity, kTybalt, "roster");
    prosody(stage).store("archive_prefs", kJuliet, "} nothing");
    prosody(stage).store("subscription_requests_archive", kNurse, "5");
    const Element whole = ask_for_archive(entity, {});
    const Element* archive = whole.child("archive", kArchiveNs);
    BOOST_REQUIRE_MESSAGE(archive != nullptr, whole.str());
    std::string all;
    for (const Element& person : archive->children) {
        all += person.name == "person" ? person.attribute("jid") + "," + person.attribute("default") + "," +
                                             person.attribute("lock") + "," + person.attribute("since") + " "
                                       : "";
    }
    BOOST_TEST(all == kJuliet + ",,, " + kNurse + ",,true, " + kTybalt + ",roster,, ");
    BOOST_TEST(stage.server().log_text().find("The archiving preferences of juliet cannot be read") !=
               std::string::npos);
    BOOST_TEST(stage.server().log_text().find(
                   "The lock on the archiving preferences of nurse cannot be read") != std::string::npos);
    // What the lists were cannot be kept. With a lock it need not be.
    const Element reply = set_archive(entity, kJuliet, "never");
    BOOST_TEST(is_error(reply, "wait", "internal-server-error"), reply.str());
    must_set_archive(entity, kJuliet, "never", "true");
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " never locked");
    must_set_archive(entity, kNurse, "always");
    BOOST_TEST(preferences_of(entity, kNurse) == kNurse + " always");
}

BOOST_AUTO_TEST_CASE(S130_S126_storage_that_fails_is_no_empty_report)
{
    for (const char* store : {"archive_prefs", "subscription_requests_archive"}) {
        ScriptedStage stage(archive_options(Login::component));
        stage.admit_entity();
        WireStream& entity = stage.entity().stream();
        stage.server().add_account(kNurse);
        WireClient& juliet = stage.enter(kJuliet);
        must_set_archive(entity, kJuliet, "roster", "true");
        break_store(stage, store);
        for (const Element& reply :
             {ask_for_archive(entity, {}), ask_for_archive(entity, persons_xml({kNurse})),
              set_archive(entity, kNurse, "never"), set_archive(entity, kNurse, "never", "true")}) {
            BOOST_TEST(is_error(reply, "wait", "internal-server-error"), store << ": " << reply.str());
        }
        // Whether they are locked is known of those who are online, and of nobody else.
        const Element refused = juliet.request("set", {}, prefs_xml("always"));
        BOOST_TEST(refused.attribute("type") == "error", store << ": " << refused.str());
        WireClient& nurse = stage.client(kNurse, "wire");
        nurse.connect();
        const Element reply = nurse.request("set", {}, prefs_xml("always"));
        BOOST_TEST(reply.attribute("type") == "error", store << ": " << reply.str());
    }
}

BOOST_AUTO_TEST_CASE(S130_lock_can_be_taken_away_where_the_preferences_are_damaged)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    stage.server().add_account(kJuliet);
    must_set_archive(entity, kJuliet, "roster", "true");
    prosody(stage).store("archive_prefs", kJuliet, "} nothing");
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " locked");
    must_set_archive(entity, kJuliet, "roster");
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet);
}

/// Prosody's two ways of storing nothing.
BOOST_DATA_TEST_CASE(S124_S127_where_locks_are_not_stored_there_are_none, bdata::make({"null", "none"}),
                     driver)
{
    ServerOptions options = archive_options(Login::component);
    options.for_organization =
        std::string("storage = { subscription_requests_archive = \"") + driver + "\" }";
    ScriptedStage stage(options);
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& romeo = stage.enter(kRomeo);
    const Element reply = set_archive(entity, kJuliet, "never", "true");
    BOOST_TEST(is_error(reply, "wait", "internal-server-error"), reply.str());
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet);
    change(juliet, "always");
    talk(stage, juliet, nurse, romeo);
    stage.round_trip();
    BOOST_TEST(archived(juliet) == 5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
