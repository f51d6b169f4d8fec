// PROTOCOL.md, rules S120 to S133: archiving preferences.
#include "protocol_archive.h"

#include <algorithm>
#include <boost/test/framework.hpp>
#include <set>

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

/// May read preferences, and not set them.
const std::string kReader = "reader.capulet.lit";

const std::string kLists =
    "<always><jid>romeo@montague.lit</jid></always><never><jid>paris@verona.lit</jid></never>";
const std::string kListed = " +romeo@montague.lit -paris@verona.lit";

const auto kDefaults = bdata::make({"always", "roster", "never"});

bool has_feature(WireStream& who)
{
    const Element reply =
        who.request("get", "capulet.lit", "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    const Element* query = reply.child("query");
    BOOST_REQUIRE(query != nullptr);
    return std::any_of(query->children.begin(), query->children.end(), [](const Element& child) {
        return child.name == "feature" && child.attribute("var") == kArchiveNs;
    });
}

std::string set_xml(const std::string& inside)
{
    return "<set xmlns='http://jabber.org/protocol/rsm'>" + inside + "</set>";
}

/// What anybody might try to read, right and wrong.
void expect_no_reading(WireStream& asker)
{
    for (const std::string& content : {std::string(), set_xml("<max>0</max>"), set_xml("<max>many</max>"),
                                       set_xml("<after>nowhere</after>"), persons_xml({kJuliet}),
                                       persons_xml({"nobody@capulet.lit"}), persons_xml({"@"})}) {
        const Element reply = ask_for_archive(asker, content);
        BOOST_TEST(is_error(reply, "auth", "forbidden"), asker.address() << " got " << reply.str());
    }
}

/// The same to set.
void expect_no_setting(WireStream& asker)
{
    for (const Element& reply :
         {set_archive(asker, kJuliet, "always"), set_archive(asker, kJuliet, "never", "true"),
          set_archive(asker, "nobody@capulet.lit", "never"), set_archive(asker, "@", "never"),
          set_archive(asker, kJuliet, "nonsense")}) {
        BOOST_TEST(is_error(reply, "auth", "forbidden"), asker.address() << " got " << reply.str());
    }
}

void expect_refusal(const Element& reply)
{
    BOOST_TEST(is_error(reply, "cancel", "not-allowed"), reply.str());
}

/// What a client may try to change the preferences to `always`.
void try_everything(WireClient& user)
{
    for (const char* ns : {"urn:xmpp:mam:2", "urn:xmpp:mam:1", "urn:xmpp:mam:0", "urn:xmpp:mam:tmp"}) {
        expect_refusal(user.request("set", {}, prefs_xml("always", {}, ns)));
        expect_refusal(user.request("set", user.address(), prefs_xml("always", {}, ns)));
    }
}

/// What is read of the account, read again.
std::string mark_of(WireStream& asker, const std::string& address)
{
    const Element reply = ask_for_archive(asker, persons_xml({address}));
    const Element* archive = reply.child("archive", kArchiveNs);
    BOOST_REQUIRE_MESSAGE(archive != nullptr && archive->child("person") != nullptr, reply.str());
    return archive->child("person")->attribute("mark");
}

/// A `set` with those attributes and that mark: the reply.
Element set_marked(WireStream& asker, const std::string& user, const std::string& attributes,
                   const std::string& mark)
{
    return asker.request("set", "capulet.lit",
                         "<archive xmlns='" + kArchiveNs + "' user='" + user + "' " + attributes + " mark='" +
                             escaped(mark) + "'/>");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_archive)

BOOST_AUTO_TEST_CASE(S120_feature_is_there_while_the_connector_is_loaded)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    BOOST_TEST(has_feature(stage.entity().stream()));
    stage.server().unload_connector();
    BOOST_TEST(!has_feature(stage.entity().stream()));
    stage.server().load_connector();
    BOOST_TEST(has_feature(stage.entity().stream()));
}

