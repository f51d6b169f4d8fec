// Decisions of the journal are made again: the same ones under their own policies, and what another policy would change. On
// both databases.
#include "plugin/core/replay.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core_now.h"
#include "integration/base/file_descriptor.h"
#include "plugin/settings/group_members.h"
#include "plugin/settings/json_lists.h"
#include "plugin/settings/reader.h"
#include "plugin/settings/writer.h"
#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

class StandingClock : public Clock
{
  public:
    [[nodiscard]] Time now() const override { return Time(std::chrono::hours(1000)); }
    [[nodiscard]] std::unique_ptr<Timer> after(std::chrono::milliseconds, std::function<void()>) override
    {
        return nullptr;
    }
};

std::chrono::system_clock::time_point noon()
{
    return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);
}

/// A settings file with these lines in its organisation.
Settings settings(const std::string& organization, const std::string& more = {})
{
    Settings read = parse_settings(R"([connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[ldap]
url = "ldaps://ldap.capulet.lit"
base = "dc=capulet,dc=lit"
[[organization]]
name = "Capulet"
domains = ["capulet.lit"]
)" + organization + "\n" + more,
                                   "usher.toml")
                        .value();
    make_ready(read);
    return read;
}

SubscriptionRequest request(const std::string& user, const std::string& contact)
{
    return {Address::prepare(user + "@capulet.lit").value(), Address::prepare(contact).value(), std::nullopt};
}

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    StandingClock clock;
    test::JournalNow journal{*database};
    test::ChoicesNow choices{*database};
    std::unique_ptr<test::PolicyNow> policy =
        test::PolicyNow::make(settings("option = \"organization\""), *database, noon).value();
    test::AnswererNow answerer{policy->policy(), choices.choices, journal.journal, clock, noon};

    void put_in_force(const Settings& file)
    {
        BOOST_REQUIRE(policy->set_file(file).has_value());
        answerer.set_policy(policy->policy(), policy->settings_version());
    }
    Decision judge(const std::string& user, const std::string& contact)
    {
        const SubscriptionRequest asked = request(user, contact);
        return answerer.judge({&asked, 1}, Source::asked).value().front().decision;
    }
    /// Of the option, or one of the exceptions.
    void change_a_choice(const Address& user, const std::function<std::size_t(std::size_t most)>& any)
    {
        if (any(3) == 0) {
            const std::size_t chosen = any(4);
            BOOST_REQUIRE(
                choices.set(user, chosen == 3 ? std::nullopt : std::optional(kOptions[chosen])).has_value());
            return;
        }
        const char* entries[] = {"nurse@capulet.lit", "capulet.lit", "romeo@montague.lit", "odd@verona.lit",
                                 "verona.lit"};
        const std::size_t handling = any(4);
        BOOST_REQUIRE(
            choices
                .change(user, {{entries[any(5)],
                                handling == 3 ? std::nullopt : std::optional(kHandlings[handling])}})
                .value());
    }
    [[nodiscard]] Replay replayed(std::shared_ptr<const Settings> under,
                                  JournalFilter filter = {.most = 1'000'000}) const
    {
        const auto done = replay(store->url(), {std::move(filter), std::move(under)});
        BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error()));
        return *done;
    }
    [[nodiscard]] Replay replayed(const Settings& under) const
    {
        return replayed(std::make_shared<const Settings>(under));
    }
    [[nodiscard]] Replay compared(const Settings& in_force, const Settings& changed) const
    {
        return replay(store->url(), {{.most = 1'000'000},
                                     std::make_shared<const Settings>(changed),
                                     std::make_shared<const Settings>(in_force)})
            .value();
    }
};

std::shared_ptr<const GroupMembers> members(const Settings& file, const std::vector<std::string>& sales)
{
    GroupMembers found{file.ldap, {{"(department=Sales)", {}}}};
    for (const std::string& one : sales) {
        found.groups.begin()->second.push_back(Address::prepare(one).value());
    }
    return std::make_shared<const GroupMembers>(std::move(found));
}

const std::string kSales = R"toml(
[[organization.group]]
name = "sales"
ldap = "(department=Sales)"
[[organization.rule]]
from = ["group:sales"]
to = ["*"]
answer = "approve"
)toml";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(replay_of_decisions, Store)

