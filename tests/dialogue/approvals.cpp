// What policy has approved is listed and revoked, by hand and when its time has come, and what a user has made their own is not:
// with the daemon on a real server.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>

#include "deadline.h"
#include "ldap_section.h"
#include "private_slapd.h"
#include "programs.h"
#include "servers.h"
#include "stage.h"
#include "temporary_directory.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

using Json = nlohmann::json;

const std::string kNurse = "nurse@capulet.lit";
const std::string kTybalt = "tybalt@capulet.lit";

struct Granted : Stage {
    static ServerOptions options(bool may_revoke)
    {
        ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
        (may_revoke ? options.approval_entities : options.approval_readers) = options.entities;
        return options;
    }

    explicit Granted(bool may_revoke = true)
        : Stage(options(may_revoke)), usherd(connection_to(server()), {.option = "organization"})
    {
        usherd.start();
        usherd.wait_until_answering();
    }

    /// The contact asks, and policy approves.
    static void approve(WireClient& contact)
    {
        contact.send(to(kJuliet, "subscribe"));
        contact.expect_all({presence("subscribed", kJuliet), roster_push(kJuliet)});
    }

    Usherd usherd;
    Usherctl usherctl{usherd.directory() / "control.sock"};
};

/// The clocks of the daemon (libfaketime), all of them: its timers, too, are due when they are set. Not under the sanitizers,
/// which want to be the first library that is loaded.
class DaemonClock
{
  public:
    [[nodiscard]] static bool can_be_set() { return !programs_are_sanitized(); }

    DaemonClock() { advance(std::chrono::seconds(0)); }

    void advance(std::chrono::seconds time)
    {
        ahead_ += time;
        const std::filesystem::path next = directory_.path() / "next";
        std::ofstream(next) << "+" << ahead_.count() << "\n";
        std::filesystem::rename(next, directory_.path() / "time");
    }
    [[nodiscard]] std::vector<std::string> environment() const
    {
        if (!can_be_set()) {
            return {};
        }
        return {"LD_PRELOAD=" USHER_FAKETIME,
                "FAKETIME_TIMESTAMP_FILE=" + (directory_.path() / "time").string(), "FAKETIME_NO_CACHE=1",
                "NO_FAKE_STAT=1", "FAKETIME_DISABLE_SHM=1"};
    }

  private:
    TemporaryDirectory directory_;
    std::chrono::seconds ahead_{0};
};

/// A daemon that looks, again and again, which approvals would not be given any more, by a clock that is set.
struct Looking : Stage {
    static UsherdOptions options(const std::string& setting, const std::string& more)
    {
        return {.option = "prompt",
                .organization = "revoke_when_no_longer_approved = \"" + setting + "\"\n" + more};
    }
    static ServerOptions granted()
    {
        ServerOptions granted = ScriptedStage::options({entity_address(Login::component)});
        granted.approval_entities = granted.entities;
        return granted;
    }

    explicit Looking(const UsherdOptions& settings)
        : Stage(granted()),
          usherd(connection_to(server()), settings),
          nurse(enter(kNurse)),
          tybalt(enter(kTybalt)),
          juliet(enter(kJuliet))
    {
        usherd.start(clock.environment());
        usherd.wait_until_answering();
    }

    /// Both ask, and policy approves.
    void approve_both()
    {
        for (WireClient* contact : {&nurse, &tybalt}) {
            contact->send(to(kJuliet, "subscribe"));
            contact->expect_all({presence("subscribed", kJuliet), roster_push(kJuliet)});
        }
    }
    void first_look()
    {
        advance(std::chrono::seconds(61));
        wait_until([](const Json& known) { return known["looked"].is_string(); });
    }