BOOST_DATA_TEST_CASE(S121_S122_nobody_may_do_more_than_they_are_granted, kLogins, login)
{
    ServerOptions options = archive_options(login);
    options.archive_entities = {"keeper.capulet.lit"};
    options.archive_readers = {kReader};
    options.people_entities = options.entities;
    ScriptedStage stage(options);
    stage.admit_entity();
    WireComponent keeper(stage.server().component_port(), "keeper.capulet.lit");
    WireComponent reader(stage.server().component_port(), kReader);
    WireComponent gossip(stage.server().component_port(), kGossip);
    for (WireComponent* component : {&keeper, &reader, &gossip}) {
        component->connect();
    }
    const auto advertised = [](const std::string& type) {
        return Matcher{"the grant alone, " + type, [type](const Element& stanza) {
                           const Element* privilege = stanza.child("privilege");
                           const Element* perm = privilege == nullptr ? nullptr : privilege->child("perm");
                           return perm != nullptr && perm->children.size() == 1U &&
                                  perm->children.front().attribute("ns") == kArchiveNs &&
                                  perm->children.front().attribute("type") == type;
                       }};
    };
    keeper.expect(advertised("both"));
    reader.expect(advertised("get"));
    WireClient& juliet = stage.enter(kJuliet);

    must_set_archive(keeper, kJuliet, "roster");
    for (WireStream* other :
         {&stage.entity().stream(), static_cast<WireStream*>(&gossip), static_cast<WireStream*>(&juliet)}) {
        expect_no_reading(*other);
        expect_no_setting(*other);
    }
    expect_no_setting(reader);
    BOOST_TEST(preferences_of(reader, kJuliet) == kJuliet + " roster");
    BOOST_TEST(preferences_of(keeper, kJuliet) == kJuliet + " roster");
    // Nor is it a grant of anything else.
    for (WireStream* other : {&keeper, &reader}) {
        const Element people = ask_for_people(*other, {});
        BOOST_TEST(is_error(people, "auth", "forbidden"), people.str());
    }
}

BOOST_DATA_TEST_CASE(S121_S70_S128_grant_ends_when_it_is_withdrawn_and_locks_stay, kLogins, login)
{
    ScriptedStage stage(archive_options(login));
    stage.admit_entity();
    WireClient& juliet = stage.enter(kJuliet);
    must_set_archive(stage.entity().stream(), kJuliet, "never", "true");
    stage.server().withdraw_grant();
    expect_no_reading(stage.entity().stream());
    expect_no_setting(stage.entity().stream());
    try_everything(juliet);
}

BOOST_DATA_TEST_CASE(S123_S124_list_has_every_account_with_what_is_stored, kLogins, login)
{
    ScriptedStage stage(archive_options(login));
    WireClient& juliet = stage.enter(kJuliet);
    stage.server().add_account(kNurse);
    stage.server().add_account(kTybalt);
    stage.server().add_account("rosaline@capulet.lit");
    stage.server().add_account(kRomeo);  // of another host
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    must_set_archive(entity, kNurse, "roster");
    must_set_archive(entity, kTybalt, "never", "1");
    change(juliet, "always");
    std::vector<std::string> expected = {kJuliet + " always", kNurse + " roster", "rosaline@capulet.lit",
                                         kTybalt + " never locked"};
    if (login == Login::account) {
        expected.push_back(entity_address(login));
    }
    const Element whole = ask_for_archive(entity, {});
    BOOST_TEST(preferences_on(whole) == expected, boost::test_tools::per_element());
    const std::string by_default = stage.server().name() == "ejabberd" ? "never" : "always";
    BOOST_TEST(whole.child("archive")->attribute("server-default") == by_default);

    std::vector<std::string> read;
    for (std::string place;;) {
        const Element page = ask_for_archive(
            entity, set_xml("<max>2</max>" + (place.empty() ? "" : "<after>" + place + "</after>")));
        const std::vector<std::string> here = preferences_on(page);
        BOOST_TEST(here.size() <= 2U);
        if (here.empty()) {
            break;
        }
        read.insert(read.end(), here.begin(), here.end());
        const Element* set = page.child("archive")->child("set");
        BOOST_TEST(set->child("count")->text == std::to_string(expected.size()));
        place = set->child("last")->text;
    }
    BOOST_TEST(read == expected, boost::test_tools::per_element());

    const std::vector<std::string> again = {kTybalt + " never locked", kJuliet + " always"};
    BOOST_TEST(preferences_on(ask_for_archive(entity, persons_xml({"Tybalt@CAPULET.lit", "nobody@capulet.lit",
                                                                   kJuliet, kTybalt}))) == again,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(S124_reading_changes_nothing)
{
    ServerOptions options = archive_options(Login::component);
    const std::string server = boost::unit_test::framework::master_test_suite().argv[1];
    options.for_organization = server.starts_with("ejabberd")
                                   ? "        default: always\n        request_activates_archiving: true\n"
                                   : "mam_smart_enable = true";
    ScriptedStage stage(options);
    WireClient& juliet = stage.enter(kJuliet);
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    for (int i = 0; i < 2; ++i) {
        const Element whole = ask_for_archive(entity, {});
        BOOST_TEST(preferences_on(whole) == std::vector<std::string>{kJuliet},
                   boost::test_tools::per_element());
        BOOST_TEST(whole.child("archive")->attribute("server-default") == "never");
        BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet);
    }
    // What a client does, does: so the server has that option.
    (void)archived(juliet);
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " always");
}