BOOST_AUTO_TEST_CASE(what_saved_rules_decided_is_decided_again_by_them)
{
    const auto rules = rules_from(nlohmann::json::parse(
        R"([{"from": ["romeo@montague.lit"], "to": ["juliet@capulet.lit"], "answer": "approve"}])"));
    BOOST_REQUIRE(policy->save("Capulet", {.rules = rules.value()}, "nurse@capulet.lit").has_value());
    answerer.set_policy(policy->policy(), policy->settings_version());
    BOOST_TEST(judge("juliet", "romeo@montague.lit").answer == Answer::approve);
    BOOST_REQUIRE(policy->reset("Capulet").has_value());
    const Replay own = replayed(std::shared_ptr<const Settings>());
    BOOST_TEST(own.decided == 1U);
    BOOST_TEST(own.differences.empty());
    // Under those rules once more it differs in nothing; without them there is one.
    BOOST_TEST(replayed(policy->if_saved("Capulet", {.rules = rules.value()})()).differences.empty());
    BOOST_TEST(replayed(policy->if_saved("Capulet", {})()).differences.size() == 1U);
}

BOOST_AUTO_TEST_CASE(two_policies_are_compared_whatever_was_decided_then)
{
    judge("juliet", "nurse@capulet.lit");
    judge("juliet", "romeo@montague.lit");
    const Settings prompt = settings("option = \"prompt\"");
    BOOST_TEST(compared(prompt, prompt).decided == 2U);
    BOOST_TEST(compared(prompt, prompt).differences.empty());
    // Her nurse was approved then, and would be again: today's policy leaves her.
    const Replay done = compared(prompt, settings("option = \"organization\""));
    BOOST_REQUIRE(done.differences.size() == 1U);
    const ReplayDifference& difference = done.differences.front();
    BOOST_TEST(difference.was.answer == Answer::leave);
    BOOST_TEST(difference.was.reason == Reason::prompt);
    BOOST_TEST(difference.now.answer == Answer::approve);
    BOOST_TEST(difference.count == 1U);
    BOOST_TEST(difference.examples.front().request.contact.text() == "nurse@capulet.lit");
    BOOST_TEST(difference.examples.front().decision.answer == Answer::approve);
}

BOOST_AUTO_TEST_CASE(what_one_of_two_policies_cannot_decide_is_not_compared)
{
    Settings file = settings("option = \"prompt\"", kSales);
    put_members(file, members(file, {"nurse@capulet.lit"}));
    put_in_force(file);
    judge("juliet", "nurse@capulet.lit");
    const Settings without = settings("option = \"prompt\"");
    // It was a member then.
    const Replay done = compared(without, file);
    BOOST_REQUIRE(done.differences.size() == 1U);
    BOOST_TEST(done.differences.front().now.reason == Reason::rule);
    store->run("UPDATE journal SET outside_groups = NULL");
    for (const Replay& one : {compared(without, file), compared(file, without)}) {
        BOOST_TEST(one.decided == 0U);
        BOOST_TEST(one.not_decided == 1U);
        BOOST_TEST(one.differences.empty());
    }
    BOOST_TEST(compared(without, without).decided == 1U);
}

BOOST_AUTO_TEST_CASE(what_another_policy_would_change_is_counted_with_examples)
{
    for (const char* contact : {"nurse@capulet.lit", "romeo@montague.lit", "tybalt@capulet.lit"}) {
        judge("juliet", contact);
    }
    judge("susan", "nurse@capulet.lit");
    const Replay done = replayed(settings("option = \"prompt\""));
    BOOST_TEST(done.decided == 4U);
    BOOST_REQUIRE(done.differences.size() == 1U);  // Romeo waits under both
    const ReplayDifference& difference = done.differences.front();
    BOOST_TEST(difference.was.answer == Answer::approve);
    BOOST_TEST(difference.was.reason == Reason::in_organization);
    BOOST_TEST(difference.now.answer == Answer::leave);
    BOOST_TEST(difference.now.reason == Reason::prompt);
    BOOST_TEST(difference.count == 3U);
    BOOST_REQUIRE(difference.examples.size() == ReplayDifference::kMaxExamples);
    BOOST_TEST(difference.examples.front().request.contact.text() == "nurse@capulet.lit");
    BOOST_TEST(replayed(policy->file()).differences.empty());
}

