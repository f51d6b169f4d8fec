// usherctl with the daemon on a real server: every command does what it says.
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "servers.h"
#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

using Json = nlohmann::json;

const std::string kNurse = "nurse@capulet.lit";
const std::string kTybalt = "tybalt@capulet.lit";

UsherdOptions with_option(const std::string& option, bool users_may_choose = true)
{
    UsherdOptions options;
    options.option = option;
    options.users_may_choose = users_may_choose;
    return options;
}

struct Steered {
    explicit Steered(const UsherdOptions& options = with_option("prompt")) : stage(Login::component, options)
    {
    }

    /// The contact asks, and the user is asked.
    void ask(WireClient& contact, WireClient& user)
    {
        contact.send(to(user.address(), "subscribe"));
        user.expect(presence("subscribe", contact.address()));
    }

    /// The journal's record of the one request of that contact to that user, when it has been made.
    [[nodiscard]] Json record_of(const std::string& user, const std::string& contact) const
    {
        for (const Deadline deadline = within(kPatience); remaining_ms(deadline) > 0;) {
            const std::string found =
                usherctl.done({"journal", "--json", "--user", user, "--contact", contact});
            if (!found.empty()) {
                return Json::parse(found);
            }
        }
        throw std::runtime_error("the request of " + contact + " to " + user + " was not recorded in time");
    }

    UsherStage stage;
    Usherctl usherctl{stage.usherd().directory() / "control.sock"};
};

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(control)

BOOST_FIXTURE_TEST_CASE(status_shows_that_requests_are_answered, Steered)
{
    const std::string text = usherctl.done({"status"});
    BOOST_TEST(has(text, "Connected as usher.capulet.lit\n"), text);
    BOOST_TEST(has(text, "capulet.lit        answering; the connector last replied at "), text);
    const Json status = usherctl.json("GET", "/v1/status", {"status"});
    BOOST_TEST(status["online"] == true);
    BOOST_TEST(status["offline_because"] == "");
    BOOST_TEST(status["organizations"][0]["domains"][0]["state"] == "answering");
    BOOST_TEST(status["organizations"][0]["domains"][0]["last_round_trip"].is_string());

    stage.server().kill();
    stage.usherd().wait_for_status("connecting");
    const std::string offline = usherctl.done({"status"});
    BOOST_TEST(has(offline, "NOT CONNECTED as usher.capulet.lit: "), offline);
    BOOST_TEST(has(usherctl.refused({"waiting"}), "not connected"));
}

BOOST_FIXTURE_TEST_CASE(check_asks_the_server_beside_the_daemons_work, Steered)
{
    const std::string text = usherctl.done({"check"});
    BOOST_TEST(has(text, "passed        connector: urn:xmpp:subscription-requests:0\n"), text);
    BOOST_TEST(has(text, "passed        grant: "), text);
    BOOST_TEST(has(text, "\nRequests can be answered on capulet.lit.\n"), text);
    const Json check = usherctl.json("GET", "/v1/check", {"check"});
    BOOST_TEST(check["all_answered"] == true);
    BOOST_TEST(check["silent"].empty());

    stage.server().unload_connector();
    const Usherctl::Ran without = usherctl.run({"check"});
    BOOST_TEST(without.status == 1);
    BOOST_TEST(
        has(without.output, "failed        connector: none: requests are not seen; the connector last "),
        without.output);
    BOOST_TEST(has(without.output, "Requests cannot be answered on capulet.lit.\n"), without.output);
    stage.usherd().wait_for_status("answering on 0 of 1 domains");  // E36
    const std::string deaf = usherctl.done({"status"});
    BOOST_TEST(has(deaf, "NOT ANSWERING: the server has no connector for this domain; the connector last "),
               deaf);

    stage.server().kill();
    stage.usherd().wait_for_status("connecting");
    BOOST_TEST(has(usherctl.refused({"check"}), "usherd is not connected to the server: "));
    stage.usherd().stop();
    const std::string alone = usherctl.refused({"check"});
    BOOST_TEST(has(alone, "usherd is not running"));
    BOOST_TEST(has(alone, "`usherd --check --online` asks without it\n"));
}