    /// Asking wakes the daemon, which waits for its timers by another clock.
    void advance(std::chrono::seconds time)
    {
        clock.advance(time);
        usherctl.done({"status"});
    }
    Json whole_status() { return usherctl.json("GET", "/v1/status", {"status"}); }
    Json status() { return whole_status()["organizations"][0]; }
    /// What the daemon's status has there, as soon as it is so.
    Json wait_until(const std::function<Json()>& part, const std::function<bool(const Json&)>& is_so)
    {
        Json known;
        for (const Deadline deadline = within(kPatience); remaining_ms(deadline) > 0;) {
            known = part();
            if (!known.is_null() && is_so(known)) {
                return known;
            }
        }
        throw std::runtime_error("not so, after a minute: " + known.dump());
    }
    /// What is known of approvals that would not be given any more.
    Json wait_until(const std::function<bool(const Json&)>& is_so)
    {
        return wait_until([this] { return status()["no_longer_approved"]; }, is_so);
    }
    /// The connection does not survive minutes without a reply. A look that has failed because of that comes a minute after the
    /// domain is answering.
    void look_after(std::chrono::seconds time)
    {
        advance(time);
        for (const Deadline deadline = within(kPatience);
             status()["domains"][0]["state"] != "answering" && remaining_ms(deadline) > 0;) {
        }
        advance(std::chrono::seconds(61));
    }
    void reload(const UsherdOptions& changed)
    {
        usherd.write_settings(changed);
        usherctl.done({"reload"});
        look_after(std::chrono::minutes(5));
    }
    /// The next look, almost three hours after the one before: more would be a gap.
    Json next_look()
    {
        const std::string before = status()["no_longer_approved"]["looked"];
        look_after(std::chrono::minutes(170));
        return wait_until(
            [&before](const Json& known) { return known["looked"] > before && known["problem"] == ""; });
    }
    /// A day, in which each look says that and nothing is to be revoked.
    void pass_a_day_with_problem(const std::string& problem)
    {
        for (int look = 0; look < 9; ++look) {
            advance(std::chrono::minutes(170));
        }
        const Json known = wait_until([&problem](const Json& now) { return now["problem"] == problem; });
        BOOST_TEST(known["from"].is_null());
        BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");
    }
    /// A look has found the nurse's approval, and that alone.
    void nurse_is_revoked_after_a_day(Json known)
    {
        BOOST_TEST(known["found"] == 1);
        const std::string from = known["from"];
        for (int look = 0; look < 8; ++look) {
            known = next_look();
            BOOST_TEST(known["from"] == from);
            BOOST_TEST(known["found"] == 1);
        }
        BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");
        next_look();
        nurse.expect(presence("unsubscribed", kJuliet));
        BOOST_TEST(item_in(nurse.roster(), kJuliet) == "none");
        BOOST_TEST(item_in(juliet.roster(), kNurse) == "none");
        BOOST_TEST(item_in(juliet.roster(), kTybalt) == "from");
        BOOST_TEST(item_in(tybalt.roster(), kJuliet) == "to");
        wait_until([](const Json& now) { return now["found"] == 0; });
        const Json record = Json::parse(usherctl.done({"journal", "--json", "--contact", kNurse, "-n", "1"}));
        BOOST_TEST(record["reason"] == "revoked");
        BOOST_TEST(record["answered_by"] == "policy");
        BOOST_TEST(record["outcome"] == "confirmed");
    }

    DaemonClock clock;
    Usherd usherd;
    Usherctl usherctl{usherd.directory() / "control.sock"};
    WireClient& nurse;
    WireClient& tybalt;
    WireClient& juliet;
};

/// A rule approves Juliet's colleagues, and then it does not; she has made one of them her own.
struct Changing : Looking {
    explicit Changing(const std::string& rule_more = {})
        : Looking(options("report", rule({"capulet.lit"}, "approve") + rule_more))
    {
        approve_both();
        const Element named = juliet.request(
            "set", {}, "<query xmlns='jabber:iq:roster'><item jid='" + kTybalt + "' name='Cousin'/></query>");
        BOOST_REQUIRE_EQUAL(named.attribute("type"), "result");
        first_look();
    }
};

