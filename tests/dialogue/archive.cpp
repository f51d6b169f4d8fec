// What an organisation wants for its users' archives: from the settings of usherd to what the server keeps, and what users'
// clients are told.
#include <boost/test/unit_test.hpp>

#include "deadline.h"
#include "menus.h"
#include "protocol_archive.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

UsherdOptions wanting(const std::string& archive)
{
    UsherdOptions options;
    options.organization =
        "administrators = [\"" + menus::kNurse + "\"]\n[organization.archive]\n" + archive + "\n";
    return options;
}

/// Juliet has no preferences, the nurse has chosen hers. Then the organisation wants `never`.
struct ArchiveStage : Stage {
    ArchiveStage()
        : Stage(archive_options(Login::component)),
          usherd(connection_to(server()), wanting("default = \"never\"")),
          juliet(enter(kJuliet)),
          nurse(enter(menus::kNurse))
    {
        change(nurse, "always");
        usherd.start();
        usherd.wait_until_answering();
        usherd.wait_for_log("capulet.lit: archiving preferences set: 1");
    }

    void reload(const std::string& archive)
    {
        usherd.write_settings(wanting(archive));
        usherctl.done({"reload"});
    }
    void expect_seen(const std::string& by_juliet, const std::string& by_nurse)
    {
        BOOST_TEST(seen_by(juliet) == by_juliet);
        BOOST_TEST(seen_by(nurse) == by_nurse);
    }
    /// `never own`: what the server has for the user, and whose it is.
    std::string of(const std::string& user)
    {
        const auto archive = usherctl.json("GET", "/v1/archive", {"archive", "--user", user});
        return archive["user"]["preference"].get<std::string>() + " " +
               archive["user"]["state"].get<std::string>();
    }

    Usherd usherd;
    Usherctl usherctl{usherd.directory() / "control.sock"};
    WireClient& juliet;
    WireClient& nurse;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(archive, ArchiveStage)

BOOST_AUTO_TEST_CASE(users_without_preferences_get_one_and_what_users_choose_is_theirs)
{
    expect_seen("never", "always");
    const auto counted =
        usherctl.json("GET", "/v1/archive", {"archive"})["organizations"][0]["domains"][0]["archive"];
    BOOST_TEST(counted["accounts"]["set"] == 1);
    BOOST_TEST(counted["accounts"]["own"] == 1);
    BOOST_TEST(of(kJuliet) == "never set");
    change(juliet, "roster");
    BOOST_TEST(of(kJuliet) == "roster own");
    BOOST_TEST(of(menus::kNurse) == "always own");
}

BOOST_AUTO_TEST_CASE(an_administrator_finds_the_counts_in_general_im)
{
    const auto general_im = [this] {
        std::string all;
        for (const std::string& field :
             menus::execute(nurse, menus::menus_of(Login::component), "general-im").content()) {
            all += field + "\n";
        }
        return all;
    };
    const menus::Strings parts = {
        ": the server is to store none of the users' messages, and users can change this for themselves. Source: ",
        "Accounts: 1 set by usherd, 1 with preferences of their own.",
        "Not covered: the other side of a conversation keeps its own copy; rooms have archives of their own; what was "
        "stored before stays; and what a client marks not to be stored (XEP-0334) is not stored, whatever is "
        "preferred."};
    const std::string shown = general_im();
    for (const std::string& part : parts) {
        BOOST_TEST(menus::has(shown, part), shown);
    }
    change(juliet, "always");
    const std::string both = "Accounts: 0 set by usherd, 2 with preferences of their own.";
    std::string now = general_im();
    for (const Deadline deadline = within(kPatience); !menus::has(now, both) && remaining_ms(deadline) > 0;) {
        now = general_im();
    }
    BOOST_TEST(menus::has(now, both), now);
    reload("default = \"server\"");
    now = general_im();
    BOOST_TEST(
        menus::has(now, ": Usher sets nothing: the server's default and the users' own preferences apply. "),
        now);
    BOOST_TEST(!menus::has(now, "Accounts: "), now);
}

BOOST_AUTO_TEST_CASE(another_default_is_for_those_who_have_not_chosen)
{
    reload("default = \"roster\"");
    usherd.wait_for_log("capulet.lit: archiving preferences set: 1\n");
    while (seen_by(juliet) == "never") {
        round_trip();
    }
    expect_seen("roster", "always");
}

BOOST_AUTO_TEST_CASE(a_lock_is_for_all_and_goes_with_the_wish)
{
    reload("default = \"never\"\nlock = true");
    usherd.wait_for_log("capulet.lit: archiving preferences set: 2");
    expect_seen("never", "never");
    const Element refused = juliet.request("set", {}, prefs_xml("always"));
    BOOST_TEST(is_error(refused, "cancel", "not-allowed"), refused.str());
    reload("default = \"server\"");
    usherd.wait_for_log("capulet.lit: archiving locks taken away: 2");
    expect_seen("never", "never");
    change(juliet, "always");
    expect_seen("always", "never");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