BOOST_FIXTURE_TEST_CASE(option_changes_the_next_decision, Steered)
{
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    ask(nurse, juliet);
    const std::string chosen = usherctl.done({"option", kJuliet, "all"});
    BOOST_TEST(has(chosen, "in force          Accept requests automatically from all contacts (all)\n"),
               chosen);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(presence("subscribed", kJuliet));
    BOOST_TEST(!juliet.has_received(presence("subscribe", kRomeo)));

    const Json back = usherctl.json("DELETE", "/v1/option/{user}", {"option", kJuliet, "default"});
    BOOST_TEST(back["in_force"] == "prompt");
    BOOST_TEST(back["chosen"].is_null());
    const Json shown = usherctl.json("GET", "/v1/option/{user}", {"option", kJuliet});
    BOOST_TEST(shown == back);
    BOOST_TEST(usherctl.json("GET", "/v1/status", {"status"})["organizations"][0]["choices"] == 0);
}

BOOST_AUTO_TEST_CASE(option_is_refused_where_users_may_not_choose)
{
    const Steered steered(with_option("organization", false));
    BOOST_TEST(
        has(steered.usherctl.refused({"option", kJuliet, "all"}), "Accept requests automatically from"));
    BOOST_TEST(has(steered.usherctl.done({"option", kJuliet}), "users of Capulet may not choose"));
    BOOST_TEST(
        has(steered.usherctl.refused({"option", "a@nowhere.lit"}), "not a domain of any organization"));
}

BOOST_FIXTURE_TEST_CASE(what_waits_is_listed_explained_and_answered_by_hand, Steered)
{
    BOOST_TEST(usherctl.done({"waiting"}) == "Nothing waits.\n");
    WireClient& tybalt = stage.enter(kTybalt);
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    ask(tybalt, juliet);
    ask(tybalt, nurse);

    BOOST_TEST(usherctl.json("GET", "/v1/waiting", {"waiting"})["requests"].size() == 2U);
    const Json hers = usherctl.json("GET", "/v1/waiting", {"waiting", kJuliet});
    BOOST_REQUIRE(hers["requests"].size() == 1U);
    BOOST_TEST(hers["requests"][0]["contact"] == kTybalt);
    const std::string text = usherctl.done({"waiting"});
    BOOST_TEST(has(text, "juliet@capulet.lit  tybalt@capulet.lit  "), text);

    const std::string why = usherctl.done({"explain", kJuliet, kTybalt});
    BOOST_TEST(has(why, "as it waits now"), why);
    BOOST_TEST(has(why, "option                DECIDES "), why);
    BOOST_TEST(has(why, "Answer: leave (prompt)"), why);

    const Json approved = usherctl.json("POST", "/v1/answer", {"answer", kJuliet, kTybalt, "approve"});
    tybalt.expect(presence("subscribed", kJuliet));
    const Json decision = usherctl.json("GET", "/v1/journal/{id}", {"journal", approved["id"]});
    BOOST_TEST(decision["answer"] == "approve");
    BOOST_TEST(decision["answered_by"] != "");
    BOOST_TEST(decision["outcome"] == "confirmed");
    BOOST_TEST(usherctl.json("GET", "/v1/journal/{id}", {"journal", approved["id"]}) == decision);
    BOOST_TEST(has(usherctl.done({"answer", kNurse, kTybalt, "deny"}), "Denied: tybalt@capulet.lit -> "));
    tybalt.expect(presence("unsubscribed", kNurse));
    BOOST_TEST(has(usherctl.refused({"answer", kNurse, kTybalt, "approve"}), "No request of tybalt"));
}