BOOST_AUTO_TEST_CASE(the_facts_are_those_of_that_time)
{
    const Address juliet = Address::prepare("juliet@capulet.lit").value();
    BOOST_REQUIRE(choices.set(juliet, Option::prompt).has_value());
    judge("juliet", "nurse@capulet.lit");
    BOOST_REQUIRE(choices.set(juliet, Option::all).has_value());
    BOOST_TEST(replayed(policy->file()).differences.empty());
    // Her choice of then is out of force where users may not choose.
    const Replay done = replayed(settings("option = \"organization\"\nusers_may_choose = false"));
    BOOST_REQUIRE(done.differences.size() == 1U);
    BOOST_TEST(done.differences.front().now.answer == Answer::approve);
}

BOOST_AUTO_TEST_CASE(what_users_exceptions_decided_differs_where_users_may_not_choose)
{
    const Address juliet = Address::prepare("juliet@capulet.lit").value();
    BOOST_REQUIRE(choices
                      .change(juliet, {{"romeo@montague.lit", Handling::always_accept},
                                       {"montague.lit", Handling::always_ask}})
                      .value());
    BOOST_TEST(judge("juliet", "romeo@montague.lit").reason == Reason::always_accept);
    BOOST_TEST(judge("juliet", "mercutio@montague.lit").reason == Reason::always_ask);
    // What she has changed since does not matter.
    BOOST_REQUIRE(choices.change(juliet, {{"romeo@montague.lit", Handling::never_accept}}).value());
    BOOST_TEST(replayed(policy->file()).differences.empty());
    BOOST_TEST(replayed(nullptr).differences.empty());
    const Replay done = replayed(settings("option = \"organization\"\nusers_may_choose = false"));
    BOOST_TEST(done.decided == 2U);
    BOOST_REQUIRE(done.differences.size() == 1U);  // Mercutio is asked about all the same
    const ReplayDifference& difference = done.differences.front();
    BOOST_TEST(difference.count == 1U);
    BOOST_TEST(difference.was.answer == Answer::approve);
    BOOST_TEST(difference.was.reason == Reason::always_accept);
    BOOST_TEST(difference.now.answer == Answer::leave);
    BOOST_TEST(difference.now.reason == Reason::outside_organization);
    BOOST_TEST(difference.examples.front().request.contact.text() == "romeo@montague.lit");
}

BOOST_AUTO_TEST_CASE(what_people_have_answered_is_not_decided_again)
{
    BOOST_REQUIRE(answerer.record_by_hand(request("juliet", "romeo@montague.lit"), Answer::approve, "admin")
                      .has_value());
    const Replay done = replayed(settings("option = \"prompt\""));
    BOOST_TEST(done.decided == 0U);
    BOOST_TEST(done.by_hand == 1U);
    BOOST_TEST(done.differences.empty());
}

BOOST_AUTO_TEST_CASE(what_was_revoked_is_not_decided_again)
{
    judge("juliet", "nurse@capulet.lit");
    BOOST_REQUIRE(test::now<std::vector<Judged>>([this](const auto& then) {
                      answerer.record_revocations({request("juliet", "nurse@capulet.lit")}, "admin", then);
                  }).has_value());
    const Replay done = replayed(std::shared_ptr<const Settings>());
    BOOST_TEST(done.decided == 1U);
    BOOST_TEST(done.by_hand == 1U);
    BOOST_TEST(done.differences.empty());
}

BOOST_AUTO_TEST_CASE(it_goes_on_behind_the_last_one)
{
    for (int i = 0; i < 5; ++i) {
        judge("juliet", "nurse" + std::to_string(i) + "@capulet.lit");
    }
    const auto prompt = std::make_shared<const Settings>(settings("option = \"prompt\""));
    const Replay first = replayed(prompt, {.most = 3});
    BOOST_TEST(first.decided == 3U);
    BOOST_TEST(first.more);
    const Replay second = replayed(prompt, {.after = first.last, .most = 3});
    BOOST_TEST(second.decided == 2U);
    BOOST_TEST(!second.more);
    BOOST_TEST(second.differences.front().examples.front().request.contact.text() == "nurse3@capulet.lit");
}

