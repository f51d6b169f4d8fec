// Several daemons on one component domain: ejabberd's way to scale out. It spreads the asks over them, and one that falls does
// not stop the others. With one store (PostgreSQL) they decide as one.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "menus.h"
#include "private_postgres.h"
#include "progress.h"
#include "servers.h"
#include "stage.h"
#include "usherctl.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

using Json = nlohmann::json;
using menus::Strings;

constexpr int kUsers = 40;
constexpr int kContacts = 50;

/// So many decisions of each instance, and of each kind, show something.
constexpr int kEnough = 3;

const std::string kNoLimits =
    "[limits]\napprovals_per_contact_per_hour = 0\napprovals_per_domain_per_hour = 0\n"
    "approvals_per_user_per_hour = 0\n";

/// A role of PostgreSQL that one instance may have for itself.
const std::string kRole = "benvolio";

UsherdOptions with_option(const std::string& option, const std::string& limits = kNoLimits)
{
    UsherdOptions options;
    options.option = option;
    options.users_may_choose = true;
    options.more = limits;
    return options;
}

/// Daemons that are instances of one component. On PostgreSQL they have one store.
class Instances : public Stage
{
  public:
    Instances(int count, UsherdOptions options, const HoldLimits& limits = {})
        : Stage(ScriptedStage::options({entity_address(Login::component)}, limits))
    {
        if (stores_are_on_postgresql()) {
            database_ = shared_postgres().create_database();
            options.store_url = shared_postgres().url(database_);
        }
        for (int i = 0; i < count; ++i) {
            add(options);
        }
    }

    Usherd& add(const UsherdOptions& options)
    {
        Usherd& added = instances_.emplace_back(connection_to(server()), options);
        added.start();
        added.wait_until_answering();
        return added;
    }

    [[nodiscard]] std::size_t count() const { return instances_.size(); }
    [[nodiscard]] Usherd& instance(std::size_t i) { return instances_.at(i); }
    [[nodiscard]] Usherctl usherctl(std::size_t i) const
    {
        return Usherctl(instances_.at(i).directory() / "control.sock");
    }
    [[nodiscard]] const std::string& database() const { return database_; }

    /// What the store has for that.
    std::vector<std::string> rows(const std::string& sql) const
    {
        return shared_postgres().execute(database_, sql);
    }
    /// The number of that instance: it is in the ids of the decisions in its log. Empty if it has made none.
    [[nodiscard]] std::set<std::int64_t> numbers_of(std::size_t i) const
    {
        std::set<std::int64_t> numbers;
        std::istringstream log(instances_.at(i).log_text());
        for (std::string line; std::getline(log, line);) {
            const std::size_t end = line.find(": approve for ");
            if (end != std::string::npos) {
                const std::size_t begin = line.find_last_not_of("0123456789", end - 1) + 1;
                numbers.insert(std::stoll(line.substr(begin, end - begin)) / 4096 % 1024);
            }
        }
        return numbers;
    }

  private:
    std::string database_;
    std::deque<Usherd> instances_;
};