BOOST_FIXTURE_TEST_CASE(review_shows_then_answers_what_waits, Steered)
{
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    ask(romeo, juliet);
    ask(nurse, juliet);
    usherctl.done({"option", kJuliet, "organization"});

    const Json shown = usherctl.json("GET", "/v1/review", {"review"});
    BOOST_REQUIRE(shown["requests"].size() == 2U);
    for (const Json& request : shown["requests"]) {
        BOOST_TEST(request["answer"] == (request["contact"] == kNurse ? "approve" : "leave"));
        BOOST_TEST(request["outcome"].is_null());
    }
    BOOST_TEST(has(usherctl.done({"review", kJuliet}), "Policy has an answer to 1 request of 2"));

    const Json applied = usherctl.json("POST", "/v1/review", {"review", "--apply"});
    nurse.expect(presence("subscribed", kJuliet));
    BOOST_REQUIRE(applied["requests"].size() == 2U);
    for (const Json& request : applied["requests"]) {
        BOOST_TEST(request["outcome"] == (request["contact"] == kNurse ? Json("answered") : Json(nullptr)));
    }
    BOOST_TEST(usherctl.json("GET", "/v1/waiting", {"waiting"})["requests"].size() == 1U);
    const std::string rest = usherctl.done({"review", "--apply"});
    BOOST_TEST(has(rest, "left to the user\n"), rest);
}

BOOST_FIXTURE_TEST_CASE(journal_shows_what_was_decided_and_follows_what_is, Steered)
{
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    ask(romeo, juliet);
    FollowingUsherctl all(usherctl, {"journal", "--follow"});
    BOOST_TEST(has(all.line(), "romeo@montague.lit -> juliet@capulet.lit"));  // it follows from here on
    FollowingUsherctl nurses(usherctl, {"journal", "-f", "--contact", kNurse, "--since", "1h", "--json"});
    usherctl.done({"option", kJuliet, "all"});
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(presence("subscribed", kJuliet));
    const std::string line = all.line();
    BOOST_TEST(has(line, "approve  all contacts            nurse@capulet.lit -> juliet@capulet.lit"), line);
    const Json record = Json::parse(nurses.line());
    BOOST_TEST(record["contact"] == kNurse);
    BOOST_TEST(has(line, record["id"].get<std::string>()));

    const std::string text = usherctl.done({"journal", record["id"].get<std::string>()});
    BOOST_TEST(has(text, "user's choice             Accept requests automatically from all contacts (all)\n"),
               text);
    BOOST_TEST(
        has(usherctl.done({"journal", "--user", kJuliet, "-n", "1"}), record["id"].get<std::string>()));
    const std::string since = usherctl.done({"journal", "--since", "1h"});
    BOOST_TEST(std::count(since.begin(), since.end(), '\n') == 2);
    BOOST_TEST(usherctl.done({"journal", "--since", "0s"}) == "");
    BOOST_TEST(has(usherctl.refused({"journal", "7"}), "no decision 7"));

    BOOST_TEST(stage.usherd().stop() == 0);
    BOOST_TEST(all.wait_for_end() == 1);
    BOOST_TEST(all.errors() == "usherctl: usherd has stopped\n");
    BOOST_TEST(nurses.wait_for_end() == 1);
}

BOOST_FIXTURE_TEST_CASE(general_settings_are_in_force_at_once_and_survive_a_restart, Steered)
{
    WireClient& nurse = stage.enter(kNurse);
    WireClient& tybalt = stage.enter(kTybalt);
    WireClient& juliet = stage.enter(kJuliet);
    ask(nurse, juliet);
    const std::string saved =
        usherctl.done({"organization", "Capulet", "--option", "organization", "--users-may-choose", "no"});
    BOOST_TEST(has(saved, "option            organization  saved by "), saved);
    nurse.expect(presence("subscribed", kJuliet));  // what waits is looked at again
    BOOST_TEST(has(usherctl.refused({"option", kJuliet, "prompt"}), "Accept requests automatically from"));

    BOOST_TEST(stage.usherd().stop() == 0);
    stage.usherd().start();
    stage.usherd().wait_until_answering();
    tybalt.send(to(kJuliet, "subscribe"));
    tybalt.expect(presence("subscribed", kJuliet));
    const Json reset =
        usherctl.json("DELETE", "/v1/organizations/{name}/general", {"organization", "Capulet", "--reset"});
    BOOST_TEST(reset["option"]["value"] == "prompt");
    BOOST_TEST(reset["users_may_choose"]["value"] == true);
    BOOST_TEST(usherctl.json("GET", "/v1/organizations/{name}/general", {"organization", "Capulet"}) ==
               reset);
    BOOST_TEST(
        has(usherctl.refused({"organization", "Capulet", "--domains", "x.lit"}), "x.lit cannot be chosen"));
    BOOST_TEST(has(usherctl.refused({"organization", "Montague"}), "no organization Montague"));
}