BOOST_DATA_TEST_CASE(S125_preferences_are_set_and_seen, kDefaults* bdata::make({false, true}), value, lock)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    const std::string tail = std::string(" ") + value + (lock ? " locked" : "");
    must_set_archive(entity, kJuliet, value, lock ? "true" : "false");  // of one without preferences
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + tail);
    BOOST_TEST(seen_by(juliet) == value);
    must_set_archive(entity, kJuliet, value);  // takes the lock away
    change(juliet, "always", kLists);
    must_set_archive(entity, kJuliet, value, lock ? "true" : "");
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + tail);
    BOOST_TEST(seen_by(juliet) == value + (lock ? "" : kListed));
}

BOOST_AUTO_TEST_CASE(S125_open_sessions_follow_at_once)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& romeo = stage.enter(kRomeo);
    must_set_archive(entity, kNurse, "always");
    for (const auto& [value, lock, count] : {std::tuple{"always", "false", 5},
                                             {"never", "false", 5},
                                             {"always", "true", 10},
                                             {"never", "true", 10},
                                             {"roster", "true", 10},
                                             {"always", "", 15}}) {
        must_set_archive(entity, kJuliet, value, lock);
        talk(stage, juliet, nurse, romeo);
        stage.round_trip();
        BOOST_TEST(archived(juliet) == count, value << " " << lock);
    }
    // The neighbour's own archive is another matter: two a time.
    BOOST_TEST(archived(nurse) == 12);
}

BOOST_DATA_TEST_CASE(S126_S131_user_changes_what_is_not_locked, kDefaults, value)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    const std::string other = std::string(value) == "roster" ? "never" : "roster";
    must_set_archive(entity, kJuliet, value);
    change(juliet, other, kLists);
    entity.expect(archive_changed(kJuliet));
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " " + other);
}

BOOST_DATA_TEST_CASE(S126_locked_preferences_cannot_be_changed, kDefaults, value)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    must_set_archive(entity, kJuliet, value, "true");
    try_everything(juliet);
    expect_refusal(juliet.request("set", {}, "<prefs xmlns='urn:xmpp:mam:2'/>"));  // without a default
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " " + value + " locked");
    BOOST_TEST(seen_by(juliet) == value);
    change(nurse, "always");  // nobody else is concerned
    // Another lock counts, and none after it.
    must_set_archive(entity, kJuliet, "roster", "true");
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " roster locked");
    must_set_archive(entity, kJuliet, "never", "0");
    change(juliet, "always", kLists);
    BOOST_TEST(seen_by(juliet) == "always" + kListed);
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " always");
}

BOOST_AUTO_TEST_CASE(S128_lock_outlasts_restarts_and_ends_with_the_account)
{
    ServerOptions options = archive_options(Login::component);
    ScriptedStage stage(options);
    WireClient& juliet = stage.person(kJuliet);
    stage.admit_entity();
    must_set_archive(stage.entity().stream(), kJuliet, "never", "true");
    const std::string before =
        ask_for_archive(stage.entity().stream(), persons_xml({kJuliet})).child("archive")->str();
    stage.server().reload_connector();
    juliet.connect();
    try_everything(juliet);
    juliet.disconnect();
    stage.server().stop();
    stage.server().start();
    stage.admit_entity();
    BOOST_TEST(ask_for_archive(stage.entity().stream(), persons_xml({kJuliet})).child("archive")->str() ==
               before);
    juliet.connect();
    try_everything(juliet);

    delete_archived_account(stage, kJuliet);
    BOOST_TEST(preferences_of(stage.entity().stream(), kJuliet).empty());
    stage.server().add_account(kJuliet);
    BOOST_TEST(preferences_of(stage.entity().stream(), kJuliet) == kJuliet);
    WireClient& other = stage.client(kJuliet, "new");
    other.connect();
    change(other, "always");
    BOOST_TEST(preferences_of(stage.entity().stream(), kJuliet) == kJuliet + " always");
}

BOOST_AUTO_TEST_CASE(S129_host_without_an_archive)
{
    ServerOptions options = archive_options(Login::component);
    options.archive = false;
    ScriptedStage stage(options);
    stage.server().add_account(kJuliet);
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    for (const Element& reply :
         {ask_for_archive(entity, {}), ask_for_archive(entity, set_xml("<max>0</max>")),
          ask_for_archive(entity, persons_xml({kJuliet})), set_archive(entity, kJuliet, "never", "true"),
          set_archive(entity, "nobody@capulet.lit", "never")}) {
        BOOST_TEST(is_error(reply, "cancel", "feature-not-implemented"), reply.str());
    }
}