BOOST_AUTO_TEST_CASE(members_of_a_directory_are_those_of_that_time)
{
    Settings file = settings("option = \"prompt\"", kSales);
    put_members(file, members(file, {"nurse@capulet.lit"}));
    put_in_force(file);
    BOOST_TEST(judge("juliet", "nurse@capulet.lit").answer == Answer::approve);
    BOOST_TEST(judge("juliet", "tybalt@capulet.lit").answer == Answer::leave);
    put_members(file, nullptr);
    put_in_force(file);
    BOOST_TEST(judge("susan", "nurse@capulet.lit").reason == Reason::group_unknown);
    put_members(file, members(file, {"tybalt@capulet.lit"}));
    put_in_force(file);
    // Under the policy of today, and under a text that has no members at all.
    BOOST_TEST(replayed(file).differences.empty());
    BOOST_TEST(replayed(nullptr).differences.empty());
    BOOST_TEST(replayed(nullptr).decided == 3U);
}

/// Who was in the group of that name then says nothing of who is in it by another filter, or by the file.
BOOST_AUTO_TEST_CASE(a_group_that_was_another_one_then_does_not_have_its_members)
{
    Settings file = settings("option = \"prompt\"", kSales);
    put_members(file, members(file, {"nurse@capulet.lit"}));
    put_in_force(file);
    judge("juliet", "nurse@capulet.lit");
    std::string board = kSales;
    board.replace(board.find("Sales"), 5, "Board");
    Settings other = settings("option = \"prompt\"", board);
    put_members(other, members(other, {"nurse@capulet.lit"}));
    BOOST_REQUIRE(replayed(other).differences.size() == 1U);
    BOOST_TEST(replayed(other).differences.front().now.reason == Reason::group_unknown);
    std::string fixed = kSales;
    const std::string ldap = "ldap = \"(department=Sales)\"";
    fixed.replace(fixed.find(ldap), ldap.size(), "members = [\"romeo@montague.lit\"]");
    BOOST_REQUIRE(replayed(settings("option = \"prompt\"", fixed)).differences.size() == 1U);
    BOOST_TEST(replayed(settings("option = \"prompt\"", fixed)).differences.front().now.reason ==
               Reason::prompt);
}

BOOST_AUTO_TEST_CASE(an_organization_that_gets_another_first_domain_has_the_same_facts)
{
    Settings file = settings("option = \"prompt\"", kSales);
    put_members(file, members(file, {"nurse@capulet.lit"}));
    put_in_force(file);
    judge("juliet", "nurse@capulet.lit");
    Settings other = file;
    other.organizations.front().domains = {"added.lit", "capulet.lit"};
    put_members(other, nullptr);
    BOOST_TEST(replayed(other).decided == 1U);
    BOOST_TEST(replayed(other).differences.empty());
}

BOOST_AUTO_TEST_CASE(what_was_recorded_without_groups_is_not_decided_by_them)
{
    Settings file = settings("option = \"prompt\"", kSales);
    put_members(file, members(file, {"nurse@capulet.lit"}));
    put_in_force(file);
    judge("juliet", "nurse@capulet.lit");
    store->run("UPDATE journal SET outside_groups = NULL");
    const Replay done = replayed(nullptr);
    BOOST_TEST(done.decided == 0U);
    BOOST_TEST(done.not_decided == 1U);
    BOOST_TEST(done.why_not.find("not recorded") != std::string::npos, done.why_not);
}

/// Whether the group is the same one is not known then.
BOOST_AUTO_TEST_CASE(without_the_policy_of_then_nothing_is_decided_by_groups)
{
    Settings file = settings("option = \"prompt\"", kSales);
    put_members(file, members(file, {"nurse@capulet.lit"}));
    put_in_force(file);
    judge("juliet", "nurse@capulet.lit");
    store->run("DELETE FROM policy_part");
    put_members(file, members(file, {"tybalt@capulet.lit"}));
    BOOST_TEST(replayed(file).not_decided == 1U);
    BOOST_TEST(replayed(file).differences.empty());
    BOOST_TEST(replayed(settings("option = \"prompt\"")).decided == 1U);
}

BOOST_AUTO_TEST_CASE(it_stops_when_it_is_to)
{
    judge("juliet", "nurse@capulet.lit");
    std::array<int, 2> ends{};
    BOOST_REQUIRE(::pipe(ends.data()) == 0);
    const FileDescriptor stop(ends[0]);
    const FileDescriptor other(ends[1]);
    BOOST_TEST(replay(store->url(), {{.most = 5}, nullptr}, stop.get())->decided == 1U);
    BOOST_REQUIRE(::write(other.get(), "x", 1) == 1);
    BOOST_TEST(replay(store->url(), {{.most = 5}, nullptr}, stop.get())->decided == 0U);
}