BOOST_FIXTURE_TEST_CASE(federation_is_saved_in_force_at_once_and_reset, Steered)
{
    WireClient& juliet = stage.enter(kJuliet);
    BOOST_TEST(has(usherctl.done({"organization", "Capulet"}), "federation        open "));
    const std::string saved =
        usherctl.done({"organization", "Capulet", "--federation", "listed", "--federation-domains",
                       "Mantua.lit,*.verona.lit", "--federation-answer", "deny"});
    BOOST_TEST(has(saved, "federation        for mantua.lit, *.verona.lit; others are denied  saved by "),
               saved);
    const Json shown =
        usherctl.json("GET", "/v1/organizations/{name}/general", {"organization", "Capulet"})["federation"];
    BOOST_TEST(shown["value"] == Json({{"mode", "listed"},
                                       {"domains", Json::array({"mantua.lit", "*.verona.lit"})},
                                       {"answer", "deny"}}),
               shown.dump());
    WireClient& romeo = stage.enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(presence("unsubscribed", kJuliet));
    BOOST_TEST(record_of(kJuliet, kRomeo)["reason"] == "federation: domain not listed");
    ask(stage.enter("paris@mantua.lit"), juliet);
    ask(stage.enter(kNurse), juliet);
    usherctl.done({"organization", "Capulet", "--federation", "closed", "--federation-answer", "deny"});
    WireClient& benvolio = stage.enter("benvolio@mantua.lit");
    benvolio.send(to(kJuliet, "subscribe"));
    benvolio.expect(presence("unsubscribed", kJuliet));

    const Json reset =
        usherctl.json("DELETE", "/v1/organizations/{name}/general", {"organization", "Capulet", "--reset"});
    BOOST_TEST(reset["federation"]["value"]["mode"] == "open", reset.dump());
    ask(romeo, juliet);
}

BOOST_FIXTURE_TEST_CASE(replay_shows_what_another_policy_would_have_answered, Steered)
{
    usherctl.done({"option", kJuliet, "organization"});
    WireClient& romeo = stage.enter(kRomeo);
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    ask(romeo, juliet);
    nurse.send(to(kJuliet, "subscribe"));
    nurse.expect(presence("subscribed", kJuliet));
    static_cast<void>(record_of(kJuliet, kRomeo));
    BOOST_TEST(usherctl.done({"replay"}) ==
               "2 decisions made again under the policy in force: none differs.\n");
    BOOST_TEST(usherctl.json("POST", "/v1/replay", {"replay", "--own-policy"})["decided"] == 2);

    // Files that are not in force: where users may not choose, all are asked, or none.
    const auto other_file = [this](const std::string& option) {
        stage.usherd().write_settings(with_option(option, false));
        const auto other = stage.usherd().directory() / (option + ".toml");
        std::filesystem::copy_file(stage.usherd().directory() / "usher.toml", other);
        return other.string();
    };
    const std::string prompt = other_file("prompt");
    const Usherctl::Ran ran = usherctl.run({"replay", "--config", prompt});
    BOOST_TEST(ran.status == 1);
    BOOST_TEST(has(ran.output, "2 decisions made again under " + prompt + ": 1 differs.\n"), ran.output);
    BOOST_TEST(has(ran.output, "\n1: approve (in organization) -> leave (prompt)\n"), ran.output);
    BOOST_TEST(has(ran.output, kNurse + " -> " + kJuliet), ran.output);
    const std::string all = other_file("all");
    BOOST_TEST(
        has(usherctl.run({"replay", "--config", all, "--organization", "Capulet", "--since", "1h"}).output,
            "\n1: leave (outside organization) -> approve (all contacts)\n"));
    BOOST_TEST(usherctl.done({"replay", "--config", all, "--user", kNurse}) ==
               "0 decisions made again under " + all + ": none differs.\n");
    const auto not_compared = [this](const std::string& file) {
        const Usherctl::Ran tried = usherctl.run({"replay", "--config", file});
        BOOST_TEST(tried.status == 2);
        return tried.errors;
    };
    const std::string wrong = not_compared(other_file("everyone"));
    BOOST_TEST(has(wrong, "everyone.toml:"), wrong);
    BOOST_TEST(has(wrong, "organization.option: found \"everyone\"; accepted: all, organization, prompt\n"),
               wrong);
    BOOST_TEST(has(not_compared("/nowhere"), "/nowhere: No such file"));

    const Json federation = usherctl.json("GET", "/v1/federation", {"federation", "Capulet"});
    BOOST_TEST(federation["organizations"][0]["domains"][0]["left"] == 1);
    BOOST_TEST(has(usherctl.done({"federation"}), "montague.lit"));
}