const std::string kGroupNotKnown = "It is not known who is in the group sales.";

/// Who is in Sales, as a directory says, is approved.
const std::string kSalesAreApproved =
    "[[organization.group]]\nname = \"sales\"\nldap = \"(department=Sales)\"\n" +
    rule({"group:sales"}, "approve");

struct WithDirectory : Looking {
    static std::string entry(const std::string& user)
    {
        return "dn: uid=" + user + "," + PrivateSlapd::kBase +
               "\nobjectClass: inetOrgPerson\nobjectClass: directoryUser\nuid: " + user + "\ncn: " + user +
               "\nsn: " + user + "\nmail: " + user + "@capulet.lit\ndepartment: Sales\n\n";
    }
    /// It is read when the settings are, as they are other ones each time, and not by itself in the days of a test.
    static UsherdOptions options(const PrivateSlapd& slapd, int refresh_minutes = 10'000)
    {
        UsherdOptions options = Looking::options("apply", kSalesAreApproved);
        options.more = ldap_section(slapd.url(), PrivateSlapd::kBase) + "tls = \"off\"\nbind_dn = \"" +
                       PrivateSlapd::kReader + "\"\npassword_file = \"" + slapd.password_file() +
                       "\"\nrefresh_minutes = " + std::to_string(refresh_minutes) + "\n";
        return options;
    }

    explicit WithDirectory(const PrivateSlapd& slapd) : Looking(options(slapd))
    {
        wait_until_read([](const Json& ldap) { return ldap["groups"] == 1; });
        approve_both();
        first_look();
    }
    void wait_until_read(const std::function<bool(const Json&)>& is_so)
    {
        wait_until([this] { return whole_status()["ldap"]; }, is_so);
    }
};

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(approvals)

BOOST_AUTO_TEST_CASE(what_policy_has_approved_is_revoked_and_what_a_user_made_their_own_is_kept)
{
    Granted stage;
    const Usherctl& usherctl = stage.usherctl;
    WireClient& nurse = stage.enter(kNurse);
    WireClient& tybalt = stage.enter(kTybalt);
    WireClient& juliet = stage.enter(kJuliet);
    Granted::approve(nurse);
    Granted::approve(tybalt);
    BOOST_TEST(usherctl.json("GET", "/v1/approvals", {"approvals"})["approvals"].size() == 2U);

    const Element named = juliet.request(
        "set", {}, "<query xmlns='jabber:iq:roster'><item jid='" + kTybalt + "' name='Cousin'/></query>");
    BOOST_TEST_REQUIRE(named.attribute("type") == "result", named.str());
    const Json listed = usherctl.json("GET", "/v1/approvals", {"approvals", "--user", kJuliet});
    BOOST_REQUIRE(listed["approvals"].size() == 1U);
    BOOST_TEST(listed["approvals"][0]["contact"] == kNurse);
    BOOST_TEST(listed["approvals"][0]["reason"] == "in organization");
    BOOST_REQUIRE(listed["own"].size() == 1U);
    BOOST_TEST(listed["own"][0]["contact"] == kTybalt);
    BOOST_TEST(listed["own"][0]["own"] == "named");
    const std::string text = usherctl.done({"approvals", "--contact", kTybalt});
    BOOST_TEST(has(text, "No approval of policy's is in force.\n"), text);
    BOOST_TEST(has(text, "the contact has a name in the user's list that Usher would not give today\n"),
               text);

    const std::string preview = usherctl.done({"revoke"});
    BOOST_TEST(has(preview, "Nothing was revoked yet. To revoke 1 approval, "), preview);
    BOOST_TEST(usherctl.json("POST", "/v1/revocations", {"revoke"})["approvals"][0]["outcome"].is_null());
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");

    const Json revoked = usherctl.json("POST", "/v1/revocations", {"revoke", "--apply"});
    BOOST_REQUIRE(revoked["approvals"].size() == 1U);
    BOOST_TEST(revoked["approvals"][0]["contact"] == kNurse);
    BOOST_TEST(revoked["approvals"][0]["outcome"] == "revoked");
    nurse.expect(presence("unsubscribed", kJuliet));
    BOOST_TEST(item_in(nurse.roster(), kJuliet) == "none");
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "none");
    BOOST_TEST(item_in(juliet.roster(), kTybalt) == "from");
    BOOST_TEST(item_in(tybalt.roster(), kJuliet) == "to");
    const Json record =
        Json::parse(usherctl.done({"journal", "--json", "--user", kJuliet, "--contact", kNurse, "-n", "1"}));
    BOOST_TEST(record["answer"] == "deny");
    BOOST_TEST(record["reason"] == "revoked");
    BOOST_TEST(record["outcome"] == "confirmed");
    BOOST_TEST(record["answered_by"] != "");
    BOOST_TEST(has(usherctl.done({"revoke", "--apply"}), "There is nothing to revoke.\n"));