/// Nobody asked the directory then: the members of today are the best there is.
BOOST_AUTO_TEST_CASE(a_group_that_was_not_there_then_has_its_members_of_today)
{
    judge("juliet", "nurse@montague.lit");
    Settings file = settings("option = \"organization\"", kSales);
    put_members(file, members(file, {"nurse@montague.lit"}));
    const Replay done = replayed(file);
    BOOST_REQUIRE(done.differences.size() == 1U);
    BOOST_TEST(done.differences.front().now.reason == Reason::rule);
}

BOOST_AUTO_TEST_CASE(under_their_own_policies_decisions_are_the_same)
{
    std::mt19937 engine(22);
    const auto any = [&engine](std::size_t most) {
        return std::uniform_int_distribution<std::size_t>(0, most - 1)(engine);
    };
    const std::vector<std::string> options{"all", "organization", "prompt"};
    const std::vector<std::string> people{"nurse@capulet.lit", "tybalt@capulet.lit", "romeo@montague.lit",
                                          "mercutio@verona.lit", "Odd@verona.lit"};
    const std::vector<std::string> answers{"approve", "deny", "leave"};
    std::map<Reason, int> by_exception;
    for (int generation = 0; generation < 80; ++generation) {
        std::string more = "[organization.federation]\nmode = \"" +
                           std::vector<std::string>{"open", "closed"}[any(2)] + "\"\n";
        if (any(2) == 0) {
            more += "[[organization.group]]\nname = \"sales\"\nldap = \"(department=Sales)\"\n";
            more += "[[organization.group]]\nname = \"staff\"\nmembers = [\"group:sales\", \"verona.lit\"]\n";
            more += "[[organization.rule]]\nfrom = [\"group:staff\"]\nto = [\"*\"]\nanswer = \"" +
                    answers[any(3)] + "\"\n";
        }
        more += "[[organization.rule]]\nfrom = [\"" + people[any(4)] +
                "\"]\nto = [\"juliet@capulet.lit\"]\nanswer = \"" + answers[any(3)] + "\"\n";
        more += "[limits]\napprovals_per_user_per_hour = " + std::to_string(any(20)) + "\n";
        Settings file = settings("option = \"" + options[any(3)] +
                                     "\"\nusers_may_choose = " + std::string(any(2) == 0 ? "true" : "false"),
                                 more);
        if (any(3) != 0) {
            put_members(file, members(file, {people[any(4)], people[any(4)]}));
        } else {
            put_members(file, nullptr);
        }
        put_in_force(file);
        for (int i = 0; i < 10; ++i) {
            const std::string user = any(2) == 0 ? "juliet" : "susan";
            if (any(2) == 0) {
                change_a_choice(Address::prepare(user + "@capulet.lit").value(), any);
            }
            ++by_exception[judge(user, people[any(people.size())]).reason];
        }
    }
    for (const Reason reason : {Reason::always_accept, Reason::never_accept, Reason::always_ask}) {
        BOOST_TEST(by_exception[reason] > 5, reason << ": " << by_exception[reason]);
    }
    const Replay done = replayed(nullptr);
    BOOST_TEST(done.decided > 400U);  // some repeat others, and are counted in their records
    BOOST_TEST(done.not_decided == 0U);
    for (const ReplayDifference& one : done.differences) {
        BOOST_ERROR("decision " << one.examples.front().id << ": " << one.was.answer << " by "
                                << one.was.reason << " is now " << one.now.answer << " by "
                                << one.now.reason);
    }
}

BOOST_AUTO_TEST_CASE(a_policy_that_is_not_kept_is_said)
{
    judge("juliet", "nurse@capulet.lit");
    store->run("DELETE FROM policy_part");
    const Replay done = replayed(nullptr);
    BOOST_TEST(done.decided == 0U);
    BOOST_TEST(done.not_decided == 1U);
    BOOST_TEST(done.why_not == "settings generation 1 is not kept");
}

BOOST_AUTO_TEST_CASE(a_journal_that_cannot_be_read_is_an_error)
{
    const auto done = replay("sqlite3:///nowhere/usher.db", {{.most = 1}, nullptr});
    BOOST_TEST(!done.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