BOOST_FIXTURE_TEST_CASE(reload_applies_a_valid_file_and_says_what_is_wrong_with_another, Steered)
{
    WireClient& nurse = stage.enter(kNurse);
    WireClient& juliet = stage.enter(kJuliet);
    ask(nurse, juliet);
    stage.usherd().write_settings(with_option("everyone"));
    const std::string wrong = usherctl.refused({"reload"});
    BOOST_TEST(has(wrong, "organization.option: found \"everyone\"; accepted: all, organization, prompt\n"),
               wrong);
    BOOST_TEST(has(wrong, "the previous settings stay in force\n"), wrong);
    stage.usherd().write_settings(with_option("organization"));
    const Json reloaded = usherctl.json("POST", "/v1/reload", {"reload"});
    BOOST_TEST(reloaded["need_restart"].empty());
    nurse.expect(presence("subscribed", kJuliet));
}

BOOST_AUTO_TEST_CASE(daemon_that_is_not_running_is_one_clear_message)
{
    const TemporaryDirectory directory;
    const Usherctl nowhere(directory.path() / "control.sock");
    BOOST_TEST(nowhere.refused({"status"}) ==
               "usherctl: usherd is not running, still waits for its store, or listens elsewhere: " +
                   (directory.path() / "control.sock").string() + ": No such file or directory\n");

    Steered steered;
    steered.stage.usherd().kill();
    BOOST_TEST(has(steered.usherctl.refused({"journal", "--follow"}), "control.sock: Connection refused"));
    // What it left behind is in nobody's way.
    steered.stage.usherd().start();
    BOOST_TEST(has(steered.usherctl.done({"status"}), "usherd "));
}

BOOST_FIXTURE_TEST_CASE(second_daemon_with_the_same_socket_does_not_start, Steered)
{
    Usherd second(connection_to(stage.server()), {});
    std::filesystem::remove(second.directory() / "usher.toml");
    std::filesystem::copy_file(stage.usherd().directory() / "usher.toml", second.directory() / "usher.toml");
    BOOST_TEST(second.run_to_its_end() == 1);
    BOOST_TEST(has(second.log_text(), "control.sock: another usherd listens there"), second.log_text());
    BOOST_TEST(usherctl.json("GET", "/v1/status", {"status"})["online"] == true);
}

