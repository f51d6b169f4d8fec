// The members that a directory names become part of the policy in force, and of each that follows it.
#include "plugin/core/members_in_force.h"

#include <boost/test/unit_test.hpp>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "doubles.h"
#include "held_database.h"
#include "ldap_section.h"
#include "plugin/settings/reader.h"
#include "plugin/settings/writer.h"
#include "policy/decide.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

const std::string kBlocked = "(employeeType=blocked)";

/// Who is blocked is denied; the rule behind that is laxer.
std::string file(const std::string& more = {}, const std::string& base = "dc=example,dc=org")
{
    return R"toml([connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Capulet"
domains = ["capulet.lit"]
option = "prompt"
[[organization.group]]
name = "blocked"
ldap = "(employeeType=blocked)"
[[organization.rule]]
from = ["group:blocked"]
answer = "deny"
[[organization.rule]]
from = ["*"]
answer = "approve"
)toml" + more +
           test::ldap_section("ldaps://ldap.example.org", base);
}

Settings read(const std::string& text)
{
    return parse_settings(text, "usher.toml").value();
}

std::chrono::system_clock::time_point noon()
{
    return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);
}

std::shared_ptr<const GroupMembers> members(const std::vector<std::string>& blocked)
{
    std::vector<Address> addresses;
    for (const std::string& one : blocked) {
        addresses.push_back(Address::prepare(one).value());
    }
    return std::make_shared<const GroupMembers>(
        GroupMembers{read(file()).ldap, {{kBlocked, std::move(addresses)}}});
}

std::string decided(const PolicyInForce& policy, const std::string& contact)
{
    const Decision decision = decide(
        *policy.policy(),
        {Address::prepare("juliet@capulet.lit").value(), Address::prepare(contact).value(), std::nullopt},
        {});
    return std::string(name(decision.answer)) + " " + std::string(name(decision.reason)) + " " +
           std::to_string(decision.rule);
}

struct Scene {
    Scene()
    {
        set_file(file());
        policy.on_change([this](PolicyInForce::Origin) { ++changes; });
    }

    void set_file(const std::string& text) { set_file(read(text)); }
    void set_file(const Settings& settings)
    {
        policy.set_file(settings, [](const auto& outcome) { BOOST_TEST(outcome.has_value()); });
    }
    /// Does what is to be done on the thread, and all that follows from it.
    void work()
    {
        while (!tasks.empty()) {
            const auto [task, then] = std::move(tasks.front());
            tasks.pop_front();
            task();
            then({});
        }
    }
    /// The thread cannot do what is to be done.
    void fail_work()
    {
        BOOST_REQUIRE(!tasks.empty());
        const auto then = std::move(tasks.front().second);
        tasks.pop_front();
        then(tl::unexpected(std::string("not enough memory")));
    }
    void set(std::shared_ptr<const GroupMembers> now)
    {
        in_force.set(std::move(now));
        work();
    }
    [[nodiscard]] std::uint64_t generation() const { return policy.policy()->generation(); }

