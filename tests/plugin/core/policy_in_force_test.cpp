// Saved settings override the file until they are reset, and every policy has its generation.
#include "plugin/core/policy_in_force.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <boost/test/unit_test.hpp>

#include "plugin/settings/reader.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

const std::string kFile = R"(
[connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Capulet"
domains = ["capulet.lit", "capulet.example"]
option = "prompt"
[[organization]]
name = "Montague"
domains = ["montague.lit"]
)";

std::chrono::system_clock::time_point noon()
{
    return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);
}

struct Store {
    usher::test::TemporaryDirectory directory;
    std::string path = (directory.path() / "usher.db").string();
    std::unique_ptr<Database> database = Database::open("sqlite3://" + path).value();
    std::unique_ptr<PolicyInForce> policy = made();

    [[nodiscard]] std::unique_ptr<PolicyInForce> made(const std::string& file = kFile) const
    {
        return PolicyInForce::make(parse_settings(file, "usher.toml").value(), *database, noon).value();
    }
    [[nodiscard]] const Organization& capulet() const { return policy->policy()->organizations()[0]; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(policy_in_force, Store)

BOOST_AUTO_TEST_CASE(each_value_says_where_it_comes_from)
{
    BOOST_REQUIRE(policy->save("Capulet", {.domains = {{"capulet.lit"}}}, "admin@capulet.lit").has_value());
    const GeneralIm general = policy->general("Capulet").value();
    BOOST_TEST(general.users_may_choose.value);
    BOOST_TEST(general.users_may_choose.source == "default");
    BOOST_TEST((general.option.value == Option::prompt));
    BOOST_TEST(general.option.source == "usher.toml:8");
    BOOST_TEST(general.domains.source == "saved by admin@capulet.lit on 2026-11-23 12:00 UTC");
    BOOST_TEST(general.domains.saved);
    BOOST_TEST(!general.option.saved);
    BOOST_TEST(general.domains_in_file == (std::vector<std::string>{"capulet.lit", "capulet.example"}),
               boost::test_tools::per_element());
    BOOST_TEST(!policy->general("Verona").has_value());
}

BOOST_AUTO_TEST_CASE(what_is_none_of_policy_s_business_stays_beside_it)
{
    policy = made(kFile + R"(stock = "approve"
[[organization.rule]]
from = ["*"]
answer = "deny"
)");
    BOOST_REQUIRE(policy->save("Capulet", {.domains = {{"capulet.lit"}}}, "admin").has_value());
    const auto organizations = policy->organizations();
    BOOST_REQUIRE(organizations.size() == 2U);
    BOOST_TEST(organizations[0].domains == std::vector<std::string>{"capulet.lit"});
    BOOST_TEST(!organizations[0].stock);
    BOOST_TEST(organizations[1].stock);
    const Organization& montague = policy->policy()->organizations()[1];
    BOOST_TEST(policy->source_of_rule(montague, montague.rules.at(0)) == "line 13 of the settings file");
    BOOST_TEST(policy->source_of_rule(capulet(), montague.rules.at(0)) == "");
}

BOOST_AUTO_TEST_CASE(what_is_saved_is_in_force_at_once_after_a_restart_and_until_it_is_reset)
{
    int changes = 0;
    policy->on_change([&] { ++changes; });
    BOOST_REQUIRE(
        policy->save("Capulet", {.users_may_choose = false, .option = Option::all}, "admin").has_value());
    BOOST_TEST(changes == 1);
    BOOST_TEST(!capulet().users_may_choose);
    BOOST_TEST((capulet().option == Option::all));
    BOOST_TEST(policy->policy()->organizations()[1].users_may_choose);

    policy = made();
    BOOST_TEST((capulet().option == Option::all));
    BOOST_REQUIRE(policy->reset("Capulet").has_value());
    BOOST_TEST((capulet().option == Option::prompt));
    BOOST_TEST(capulet().users_may_choose);
    policy = made();
    BOOST_TEST((capulet().option == Option::prompt));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_read_again_does_not_undo_what_was_saved)
{
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    std::string file = kFile;
    file.replace(file.find("\"prompt\""), 8, "\"organization\"");
    BOOST_REQUIRE(policy->set_file(parse_settings(file, "usher.toml").value()).has_value());
    BOOST_TEST((capulet().option == Option::all));
}

/// A domain that the file has meanwhile given to another organisation must not be taken back.
BOOST_AUTO_TEST_CASE(saved_domains_count_only_as_far_as_the_file_has_them)
{
    BOOST_REQUIRE(
        policy->save("Capulet", {.domains = {{"montague.lit", "capulet.example"}}}, "admin").has_value());
    BOOST_TEST(capulet().domains == (std::vector<std::string>{"capulet.example"}),
               boost::test_tools::per_element());
    BOOST_TEST(policy->policy()->organization_of("montague.lit")->name == "Montague");
    BOOST_TEST(policy->policy()->organization_of("capulet.lit") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_generation_is_a_policy_that_was_in_force)
{
    BOOST_TEST(policy->policy()->generation() == 1U);
    policy = made();
    BOOST_TEST(policy->policy()->generation() == 1U);  // the same policy
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    BOOST_TEST(policy->policy()->generation() == 2U);
    BOOST_REQUIRE(policy->reset("Capulet").has_value());
    BOOST_TEST(policy->policy()->generation() == 3U);

    soci::session other(soci::sqlite3, path);
    std::string text;
    other << "SELECT settings FROM policy WHERE generation = 2", soci::into(text);
    BOOST_TEST(text.find("option = \"all\"") != std::string::npos, text);
    const std::string connection = "[connection]\ncomponent = \"u.lit\"\nsecret_file = \"/s\"\n";
    BOOST_TEST(parse_settings(connection + text, "again").has_value());  // can be read again
}

BOOST_AUTO_TEST_CASE(what_cannot_be_stored_changes_nothing)
{
    soci::session other(soci::sqlite3, path);
    other << "BEGIN IMMEDIATE";
    BOOST_TEST(!policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    BOOST_TEST(!policy->reset("Capulet").has_value());
    other << "ROLLBACK";
    BOOST_TEST((capulet().option == Option::prompt));
    BOOST_TEST(!policy->general("Capulet")->option.saved);
    BOOST_TEST(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