    Granted::approve(nurse);  // she may ask again
    BOOST_TEST(usherctl.json("GET", "/v1/approvals", {"approvals"})["approvals"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_server_that_lets_only_read_is_listed_and_revokes_nothing)
{
    Granted stage(false);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    Granted::approve(nurse);
    BOOST_TEST(stage.usherctl.json("GET", "/v1/approvals", {"approvals"})["approvals"].size() == 1U);
    const std::string refused = stage.usherctl.refused({"revoke", "--apply"});
    BOOST_TEST(has(refused, "does not allow Usher to revoke approvals"), refused);
    BOOST_TEST(item_in(juliet.roster(), kNurse) == "from");
    BOOST_TEST(stage.usherctl.json("GET", "/v1/approvals", {"approvals"})["approvals"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_policy_would_not_give_any_more_is_counted_and_revoked_after_a_day)
{
    if (!DaemonClock::can_be_set()) {
        BOOST_TEST_MESSAGE("The clock is not set: libfaketime does not work under the sanitizers.");
        return;
    }
    Changing stage;
    BOOST_TEST(stage.status()["no_longer_approved"]["found"] == 0);
    stage.reload(Changing::options("report", ""));
    Json known = stage.wait_until([](const Json& now) { return now["found"] == 1; });
    BOOST_TEST(known["from"].is_null());
    BOOST_TEST(has(stage.usherctl.done({"status"}), "usherctl approvals --no-longer"));

    // A directory that is away: it is not known who is in the group.
    UsherdOptions away = Changing::options("apply", kSalesAreApproved);
    away.more = ldap_section("ldap://127.0.0.1:1", "dc=example,dc=org") + "tls = \"off\"\n";
    stage.reload(away);
    stage.wait_until([](const Json& now) { return now["problem"] == kGroupNotKnown; });
    stage.pass_a_day_with_problem(kGroupNotKnown);

    stage.usherd.write_settings(Changing::options("apply", ""));
    stage.usherctl.done({"reload"});
    stage.nurse_is_revoked_after_a_day(stage.next_look());
}

BOOST_AUTO_TEST_CASE(while_the_directory_is_away_nothing_is_revoked_and_who_has_left_is_after_it_is_back)
{
    if (!DaemonClock::can_be_set()) {
        BOOST_TEST_MESSAGE("The clock is not set: libfaketime does not work under the sanitizers.");
        return;
    }
    PrivateSlapd slapd(WithDirectory::entry("nurse") + WithDirectory::entry("tybalt"));
    WithDirectory stage(slapd);
    BOOST_TEST(stage.status()["no_longer_approved"]["found"] == 0);

    slapd.stop();
    const auto read_again = [&](int minutes, const std::function<bool(const Json&)>& is_so) {
        stage.usherd.write_settings(WithDirectory::options(slapd, minutes));
        stage.usherctl.done({"reload"});
        stage.wait_until_read(is_so);
    };
    read_again(10'001, [](const Json& ldap) { return ldap["problem"] != ""; });
    stage.look_after(std::chrono::minutes(5));
    stage.pass_a_day_with_problem("The directory, which says who is in groups, cannot be read.");

    BOOST_TEST(stage.usherd.stop() == 0);  // what it has read is gone
    stage.usherd.start(stage.clock.environment());
    stage.usherd.wait_until_answering();
    stage.wait_until_read([](const Json& ldap) { return ldap["problem"] != ""; });
    stage.look_after(std::chrono::minutes(5));
    stage.pass_a_day_with_problem(kGroupNotKnown);

    slapd.start();
    slapd.change("dn: uid=nurse," + std::string(PrivateSlapd::kBase) + "\nchangetype: delete\n");
    read_again(10'002, [](const Json& ldap) { return ldap["problem"] == "" && ldap["groups"] == 1; });
    stage.look_after(std::chrono::minutes(5));
    stage.nurse_is_revoked_after_a_day(
        stage.wait_until([](const Json& known) { return known["found"] == 1; }));
}

BOOST_AUTO_TEST_CASE(an_approval_ends_when_its_rule_says)
{
    if (!DaemonClock::can_be_set()) {
        BOOST_TEST_MESSAGE("The clock is not set: libfaketime does not work under the sanitizers.");
        return;
    }
    Changing stage("for = \"4h\"\n");
    const std::string explained = stage.usherctl.done({"explain", kJuliet, "peter@capulet.lit"});
    BOOST_TEST(has(explained, "The approval ends after 4 hours,"), explained);
    BOOST_TEST(has(stage.usherctl.done({"approvals"}), "rule 1, until "));
    stage.reload(Changing::options("never", ""));
    stage.next_look();
    BOOST_TEST(item_in(stage.juliet.roster(), kNurse) == "from");
    stage.next_look();
    BOOST_TEST(stage.next_look()["setting"] == "never");
    stage.nurse.expect(presence("unsubscribed", kJuliet));
    BOOST_TEST(item_in(stage.nurse.roster(), kJuliet) == "none");
    BOOST_TEST(item_in(stage.juliet.roster(), kNurse) == "none");
    BOOST_TEST(item_in(stage.juliet.roster(), kTybalt) == "from");
}

BOOST_AUTO_TEST_CASE(after_the_store_was_restored_from_a_backup_nothing_from_before_is_revoked)
{
    Granted stage;
    const TemporaryDirectory cache;
    const std::vector<std::string> environment{"CACHE_DIRECTORY=" + cache.path().string()};
    const std::filesystem::path store = stage.usherd.directory() / "usher.db";
    const std::filesystem::path backup = cache.path() / "backup.db";
    const auto restart = [&](const std::function<void()>& meanwhile) {
        BOOST_TEST(stage.usherd.stop() == 0);
        meanwhile();
        stage.usherd.start(environment);
        stage.usherd.wait_until_answering();
    };
    stage.person(kJuliet);
    Granted::approve(stage.enter(kNurse));
    restart([&] { std::filesystem::copy_file(store, backup); });
    Granted::approve(stage.enter(kTybalt));  // of this nothing is known later
    restart([&] {
        std::filesystem::copy_file(backup, store, std::filesystem::copy_options::overwrite_existing);
    });
    BOOST_TEST(has(stage.usherd.log_text(), "the store has lost records"));
    Granted::approve(stage.enter("peter@capulet.lit"));

    const Json listed = stage.usherctl.json("GET", "/v1/approvals", {"approvals"});
    BOOST_REQUIRE(listed["own"].size() == 1U);
    BOOST_TEST(listed["own"][0]["contact"] == kNurse);
    BOOST_TEST(listed["own"][0]["own"] == "not-certain");
    BOOST_REQUIRE(listed["approvals"].size() == 1U);
    BOOST_TEST(listed["approvals"][0]["contact"] == "peter@capulet.lit");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