BOOST_FIXTURE_TEST_CASE(only_who_may_open_the_socket_steers, Steered,
                        *boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
                            return ::geteuid() == 0;  // to be somebody else
                        }))
{
    const auto socket = stage.usherd().directory() / "control.sock";
    std::filesystem::permissions(stage.usherd().directory(),
                                 std::filesystem::perms::group_exec | std::filesystem::perms::others_exec,
                                 std::filesystem::perm_options::add);
    struct stat status{};
    BOOST_REQUIRE(::stat(socket.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 07777) == 0660);
    const std::string group = ::getgrgid(status.st_gid)->gr_name;

    const Usherctl outsider(socket, {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
    const std::string denied = outsider.refused({"option", kJuliet, "all"});
    BOOST_TEST(has(denied, "control.sock: Permission denied; members of the group " + group + ","), denied);
    BOOST_TEST(usherctl.json("GET", "/v1/option/{user}", {"option", kJuliet})["chosen"].is_null());

    // A member of the group, and the journal and the settings know who it was.
    const Usherctl member(socket, {"/usr/bin/setpriv", "--reuid=65534",
                                   "--regid=" + std::to_string(status.st_gid), "--clear-groups"});
    BOOST_TEST(has(member.done({"organization", "Capulet", "--option", "all"}), "saved by nobody on "));
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& romeo = stage.enter(kRomeo);
    usherctl.done({"option", kJuliet, "prompt"});
    ask(romeo, juliet);
    const Json answered = member.json("POST", "/v1/answer", {"answer", kJuliet, kRomeo, "deny"});
    BOOST_TEST(usherctl.json("GET", "/v1/journal/{id}", {"journal", answered["id"]})["answered_by"] ==
               "nobody");
}

BOOST_AUTO_TEST_CASE(wrong_command_lines_are_usage)
{
    const Usherctl usherctl("/nowhere");
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {},
             {"nothing"},
             {"explain", kJuliet},
             {"explain", kJuliet, "romeo@"},
             {"option", kJuliet, "everyone"},
             {"answer", kJuliet, kRomeo, "leave"},
             {"journal", "--since", "yesterday"},
             {"journal", "abc"},
             {"journal", "-n", "0"},
             {"replay", "--config", "new.toml", "--own-policy"},
             {"replay", "--since", "yesterday"},
             {"organization"},
             {"organization", "Capulet", "--users-may-choose", "perhaps"},
             {"organization", "Capulet", "--reset", "--option", "all"},
             {"organization", "Capulet", "--reset", "--federation", "closed"},
             {"organization", "Capulet", "--federation-domains", "mantua.lit"},
         }) {
        const Usherctl::Ran ran = usherctl.run(arguments);
        BOOST_TEST(ran.status == 2, (arguments.empty() ? std::string("nothing") : arguments.back()));
        BOOST_TEST(ran.output == "");
    }
    BOOST_TEST(usherctl.run({"--help"}).status == 0);
    BOOST_TEST(usherctl.run({"--version"}).output.starts_with("usherctl "));
}