    test::TemporaryDirectory directory;
    std::string url = "sqlite3://" + (directory.path() / "usher.db").string();
    test::HeldDatabase database{Database::open(url).value()};
    PolicyInForce policy{database, noon};
    test::FakeClock clock;
    std::deque<std::pair<std::function<void()>, MembersInForce::Then>> tasks;
    MembersInForce in_force{policy, clock, [this](std::function<void()> task, MembersInForce::Then then) {
                                tasks.emplace_back(std::move(task), std::move(then));
                            }};
    int changes = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(members_in_force, Scene)

BOOST_AUTO_TEST_CASE(no_laxer_rule_decides_before_the_members_are_known)
{
    BOOST_TEST(decided(policy, "tybalt@capulet.lit") == "leave group_unknown 1");
    set(members({"tybalt@capulet.lit"}));
    BOOST_TEST(decided(policy, "tybalt@capulet.lit") == "deny rule 1");
    BOOST_TEST(decided(policy, "nurse@capulet.lit") == "approve rule 2");
}

BOOST_AUTO_TEST_CASE(other_members_are_another_policy_and_the_same_are_not)
{
    const std::uint64_t before = generation();
    const auto tybalt = members({"tybalt@capulet.lit"});
    set(tybalt);
    BOOST_TEST(generation() == before + 1);
    set(tybalt);
    BOOST_TEST(changes == 1);
    set(members({}));
    BOOST_TEST(changes == 2);
    BOOST_TEST(generation() == before + 2);
    BOOST_TEST(decided(policy, "tybalt@capulet.lit") == "approve rule 2");
}

BOOST_AUTO_TEST_CASE(what_is_saved_keeps_the_members)
{
    set(members({"tybalt@capulet.lit"}));
    policy.save("Capulet", {.option = Option::all}, "admin", [](const auto&) {});
    BOOST_TEST(changes == 2);
    BOOST_TEST(decided(policy, "tybalt@capulet.lit") == "deny rule 1");
    work();
    BOOST_TEST(changes == 2);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_read_again_comes_into_force_with_the_members)
{
    set(members({"tybalt@capulet.lit"}));
    Settings settings = read(file("[limits]\napprovals_per_user_per_hour = 5\n"));
    put_members(settings, in_force.known());
    make_ready(settings);
    set_file(settings);
    in_force.bring();
    work();
    BOOST_TEST(changes == 2);
    BOOST_TEST(policy.policy()->limits().per_user == 5U);
    BOOST_TEST(decided(policy, "tybalt@capulet.lit") == "deny rule 1");
}

BOOST_AUTO_TEST_CASE(members_that_come_while_a_file_is_read_are_put_into_it_afterwards)
{
    Settings settings = read(file("[limits]\napprovals_per_user_per_hour = 5\n"));
    put_members(settings, in_force.known());  // nothing yet
    set(members({"tybalt@capulet.lit"}));
    set_file(settings);
    BOOST_TEST(decided(policy, "tybalt@capulet.lit") == "leave group_unknown 1");
    in_force.bring();
    work();
    BOOST_TEST(decided(policy, "tybalt@capulet.lit") == "deny rule 1");
    BOOST_TEST(policy.policy()->limits().per_user == 5U);
}

BOOST_AUTO_TEST_CASE(members_that_come_while_a_file_is_read_are_in_it_when_it_comes_into_force)
{
    set(members({}));
    const auto settings =
        std::make_shared<Settings>(read(file("[limits]\napprovals_per_user_per_hour = 5\n")));
    put_members(*settings, in_force.known());
    set(members({"tybalt@capulet.lit"}));
    bool ready = false;
    in_force.put_into(settings, [&](const auto& put) { ready = put.has_value(); });
    set(members({"nurse@capulet.lit"}));  // while they are put into it, others come again
    BOOST_REQUIRE(ready);
    set_file(*settings);
    BOOST_TEST(decided(policy, "nurse@capulet.lit") == "deny rule 1");
    BOOST_TEST(decided(policy, "tybalt@capulet.lit") == "approve rule 2");
    changes = 0;
    in_force.bring();
    work();
    BOOST_TEST(changes == 0);
}

BOOST_AUTO_TEST_CASE(a_file_with_the_members_that_are_known_is_ready_at_once)
{
    set(members({"tybalt@capulet.lit"}));
    const auto settings = std::make_shared<Settings>(read(file()));
    put_members(*settings, in_force.known());
    bool ready = false;
    in_force.put_into(settings, [&](const auto& put) { ready = put.has_value(); });
    BOOST_TEST(ready);
    BOOST_TEST(tasks.empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_get_its_members_is_not_ready)
{
    set(members({"tybalt@capulet.lit"}));
    std::string problem;
    in_force.put_into(std::make_shared<Settings>(read(file())),
                      [&](const auto& put) { problem = put ? "none" : put.error(); });
    fail_work();
    BOOST_TEST(problem == "not enough memory");
}

BOOST_AUTO_TEST_CASE(a_policy_that_cannot_be_made_is_tried_again)
{
    in_force.set(members({}));
    fail_work();
    work();
    BOOST_TEST(changes == 0);
    clock.advance(MembersInForce::kRetry);
    work();
    BOOST_TEST(changes == 1);
    BOOST_TEST(decided(policy, "nurse@capulet.lit") == "approve rule 2");
}

BOOST_AUTO_TEST_CASE(a_file_that_comes_while_the_policy_is_made_is_not_replaced_by_the_one_before_it)
{
    in_force.set(members({"tybalt@capulet.lit"}));
    BOOST_TEST(tasks.size() == 1U);
    set_file(file("[limits]\napprovals_per_user_per_hour = 5\n"));
    work();
    BOOST_TEST(policy.policy()->limits().per_user == 5U);
    BOOST_TEST(decided(policy, "tybalt@capulet.lit") == "deny rule 1");
}

BOOST_AUTO_TEST_CASE(members_that_come_while_the_policy_is_made_come_into_force_next)
{
    in_force.set(members({}));
    in_force.set(members({"tybalt@capulet.lit"}));
    BOOST_TEST(tasks.size() == 1U);
    work();
    BOOST_TEST(changes == 2);
    BOOST_TEST(decided(policy, "tybalt@capulet.lit") == "deny rule 1");
}

BOOST_AUTO_TEST_CASE(members_of_another_directory_do_not_come_into_force)
{
    set(members({}));
    set_file(file("", "dc=example,dc=com"));
    in_force.bring();
    work();
    BOOST_TEST(decided(policy, "nurse@capulet.lit") == "leave group_unknown 1");
}

BOOST_AUTO_TEST_CASE(members_that_nobody_knows_any_more_leave_the_policy)
{
    set(members({}));
    set(nullptr);
    BOOST_TEST(decided(policy, "nurse@capulet.lit") == "leave group_unknown 1");
}

BOOST_AUTO_TEST_CASE(what_the_store_does_not_take_is_tried_again)
{
    database.holds = true;
    set(members({}));
    database.fail("the disk is full");
    work();
    BOOST_TEST(changes == 0);
    database.holds = false;
    clock.advance(MembersInForce::kRetry);
    work();
    BOOST_TEST(changes == 1);
    BOOST_TEST(decided(policy, "nurse@capulet.lit") == "approve rule 2");
}

BOOST_AUTO_TEST_CASE(two_processes_with_the_same_members_have_the_same_policy)
{
    set(members({"tybalt@capulet.lit"}));
    const auto elsewhere = Database::open(url).value();
    PolicyInForce other(*elsewhere, noon);
    other.set_file(read(file()), [](const auto& outcome) { BOOST_TEST(outcome.has_value()); });
    BOOST_TEST(other.policy()->generation() != generation());
    Settings settings = other.file();
    put_members(settings, members({"tybalt@capulet.lit"}));
    other.replace_file(other.file_number(), settings,
                       [](const auto& replaced) { BOOST_TEST(replaced.value_or(false)); });
    set(members({"tybalt@capulet.lit"}));  // of the next reading
    BOOST_TEST(other.policy()->generation() == generation());
}

BOOST_AUTO_TEST_CASE(without_a_group_from_the_directory_nothing_changes)
{
    std::string text = file();
    text.replace(text.find("ldap = \"(emp"), std::string("ldap = \"(employeeType=blocked)\"").size(),
                 "members = []");
    set_file(text);
    changes = 0;
    set(members({}));
    BOOST_TEST(changes == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