/// How the request of a contact to a user ended: `subscribed`, or `subscribe` if it came to the user.
std::string end_of_request(Client& contact, Client& user, const std::string& from, const std::string& whom)
{
    const Matcher approved = presence("subscribed", whom);
    const Matcher prompted = presence("subscribe", from);
    const auto of_contact = [&from](const Matcher& matcher) {
        return Matcher{matcher.what + " for " + from, [=](const Element& stanza) {
                           const std::string& for_whom = stanza.attribute("to");
                           return matcher.matches(stanza) && for_whom.substr(0, for_whom.find('/')) == from;
                       }};
    };
    Progress ended("an end of the request of " + from, 1);
    while (!ended.complete()) {
        round_trip({&contact, &user});
        if (contact.has_received(of_contact(approved))) {
            return "subscribed";
        }
        if (user.has_received(prompted)) {
            return "subscribe";
        }
        ended.check();
    }
    return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(instances)

BOOST_AUTO_TEST_SUITE(load)

BOOST_AUTO_TEST_CASE(one_killed_under_load_loses_nothing)
{
    constexpr int kInstances = 4;
    UsherdOptions options;
    options.option = "all";
    options.more = "[limits]\napprovals_per_contact_per_hour = 0\n";
    Instances stage(kInstances, options);
    std::string requests;
    std::vector<WireClient*> users;
    for (int i = 0; i < kUsers; ++i) {
        users.push_back(&stage.enter("user" + std::to_string(i) + "@capulet.lit"));
        requests += to(users.back()->address(), "subscribe");
    }
    std::vector<WireClient*> contacts;
    for (int i = 0; i < kContacts; ++i) {
        contacts.push_back(
            &stage.enter("contact" + std::to_string(i) + (i % 2 == 0 ? "@capulet.lit" : "@montague.lit")));
    }
    for (WireClient* contact : contacts) {
        contact->send(requests);
    }
    contacts.front()->expect(presence("subscribed", users.front()->address()));
    stage.instance(0).kill();

    // One last request per contact would not show that the ones before are settled: asks are answered in any
    // order here. So wait for what must come, and then for whatever else has been caused.
    Progress settled("requests that were approved or came to their users", kUsers * kContacts);
    while (!settled.complete() && !settled.stalled()) {
        stage.round_trip();
        std::size_t number = 0;
        for (const WireClient* contact : contacts) {
            for (const WireClient* user : users) {
                number += contact->has_received(presence("subscribed", user->address())) ||
                                  user->has_received(presence("subscribe", contact->address()))
                              ? 1
                              : 0;
            }
        }
        settled.reached(number);
    }
    BOOST_TEST(settled.complete(), settled.str());
    stage.round_trip();

    int prompted = 0;
    int twice = 0;
    for (const WireClient* contact : contacts) {
        for (const WireClient* user : users) {
            const long answers = count_received(*contact, presence("subscribed", user->address()));
            const long prompts = count_received(*user, presence("subscribe", contact->address()));
            prompted += prompts > 0 ? 1 : 0;
            twice += answers > 1 || prompts > 1 ? 1 : 0;
        }
    }
    BOOST_TEST(twice == 0);
    BOOST_TEST_MESSAGE(prompted << " of " << kUsers * kContacts << " requests came to their users");
    for (std::size_t i = 1; i < kInstances; ++i) {
        BOOST_TEST(!stage.usherctl(i).done({"journal", "-n", "1"}).empty(),
                   "instance " << i << " was asked nothing");
    }
    if (!stores_are_on_postgresql()) {
        return;
    }
    std::set<std::int64_t> numbers;
    for (std::size_t i = 0; i < kInstances; ++i) {
        const std::set<std::int64_t> its = stage.numbers_of(i);
        BOOST_TEST(its.size() == 1U, "instance " << i << " has had " << its.size() << " numbers");
        numbers.insert(its.begin(), its.end());
    }
    BOOST_TEST(numbers.size() == std::size_t{kInstances});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(one_store)

enum class Change { choice, choice_by_chat, general };
std::ostream& operator<<(std::ostream& out, Change change)
{
    return out << (change == Change::choice           ? "choice"
                   : change == Change::choice_by_chat ? "choice by chat"
                                                      : "General IM and its reset");
}

// Whichever instance the change was made at, and whichever gets the request.
BOOST_DATA_TEST_CASE(a_change_is_in_force_at_the_next_request_at_all,
                     bdata::make({2, 4}) *
                         bdata::make({Change::choice, Change::choice_by_chat, Change::general}),
                     count, change)
{
    Instances stage(count, with_option("prompt"));
    WireClient& juliet = stage.enter(kJuliet);
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    std::map<std::string, int> decided;  // by an instance, so
    int requests = 0;
    for (int turn = 0; turn < 4 * count; ++turn) {
        const bool approve = turn % 2 == 0;
        const Usherctl usherctl = stage.usherctl(static_cast<std::size_t>(turn / 2 % count));
        switch (change) {
            case Change::choice:
                usherctl.done({"option", kJuliet, approve ? "all" : "prompt"});
                break;
            case Change::choice_by_chat:
                BOOST_TEST(menus::has(
                    menus::said(juliet, Login::component, approve ? "options all" : "options prompt"),
                    "Saved"));
                juliet.take_received();
                break;
            case Change::general:
                usherctl.done(approve ? Strings{"organization", "Capulet", "--option", "all"}
                                      : Strings{"organization", "Capulet", "--reset"});
                break;
        }
        // They are asked in turn: so one more than they are, and the next turn begins with another.
        for (int i = 0; i <= count; ++i) {
            const std::string contact = "contact" + std::to_string(requests++) + "@" + kGossip;
            gossip.send("<presence type='subscribe' from='" + contact + "' to='" + kJuliet + "'/>");
            const std::string end = end_of_request(gossip, juliet, contact, kJuliet);
            BOOST_TEST_REQUIRE(end == (approve ? "subscribed" : "subscribe"), "turn " << turn);
            const Strings who = stage.rows(
                "SELECT (id / 4096) % 1024 FROM journal WHERE source = 'asked' AND "
                "contact_address = '" +
                contact + "'");
            BOOST_TEST_REQUIRE(who.size() == 1U);
            ++decided[who.front() + " " + end];
        }
    }
    for (const auto& [what, times] : decided) {
        BOOST_TEST(times >= kEnough, what << ": " << times);
    }
    BOOST_TEST(decided.size() == 2 * static_cast<std::size_t>(count));
}

BOOST_DATA_TEST_CASE(menus_work_whichever_instance_gets_the_next_stanza, bdata::make({2, 4}), count)
{
    constexpr int kTimes = 10;  // a user may not open many more in a minute
    Instances stage(count, with_option("prompt"));
    const std::string usher = menus::menus_of(Login::component);
    int completed = 0;
    for (int i = 0; i < 100 / kTimes; ++i) {
        WireClient& user = stage.enter("user" + std::to_string(i) + "@capulet.lit");
        for (int times = 0; times < kTimes; ++times) {
            completed +=
                menus::run(user, usher, "options", {{"option", "all"}}).outcome() == "completed" ? 1 : 0;
        }
    }
    BOOST_TEST(completed == 100);
}

// --- Limits

constexpr int kLimit = 10;
const std::string kLimits = "[limits]\napprovals_per_contact_per_hour = " + std::to_string(kLimit) + "\n";

/// Whether that instance would leave a request of Romeo to his limit.
bool holds_limit(const Usherctl& usherctl)
{
    return usherctl.json("GET", "/v1/explain", {"explain", kJuliet, kRomeo})["reason"] ==
           "limit for this contact";
}

struct Limited : Instances {
    explicit Limited(int count) : Instances(count, with_option("all", kLimits)), romeo(enter(kRomeo))
    {
        server().add_account(kJuliet);
    }

    /// Romeo asks so many others.
    void ask(int requests)
    {
        const int first = asked;
        std::string all;
        for (; asked < first + requests; ++asked) {
            const std::string user = "user" + std::to_string(asked) + "@capulet.lit";
            server().add_account(user);
            all += to(user, "subscribe");
        }
        romeo.send(all);
    }
    /// Returns when as many requests are recorded as were asked for, and how many approvals there are.
    int approvals_of_all()
    {
        Progress recorded("requests in the journal", static_cast<std::size_t>(asked));
        while (!recorded.complete()) {
            recorded.reached(static_cast<std::size_t>(
                std::stoi(rows("SELECT COUNT(*) FROM journal WHERE source = 'asked'").front())));
            recorded.check();
        }
        return std::stoi(rows("SELECT COUNT(*) FROM journal WHERE answer = 'approve'").front());
    }
    void wait_until_all_hold_the_limit()
    {
        for (std::size_t i = 0; i < count(); ++i) {
            const Deadline deadline = within(kPatience);
            while (!holds_limit(usherctl(i))) {
                BOOST_TEST_REQUIRE((Clock::now() < deadline), "instance " << i << " knows of no limit");
            }
        }
    }

    WireClient& romeo;
    int asked = 0;
};

BOOST_DATA_TEST_CASE(limits_hold_for_all_instances_and_over_a_restart, bdata::make({2, 4}), count)
{
    Limited stage(count);
    for (int i = 1; i <= kLimit; ++i) {  // several at once would be for one instance
        stage.ask(1);
        BOOST_TEST(stage.approvals_of_all() == i);
    }
    BOOST_TEST(stage.rows("SELECT DISTINCT (id / 4096) % 1024 FROM journal").size() ==
               static_cast<std::size_t>(count));
    stage.wait_until_all_hold_the_limit();
    stage.ask(3 * count);
    BOOST_TEST(stage.approvals_of_all() == kLimit);

    for (std::size_t i = 0; i < stage.count(); ++i) {
        stage.instance(i).kill();
    }
    for (std::size_t i = 0; i < stage.count(); ++i) {
        stage.instance(i).start();
        stage.instance(i).wait_until_answering();  // what waits is judged
        BOOST_TEST(holds_limit(stage.usherctl(i)));
    }
    stage.ask(count);
    BOOST_TEST(stage.approvals_of_all() == kLimit);
}

/// How many approvals that instance has counted for Romeo.
int counted(const Usherctl& usherctl)
{
    return usherctl.json("GET", "/v1/explain",
                         {"explain", kJuliet, kRomeo})["facts"]["approvals_from_contact"];
}

BOOST_DATA_TEST_CASE(an_approval_counts_once_at_each_instance, bdata::make({2, 4}), count)
{
    Limited stage(count);
    for (int given = 1; given < kLimit; ++given) {
        stage.ask(1);
        BOOST_TEST(stage.approvals_of_all() == given);
        if (given < kLimit - 2) {
            continue;
        }
        // Who has read the last one has read those before it: its own, too.
        for (std::size_t i = 0; i < stage.count(); ++i) {
            const Deadline deadline = within(kPatience);
            while (counted(stage.usherctl(i)) < given) {
                BOOST_TEST_REQUIRE((Clock::now() < deadline), "instance " << i << " has not counted all");
            }
            BOOST_TEST(counted(stage.usherctl(i)) == given);
        }
    }
}

BOOST_DATA_TEST_CASE(a_burst_gets_no_more_than_each_instance_would_give_alone, bdata::make({2, 4}), count)
{
    Limited stage(count);
    stage.ask(2 * count * kLimit);
    const int approved = stage.approvals_of_all();
    BOOST_TEST(approved >= kLimit);
    BOOST_TEST(approved <= count * kLimit);
    BOOST_TEST_MESSAGE(approved << " approvals with a limit of " << kLimit);
    stage.wait_until_all_hold_the_limit();
    stage.ask(3 * count);
    BOOST_TEST(stage.approvals_of_all() == approved);
}

// --- The journal

BOOST_AUTO_TEST_CASE(following_the_journal_at_one_instance_shows_the_decisions_of_all)
{
    constexpr int kRequests = 200;
    Instances stage(2, with_option("all"));
    stage.server().add_account(kJuliet);
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    FollowingUsherctl following(stage.usherctl(0), {"journal", "--follow", "--since", "1h", "--json"});
    std::set<std::string> expected;
    for (int i = 0; i < kRequests; ++i) {
        const std::string contact = "contact" + std::to_string(i) + "@" + kGossip;
        gossip.send("<presence type='subscribe' from='" + contact + "' to='" + kJuliet + "'/>");
        expected.insert(contact);
    }
    std::set<std::string> shown;
    std::map<std::int64_t, int> by;
    for (int i = 0; i < kRequests; ++i) {
        const Json record = Json::parse(following.line());
        BOOST_TEST(shown.insert(record["contact"]).second, record.dump());
        ++by[std::stoll(record["id"].get<std::string>()) / 4096 % 1024];
    }
    BOOST_TEST(shown == expected, boost::test_tools::per_element());
    BOOST_TEST(by.size() == 2U);
}

// An id is made before its record is committed, so a record may come behind one with a greater id.
BOOST_AUTO_TEST_CASE(following_the_journal_misses_no_record_that_is_committed_late)
{
    Instances stage(1, with_option("all"));
    stage.server().add_account(kJuliet);
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    const auto ask = [&](const std::string& contact) {
        gossip.send("<presence type='subscribe' from='" + contact + "@" + kGossip + "' to='" + kJuliet +
                    "'/>");
        gossip.expect(presence("subscribed", kJuliet));
    };
    ask("first");
    // One of another process, whose clock is a minute ahead.
    stage.rows(
        "INSERT INTO journal SELECT (jsonb_populate_record(one, jsonb_build_object("
        "'id', id + 60000 * (1 << 22)::bigint, 'contact_address', 'ahead@" +
        std::string(kGossip) + "'))).* FROM journal AS one");
    FollowingUsherctl following(stage.usherctl(0), {"journal", "--follow", "--json"});
    BOOST_TEST(Json::parse(following.line())["contact"] == std::string("first@") + kGossip);
    ask("late");
    BOOST_TEST(Json::parse(following.line())["contact"] == std::string("late@") + kGossip);
}

// --- Instances that fail

enum class Fault { killed, stopped };
std::ostream& operator<<(std::ostream& out, Fault fault)
{
    return out << (fault == Fault::killed ? "killed" : "stopped");
}

/// Contacts of a component ask Juliet.
struct Asked : Instances {
    Asked(int count, const HoldLimits& limits)
        : Instances(count, with_option("all"), limits),
          juliet(enter(kJuliet)),
          gossip(server().component_port(), kGossip)
    {
        gossip.connect();
    }

    void ask(int requests)
    {
        for (const int first = contacts; contacts < first + requests; ++contacts) {
            gossip.send("<presence type='subscribe' from='contact" + std::to_string(contacts) + "@" +
                        kGossip + "' to='" + kJuliet + "'/>");
        }
    }
    [[nodiscard]] bool approved(int contact) const
    {
        const std::string address = "contact" + std::to_string(contact) + "@" + kGossip;
        return gossip.has_received({{}, [&](const Element& stanza) {
                                        return is_presence(stanza, "subscribed") &&
                                               stanza.attribute("to") == address;
                                    }});
    }
    [[nodiscard]] bool prompted(int contact) const
    {
        return juliet.has_received(
            presence("subscribe", "contact" + std::to_string(contact) + "@" + kGossip));
    }
    /// Waits until that is true for all who have asked.
    void wait_for_all(const std::string& what, const std::function<bool(int)>& ended)
    {
        Progress progress(what, static_cast<std::size_t>(contacts));
        while (!progress.complete()) {
            usher::test::round_trip({&gossip, &juliet});
            std::size_t number = 0;
            for (int i = 0; i < contacts; ++i) {
                number += ended(i) ? 1 : 0;
            }
            progress.reached(number);
            progress.check();
        }
    }
    void wait_until_no_request_is_unanswered()
    {
        wait_for_all("approvals and prompts", [this](int i) { return approved(i) || prompted(i); });
    }
    void wait_until_all_are_approved()
    {
        wait_for_all("approvals", [this](int i) { return approved(i); });
    }

    WireClient& juliet;
    WireComponent gossip;
    int contacts = 0;
};

BOOST_DATA_TEST_CASE(an_instance_that_fails_leaves_no_request_unanswered,
                     bdata::make({2, 4}) * bdata::make({Fault::killed, Fault::stopped}), count, fault)
{
    constexpr int kRequests = 100;
    Asked stage(count, {.timeout = std::chrono::seconds(1), .max_held = {}});
    stage.ask(kRequests);
    if (fault == Fault::killed) {
        stage.instance(0).kill();
    } else {
        stage.instance(0).signal(SIGSTOP);
    }
    stage.ask(kRequests);
    stage.wait_until_no_request_is_unanswered();
    // The others go on: what they are asked to change is not kept waiting by what that one has begun.
    stage.usherctl(1).done({"option", kJuliet, "all"});
    stage.usherctl(1).done({"organization", "Capulet", "--option", "all"});
    if (fault == Fault::killed) {
        stage.instance(0).start();
    } else {
        stage.instance(0).signal(SIGCONT);
    }
    stage.wait_until_all_are_approved();
}

enum class Cut { refused, silent };
std::ostream& operator<<(std::ostream& out, Cut cut)
{
    return out << (cut == Cut::refused ? "refused" : "silent");
}

BOOST_DATA_TEST_CASE(an_instance_that_is_cut_off_from_the_store_approves_nothing,
                     bdata::make({Cut::refused, Cut::silent}), cut)
{
    constexpr int kRequests = 20;
    Asked stage(1, {});
    const auto& postgres = shared_postgres();
    if (postgres.execute("postgres", "SELECT 1 FROM pg_roles WHERE rolname = '" + kRole + "'").empty()) {
        stage.rows("CREATE ROLE " + kRole + " SUPERUSER");
    }
    stage.rows("ALTER ROLE " + kRole + " LOGIN");
    UsherdOptions options = with_option("all");
    options.store_url = "postgresql://host=" + postgres.directory() +
                        " port=" + std::to_string(postgres.port()) + " user=" + kRole +
                        " dbname=" + stage.database();
    Usherd& cut_off = stage.add(options);
    const auto ask_all = [&stage] {
        for (int i = 0; i < kRequests; ++i) {  // several at once would be for one instance
            stage.ask(1);
            stage.wait_until_no_request_is_unanswered();
        }
    };
    ask_all();
    const std::set<std::int64_t> numbers = stage.numbers_of(1);
    BOOST_TEST_REQUIRE(numbers.size() == 1U);
    const std::string of_cut_off =
        "SELECT id FROM journal WHERE (id / 4096) % 1024 = " + std::to_string(*numbers.begin());
    const std::size_t before = stage.rows(of_cut_off).size();
    BOOST_TEST(before > 0U);
    BOOST_TEST(before < std::size_t{kRequests});

    const std::string its = " FROM pg_stat_activity WHERE usename = '" + kRole + "'";
    stage.rows("ALTER ROLE " + kRole + " NOLOGIN");
    std::vector<pid_t> silent;
    if (cut == Cut::refused) {
        stage.rows("SELECT pg_terminate_backend(pid)" + its);
    } else {
        for (const std::string& id : stage.rows("SELECT pid" + its)) {
            silent.push_back(std::stoi(id));
            ::kill(silent.back(), SIGSTOP);
        }
        BOOST_TEST(!silent.empty());
    }
    ask_all();
    BOOST_TEST(stage.rows(of_cut_off).size() == before);
    const auto approvals =
        static_cast<std::size_t>(count_received(stage.gossip, presence("subscribed", kJuliet)));
    BOOST_TEST(approvals == stage.rows("SELECT id FROM journal WHERE answer = 'approve'").size());
    BOOST_TEST(approvals > std::size_t{kRequests});      // the other one goes on
    BOOST_TEST(approvals < 2 * std::size_t{kRequests});  // this one was asked

    stage.rows("ALTER ROLE " + kRole + " LOGIN");
    for (const pid_t one : silent) {
        ::kill(one, SIGCONT);
    }
    cut_off.wait_for_log("the store can be written again");
    stage.wait_until_all_are_approved();
}

BOOST_AUTO_TEST_CASE(a_store_that_is_away_is_waited_for_and_what_waits_is_then_answered)
{
    constexpr int kRequests = 4;
    constexpr std::size_t kInstances = 2;
    PrivatePostgres postgres;
    UsherdOptions options = with_option("all");
    options.store_url = postgres.url(postgres.create_database());
    postgres.stop();
    Asked stage(0, {});
    std::deque<Usherd> instances;
    for (std::size_t i = 0; i < kInstances; ++i) {
        instances.emplace_back(connection_to(stage.server()), options).launch();
    }
    for (Usherd& instance : instances) {
        instance.wait_for_log("waiting for the store");
    }
    stage.ask(kRequests);
    stage.wait_until_no_request_is_unanswered();
    postgres.start();
    for (Usherd& instance : instances) {
        instance.wait_until_answering();
    }
    stage.wait_until_all_are_approved();

    postgres.kill();
    for (int i = 0; i < kRequests; ++i) {  // several at once would be for one instance
        stage.ask(1);
        stage.wait_until_no_request_is_unanswered();
    }
    BOOST_TEST(count_received(stage.gossip, presence("subscribed", kJuliet)) == kRequests);
    postgres.start();
    stage.wait_until_all_are_approved();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