BOOST_AUTO_TEST_CASE(S123_S130_what_is_wrong_is_said)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.server().add_account(kJuliet);
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    for (const Element& reply : {
             set_archive(entity, "@", "never"),
             set_archive(entity, "capulet.lit", "never"),
             set_archive(entity, kRomeo, "never"),
             set_archive(entity, kJuliet + "/balcony", "never"),
             set_archive(entity, kJuliet, ""),
             set_archive(entity, kJuliet, "Never"),
             set_archive(entity, kJuliet, "never", "yes"),
             entity.request("set", "capulet.lit", "<archive xmlns='" + kArchiveNs + "' default='never'/>"),
             entity.request("set", "capulet.lit",
                            "<archive xmlns='" + kArchiveNs + "' user='" + kJuliet + "'/>"),
             ask_for_archive(entity, set_xml("<max>many</max>")),
             ask_for_archive(entity, persons_xml({kJuliet, kRomeo})),
         }) {
        BOOST_TEST(is_error(reply, "modify", "bad-request"), reply.str());
    }
    for (const Element& reply : {set_archive(entity, "nobody@capulet.lit", "never", "true"),
                                 ask_for_archive(entity, set_xml("<after>nowhere</after>"))}) {
        BOOST_TEST(is_error(reply, "cancel", "item-not-found"), reply.str());
    }
    const Element backwards = ask_for_archive(entity, set_xml("<before/>"));
    BOOST_TEST(is_error(backwards, "cancel", "feature-not-implemented"), backwards.str());
    BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet);
}

BOOST_AUTO_TEST_CASE(S131_entities_are_told_of_accounts_that_go)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    stage.person(kJuliet);
    delete_archived_account(stage, kJuliet);
    stage.entity().stream().expect(archive_changed(kJuliet));
}

BOOST_AUTO_TEST_CASE(S131_changes_that_a_lock_refuses_are_not_told)
{
    ScriptedStage stage(archive_options(Login::component));
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    must_set_archive(entity, kJuliet, "never", "true");
    try_everything(juliet);
    change(nurse, "roster");
    const Element hint = entity.expect(
        {"a hint", [](const Element& stanza) { return stanza.child("changed", kArchiveNs) != nullptr; }});
    BOOST_TEST(persons_in(*hint.child("changed")) == std::vector<std::string>{kNurse},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(S132_marks_tell_what_is_stored_apart)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    std::set<std::string> marks = {mark_of(entity, kJuliet)};
    for (const std::string value : {"always", "roster", "never"}) {
        for (const char* lock : {"true", "false"}) {
            must_set_archive(entity, kJuliet, value, lock);
            marks.insert(mark_of(entity, kJuliet));
            BOOST_TEST(mark_of(entity, kJuliet) == mark_of(entity, kJuliet));
        }
    }
    BOOST_TEST(marks.size() == 7U);
    for (const std::string& mark : marks) {
        BOOST_TEST((!mark.empty() && mark.size() <= 128U), mark);
    }
    // Not whom the user has on the lists.
    change(juliet, "never", kLists);
    BOOST_TEST(seen_by(juliet) == "never" + kListed);
    const std::string now = mark_of(entity, kJuliet);
    BOOST_TEST(marks.contains(now));
    stage.server().stop();
    stage.server().start();
    stage.admit_entity();
    BOOST_TEST(mark_of(stage.entity().stream(), kJuliet) == now);
}

BOOST_DATA_TEST_CASE(S133_what_has_changed_since_it_was_read_is_not_set, bdata::make({"false", "true"}), lock)
{
    ScriptedStage stage(archive_options(Login::component));
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    const std::string never = std::string("default='never' lock='") + lock + "'";
    const std::string none = mark_of(entity, kJuliet);
    change(juliet, "always", kLists);
    for (const std::string& old : {none, std::string("nonsense"), std::string()}) {
        const Element reply = set_marked(entity, kJuliet, never, old);
        BOOST_TEST(is_error(reply, "cancel", "conflict"), reply.str());
        BOOST_TEST(preferences_of(entity, kJuliet) == kJuliet + " always");
        BOOST_TEST(seen_by(juliet) == "always" + kListed);
    }
    // Of two with the same mark one is too late; also to take a lock away.
    const std::string mark = mark_of(entity, kJuliet);
    BOOST_TEST(set_marked(entity, kJuliet, never, mark).attribute("type") == "result");
    const std::string set = preferences_of(entity, kJuliet);
    const Element late = set_marked(entity, kJuliet, "default='roster'", mark);
    BOOST_TEST(is_error(late, "cancel", "conflict"), late.str());
    BOOST_TEST(preferences_of(entity, kJuliet) == set);
    const Element gone = set_marked(entity, "nobody@capulet.lit", never, mark);
    BOOST_TEST(is_error(gone, "cancel", "item-not-found"), gone.str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