/// What `explain` says before a request is what the journal says after it.
BOOST_AUTO_TEST_CASE(explain_agrees_with_the_journal)
{
    constexpr int kRequests = 100;
    constexpr int kUsers = 12;
    constexpr int kContacts = 10;
    const std::uint32_t seed = std::random_device()();
    BOOST_TEST_MESSAGE("seed " << seed);
    BOOST_TEST_CONTEXT("seed " << seed)
    {
        std::mt19937 random(seed);
        const auto any = [&random](int below) {
            return std::uniform_int_distribution<>(0, below - 1)(random);
        };
        const auto user = [](int i) { return "user" + std::to_string(i) + "@capulet.lit"; };
        const auto contact = [](int i) {
            return "contact" + std::to_string(i) + (i % 2 == 0 ? "@capulet.lit" : "@montague.lit");
        };

        UsherdOptions options = with_option("organization");
        options.organization =
            "[[organization.group]]\nname = \"feud\"\nmembers = [\"group:montagues\"]\n"
            "[[organization.group]]\nname = \"montagues\"\nmembers = [\"" +
            contact(0) + "\", \"" + contact(1) + "\"]\n" + rule({"group:feud"}, "deny") +
            rule({contact(2)}, "leave") + rule({contact(3)}, "approve");
        options.more = "\n[limits]\napprovals_per_contact_per_hour = 4\n";
        Steered steered(options);
        std::vector<WireClient*> contacts;
        for (int i = 0; i < kContacts; ++i) {
            contacts.push_back(&steered.stage.enter(contact(i)));
        }
        for (int i = 0; i < kUsers; ++i) {
            steered.stage.server().add_account(user(i));
            const char* choices[] = {"all", "organization", "prompt", "default"};
            steered.usherctl.done({"option", user(i), choices[any(4)]});
            // Some are for contacts whom rules are for, and some for others' whole domains.
            steered.usherctl.done({"exceptions", user(i), "--always-accept",
                                   contact(any(4)) + "," + contact(4 + any(2)), "--never-accept",
                                   contact(6 + any(2)), "--always-ask",
                                   contact(8 + any(2)) + (any(2) == 0 ? ",montague.lit" : "")});
        }

        contacts[0]->send(to(user(0), "subscribe"));
        contacts[0]->expect(presence("unsubscribed", user(0)));
        const std::string why =
            steered.usherctl.json("GET", "/v1/explain", {"explain", user(0), contact(0)})["steps"]
                .back()["why"];
        BOOST_TEST(
            why.ends_with("matches and says deny: the contact is in the group feud (through montagues)."),
            why);

        std::set<std::pair<int, int>> asked{{0, 0}};
        std::map<std::string, int> reasons;
        while (asked.size() < kRequests + 1) {
            const int from = any(kContacts);
            const int whom = any(kUsers);
            if (!asked.emplace(from, whom).second) {
                continue;
            }
            const Json explained =
                steered.usherctl.json("GET", "/v1/explain", {"explain", user(whom), contact(from)});
            contacts[static_cast<std::size_t>(from)]->send(to(user(whom), "subscribe"));
            const Json decided = steered.record_of(user(whom), contact(from));
            BOOST_REQUIRE(decided["user"] == user(whom));
            BOOST_REQUIRE(decided["contact"] == contact(from));
            for (const char* member : {"answer", "reason", "rule", "facts", "generation", "organization"}) {
                BOOST_TEST(explained[member] == decided[member], member << " for " << explained.dump());
            }
            ++reasons[decided["reason"]];
        }
        for (const auto& [reason, count] : reasons) {
            BOOST_TEST_MESSAGE(reason << ": " << count);
        }
        for (const char* reason :
             {"rule", "exception: always accept", "exception: never accept", "exception: always ask"}) {
            BOOST_TEST(reasons[reason] > 0, reason);
        }
    }
}

/// Settings are changed while requests are in flight: each decision is what the generation that it names
/// says.
BOOST_AUTO_TEST_CASE(each_decision_fits_the_generation_that_it_names)
{
    constexpr int kChanges = 12;
    constexpr int kRequests = 10;  // in flight at each
    UsherdOptions options = with_option("prompt", false);
    options.more = "\n[limits]\napprovals_per_contact_per_hour = 1000\n";
    Steered steered(options);
    const auto generation = [&] {
        return steered.usherctl.json("GET", "/v1/status", {"status"})["generation"].get<std::uint64_t>();
    };
    std::map<std::uint64_t, std::string> answers{{generation(), "leave"}};
    WireClient& nurse = steered.stage.enter(kNurse);
    std::vector<Matcher> approvals;
    for (int change = 1; change <= kChanges; ++change) {
        std::string requests;
        for (int i = 0; i < kRequests; ++i) {
            const std::string user = "user" + std::to_string(change * kRequests + i) + "@capulet.lit";
            steered.stage.server().add_account(user);
            requests += to(user, "subscribe");
            approvals.push_back(presence("subscribed", user));
        }
        nurse.send(requests);
        const bool approve = change % 2 == 0;  // the last one, too: all are approved in the end
        steered.usherctl.done({"organization", "Capulet", "--option", approve ? "organization" : "prompt",
                               "--users-may-choose", change % 3 == 0 ? "yes" : "no"});
        answers[generation()] = approve ? "approve" : "leave";
    }
    nurse.expect_all(approvals);

    std::map<std::string, int> seen;
    std::istringstream records(steered.usherctl.done({"journal", "--since", "1h", "--json"}));
    for (std::string line; std::getline(records, line);) {
        const Json record = Json::parse(line);
        const auto made_under = record["generation"].get<std::uint64_t>();
        BOOST_TEST_REQUIRE(answers.contains(made_under), line);
        BOOST_TEST(record["answer"] == answers[made_under], line);
        ++seen[record["answer"]];
    }
    BOOST_TEST(seen["approve"] == kChanges * kRequests);
    BOOST_TEST(seen["leave"] > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
