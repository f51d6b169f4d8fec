// Saved settings override the file until they are reset, and every policy has its generation. On both databases.
#include "plugin/core/policy_in_force.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "core_now.h"
#include "held_database.h"
#include "plugin/settings/json_lists.h"
#include "plugin/settings/reader.h"
#include "plugin/settings/writer.h"
#include "plugin/store/journal.h"
#include "plugin/text/lists.h"
#include "policy/decide.h"
#include "private_store.h"
#include "sqlite_file.h"
#include "store_now.h"
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

std::string with(std::string file, const std::string& old, const std::string& now)
{
    file.replace(file.find(old), old.size(), now);
    return file;
}

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    test::JournalNow journal{*database};
    std::unique_ptr<test::PolicyNow> policy = made();

    [[nodiscard]] std::unique_ptr<test::PolicyNow> made(const std::string& file = kFile) const
    {
        return test::PolicyNow::make(parse_settings(file, "usher.toml").value(), *database, noon).value();
    }
    /// The generations in the store.
    [[nodiscard]] std::vector<std::uint64_t> generations() const
    {
        std::vector<std::uint64_t> all;
        for (const std::string& one : store->column("SELECT generation FROM policy ORDER BY generation")) {
            all.push_back(std::stoull(one));
        }
        return all;
    }
    [[nodiscard]] long long texts_in_store() const
    {
        return store->number("SELECT COUNT(*) FROM policy_text");
    }
    /// Records a decision that was made then under the policy in force.
    void decide(std::chrono::system_clock::time_point at = noon())
    {
        JournalEntry entry{{.id = journal.next_id(at),
                            .at = at,
                            .organization = "Capulet",
                            .request = {Address::prepare("juliet@capulet.lit").value(),
                                        Address::prepare("nurse@capulet.lit").value(), std::nullopt},
                            .facts = {},
                            .decision = {},
                            .generation = policy->policy()->generation()}};
        BOOST_REQUIRE(journal.record({&entry, 1}).has_value());
    }
    /// Forgets records, at most so many, and policies that no record names any more. Returns how many records.
    std::size_t forget_before(std::chrono::system_clock::time_point cutoff, std::size_t most)
    {
        const std::size_t forgotten = journal.forget_before(cutoff, most).value();
        BOOST_REQUIRE(journal.forget_policies(noon()).has_value());
        return forgotten;
    }
    /// The text of the policy that records name.
    [[nodiscard]] std::string text_of(std::uint64_t generation) const
    {
        return joined(store->column("SELECT settings FROM policy_text JOIN policy_part "
                                    "ON text = policy_text.id WHERE generation = " +
                                    std::to_string(generation) + " ORDER BY place"),
                      "");
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

/// What a preview decides by is what saving then puts into force.
BOOST_AUTO_TEST_CASE(what_would_be_in_force_is_what_saving_brings)
{
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "nurse@capulet.lit").has_value());
    BOOST_REQUIRE(policy->save("Montague", {.users_may_choose = false}, "lady@montague.lit").has_value());
    const Federation listed = federation_from("listed deny verona.lit *.example.net").value();
    const GeneralChange changes[] = {
        {},
        {.rules = rules_from(nlohmann::json::parse(R"([{"from": ["x.lit"], "answer": "deny"}])")).value()},
        {.administrators = {{Address::prepare("nurse@capulet.lit").value()}}},
        {.users_may_choose = false},
        {.option = Option::prompt},
        {.domains = {{"capulet.example"}}},
        {.federation = listed},
        {.users_may_choose = true, .option = Option::organization}};
    for (const GeneralChange& change : changes) {
        const std::uint64_t before = policy->policy()->generation();
        const auto would_be = policy->if_saved("Capulet", change);
        BOOST_REQUIRE(would_be != nullptr);
        BOOST_TEST(policy->policy()->generation() == before);
        BOOST_REQUIRE(policy->save("Capulet", change, "nurse@capulet.lit").has_value());
        BOOST_TEST(joined(policy_to_toml(would_be()), "") == text_of(policy->policy()->generation()));
    }
    BOOST_TEST((policy->if_saved("Verona", {}) == nullptr));
}

BOOST_AUTO_TEST_CASE(what_is_saved_without_effect_is_told_until_it_is_reset)
{
    BOOST_REQUIRE(
        policy
            ->save("Capulet", {.option = Option::all, .domains = {{"capulet.example"}}}, "nurse@capulet.lit")
            .has_value());
    BOOST_TEST(policy->general("Capulet")->without_effect.empty());
    const std::string fewer = with(kFile, ", \"capulet.example\"", "");
    BOOST_REQUIRE(policy->set_file(parse_settings(fewer, "usher.toml").value()).has_value());
    const GeneralIm general = policy->general("Capulet").value();
    BOOST_TEST(!general.domains.saved);
    BOOST_REQUIRE(general.without_effect.size() == 1U);
    BOOST_TEST(general.without_effect.front().starts_with(
        "Capulet: domains = capulet.example (saved by nurse@capulet.lit on 2026-11-23 12:00 UTC)"));
    BOOST_TEST(policy->general("Montague")->without_effect.empty());
    BOOST_REQUIRE(policy->reset("Capulet").has_value());
    BOOST_TEST(policy->general("Capulet")->without_effect.empty());
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
    BOOST_TEST(policy->source_of_rule(montague, montague.rules.at(0)) == "in line 13 of the settings file");
    BOOST_TEST(policy->source_of_rule(capulet(), montague.rules.at(0)) == "");
}

BOOST_AUTO_TEST_CASE(what_is_saved_is_in_force_at_once_after_a_restart_and_until_it_is_reset)
{
    int changes = 0;
    policy->on_change([&](PolicyInForce::Origin) { ++changes; });
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

BOOST_AUTO_TEST_CASE(what_is_saved_follows_an_organization_to_another_name)
{
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    const std::string renamed = with(kFile, "Capulet", "House of Capulet");
    BOOST_REQUIRE(policy->set_file(parse_settings(renamed, "usher.toml").value()).has_value());
    BOOST_TEST((capulet().option == Option::all));
    policy = made(renamed);
    BOOST_TEST((capulet().option == Option::all));
    // Who takes the name does not take what was saved.
    policy = made(with(renamed, "Montague", "Capulet"));
    BOOST_TEST((capulet().option == Option::all));
    BOOST_TEST((policy->policy()->organizations()[1].option == Option::organization));
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::prompt}, "other").has_value());
    BOOST_TEST((capulet().option == Option::all));
    BOOST_REQUIRE(policy->reset("House of Capulet").has_value());
    BOOST_TEST((capulet().option == Option::prompt));  // the file's
    BOOST_TEST((policy->policy()->organizations()[1].option == Option::prompt));
}

BOOST_AUTO_TEST_CASE(what_is_saved_follows_an_organization_from_one_domain_to_the_next)
{
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    const std::string both = "[\"capulet.lit\", \"capulet.example\"]";
    policy = made(with(kFile, both, "[\"capulet.example\", \"verona.lit\"]"));
    policy = made(with(with(kFile, both, "[\"verona.lit\"]"), "Capulet", "Verona"));
    BOOST_TEST((capulet().option == Option::all));
}

BOOST_AUTO_TEST_CASE(what_an_older_usherd_saved_belongs_to_whose_name_it_has_and_follows_then)
{
    store->run(
        "INSERT INTO saved_setting VALUES ('', 'Capulet', 'option', '', 'all', 'admin', 0), "
        "('', 'Montague', 'option', '', 'all', 'admin', 0)");
    policy = made();
    BOOST_TEST((capulet().option == Option::all));
    policy = made(with(kFile, "Capulet", "House of Capulet"));
    BOOST_TEST((capulet().option == Option::all));
    BOOST_TEST((policy->policy()->organizations()[1].option == Option::all));
}

BOOST_AUTO_TEST_CASE(of_two_organizations_that_become_one_the_later_setting_counts)
{
    const auto now = noon();
    policy.reset();
    policy = test::PolicyNow::make(parse_settings(kFile, "usher.toml").value(), *database,
                                   [now, calls = 0]() mutable { return now + std::chrono::hours(++calls); })
                 .value();
    BOOST_REQUIRE(policy->save("Montague", {.option = Option::all}, "admin").has_value());
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::organization}, "admin").has_value());
    std::string one = kFile.substr(0, kFile.find("[[organization]]\nname = \"Montague\""));
    policy = made(with(one, "[\"capulet.lit\"", "[\"montague.lit\", \"capulet.lit\""));
    BOOST_TEST((capulet().option == Option::organization));
    BOOST_REQUIRE(policy->saved_values().size() == 2U);
    BOOST_TEST(!policy->saved_values()[0].in_force);
    BOOST_TEST(policy->saved_values()[1].in_force);
}

std::vector<std::string> saved_texts(const PolicyInForce& policy)
{
    std::vector<std::string> texts;
    for (const SavedValue& value : policy.saved_values()) {
        texts.push_back((value.in_force ? "+ " : "- ") + value.text);
    }
    return texts;
}

BOOST_AUTO_TEST_CASE(what_is_saved_says_what_it_wins_over_and_how_to_forget_it)
{
    BOOST_REQUIRE(
        policy->save("Capulet", {.option = Option::all, .domains = {{"capulet.lit"}}}, "admin@capulet.lit")
            .has_value());
    policy = made(with(kFile, "\"capulet.example\"", "\"capulet.example\", \"verona.lit\""));
    BOOST_TEST(
        saved_texts(*policy) ==
            (std::vector<std::string>{
                "+ Capulet: domains = capulet.lit (saved by admin@capulet.lit on 2026-11-23 12:00 UTC) is in "
                "force instead of capulet.lit, capulet.example, verona.lit (usher.toml:7); to forget it: "
                "usherctl organization --reset \"Capulet\"",
                "+ Capulet: option = all (saved by admin@capulet.lit on 2026-11-23 12:00 UTC) is in force "
                "instead of prompt (usher.toml:8); to forget it: usherctl organization --reset \"Capulet\""}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_fits_no_organization_is_without_effect_and_can_be_forgotten)
{
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    const std::string gone = with(kFile, "[\"capulet.lit\", \"capulet.example\"]", "[\"verona.lit\"]");
    policy = made(gone);
    BOOST_TEST((capulet().option == Option::prompt));
    BOOST_TEST(saved_texts(*policy) ==
                   std::vector<std::string>{
                       "- Capulet: option = all (saved by admin on 2026-11-23 12:00 UTC) for "
                       "capulet.lit, capulet.example belongs to no organization of the "
                       "settings file; to forget it: usherctl organization --reset \"Capulet\""},
               boost::test_tools::per_element());
    BOOST_TEST(!policy->forget_orphans("Verona").value());
    BOOST_TEST(policy->forget_orphans("Capulet").value());
    BOOST_TEST(policy->saved_values().empty());
    policy = made();
    BOOST_TEST((capulet().option == Option::prompt));
}

BOOST_AUTO_TEST_CASE(federation_is_saved_whole_and_reset)
{
    Federation listed{FederationMode::listed, {}, Answer::deny};
    listed.domains.insert(Pattern::read("example.net").value());
    listed.domains.insert(Pattern::read("*.example.com").value());
    BOOST_REQUIRE(policy->save("Capulet", {.federation = listed}, "admin").has_value());
    policy = made();
    BOOST_TEST((capulet().federation.mode == FederationMode::listed));
    BOOST_TEST(capulet().federation.answer == Answer::deny);
    BOOST_TEST(capulet().federation.domains.contains("example.net"));
    BOOST_TEST(capulet().federation.domains.contains("a.example.com"));
    BOOST_TEST(!capulet().federation.domains.contains("example.com"));
    BOOST_TEST(policy->general("Capulet")->federation.source == "saved by admin on 2026-11-23 12:00 UTC");
    BOOST_TEST(
        policy->saved_values().at(0).text.find(
            "federation = listed deny *.example.com example.net (saved by admin on 2026-11-23 12:00 UTC) is in "
            "force instead of open (default)") != std::string::npos,
        policy->saved_values().at(0).text);
    BOOST_REQUIRE(policy->save("Capulet", {.federation = Federation{}}, "admin").has_value());
    BOOST_TEST((capulet().federation.mode == FederationMode::open));
    BOOST_TEST(policy->general("Capulet")->federation.saved);
    BOOST_REQUIRE(policy->reset("Capulet").has_value());
    BOOST_TEST(policy->general("Capulet")->federation.source == "default");
}

const std::string kGroupAndRule = R"(
[[organization.group]]
name = "sales"
members = ["sales.example"]
[[organization.rule]]
from = ["tybalt@capulet.lit"]
answer = "deny"
)";

std::string with_group_and_rule()
{
    return with(kFile, "option = \"prompt\"\n", "option = \"prompt\"\n" + kGroupAndRule);
}

RuleList rules(const std::string& json)
{
    return rules_from(nlohmann::json::parse(json)).value();
}

BOOST_AUTO_TEST_CASE(rules_are_saved_whole_and_reset)
{
    policy = made(with_group_and_rule());
    BOOST_TEST(policy->general("Capulet")->rules.source == "usher.toml:13");
    BOOST_TEST(policy->general("Montague")->rules.source == "default");
    const RuleList two = rules(R"([{"from": ["group:sales"], "answer": "approve"},
                                   {"from": ["*"], "to": ["capulet.lit"], "answer": "deny"}])");
    BOOST_REQUIRE(policy->save("Capulet", {.rules = two}, "admin").has_value());
    policy = made(with_group_and_rule());
    BOOST_REQUIRE(capulet().rules.size() == 2U);
    BOOST_TEST(capulet().rules[1].place == 2U);
    const auto decided = [this] {
        return usher::decide(*policy->policy(),
                             {Address::prepare("juliet@capulet.lit").value(),
                              Address::prepare("anna@sales.example").value(), std::nullopt},
                             {});
    };
    BOOST_TEST(decided().answer == Answer::approve);
    BOOST_TEST(decided().rule == 1U);
    BOOST_TEST(policy->source_of_rule(capulet(), capulet().rules[1]) ==
               "saved by admin on 2026-11-23 12:00 UTC");
    const Sourced<RuleList> shown = policy->general("Capulet")->rules;
    BOOST_TEST(shown.value.size() == 2U);
    BOOST_TEST(shown.source == "saved by admin on 2026-11-23 12:00 UTC");
    BOOST_TEST(shown.saved);
    BOOST_TEST(
        policy->saved_values().at(0).text ==
        "Capulet: rules = 2 rules (saved by admin on 2026-11-23 12:00 UTC) is in force instead of 1 rule "
        "(usher.toml:13); to forget it: usherctl organization --reset \"Capulet\"");
    // What decided can be read again.
    const auto text = parse_policy(text_of(policy->policy()->generation()), "then");
    BOOST_REQUIRE(text.has_value());
    BOOST_TEST(text->organizations[0].rules.size() == 2U);
    BOOST_TEST(text->organizations[0].groups.size() == 1U);

    BOOST_REQUIRE(policy->save("Capulet", {.rules = RuleList()}, "admin").has_value());
    BOOST_TEST(capulet().rules.empty());
    BOOST_REQUIRE(policy->reset("Capulet").has_value());
    BOOST_REQUIRE(capulet().rules.size() == 1U);
    BOOST_TEST(policy->source_of_rule(capulet(), capulet().rules[0]) == "in line 13 of the settings file");
}

/// Without the group they would be other rules, and those of the file may approve what they deny.
BOOST_AUTO_TEST_CASE(where_saved_rules_have_lost_their_group_all_is_left_to_the_users)
{
    policy = made(with_group_and_rule());
    BOOST_REQUIRE(policy
                      ->save("Capulet", {.rules = rules(R"([{"from": ["group:sales"], "answer": "approve"},
                                       {"from": ["*.spam.example"], "answer": "deny"}])")},
                             "admin")
                      .has_value());
    const std::string without_group = with(with_group_and_rule(), "name = \"sales\"", "name = \"buyers\"");
    for (const std::string& file :
         {without_group, with(without_group, "answer = \"deny\"", "answer = \"approve\"")}) {
        policy = made(file);
        BOOST_REQUIRE(capulet().rules.size() == 1U);
        for (const std::string contact : {"a@b.spam.example", "tybalt@capulet.lit", "anybody@example.net"}) {
            const SubscriptionRequest request{*Address::prepare("juliet@capulet.lit"),
                                              *Address::prepare(contact), RosterItem{}};
            const Decision decision = usher::decide(*policy->policy(), request, Facts());
            BOOST_TEST((decision.answer == Answer::leave), contact);
        }
        const SavedValue& saved = policy->saved_values().at(0);
        BOOST_TEST(!saved.in_force);
        BOOST_TEST(
            saved.text.find("all requests are left to their users; to forget it: ") != std::string::npos,
            saved.text);
        BOOST_TEST(!policy->general("Capulet")->rules.saved);
        BOOST_TEST(policy->source_of_rule(capulet(), capulet().rules[0]) ==
                   "in place of saved rules that cannot be used");
    }
    policy = made(with_group_and_rule());
    BOOST_TEST(capulet().rules[0].answer == Answer::approve);
    BOOST_TEST(capulet().rules.size() == 2U);
}

/// The text of a policy is the same whether it was made with a file that is ready or not.
BOOST_AUTO_TEST_CASE(saved_rules_are_in_the_policys_text_beside_the_files_groups)
{
    Settings ready = parse_settings(with_group_and_rule(), "usher.toml").value();
    make_ready(ready);
    BOOST_REQUIRE(policy->set_file(ready).has_value());
    BOOST_REQUIRE(
        policy->save("Capulet", {.rules = rules(R"([{"from": ["x.lit"], "answer": "leave"}])")}, "admin")
            .has_value());
    const std::uint64_t generation = policy->policy()->generation();
    const std::string text = text_of(generation);
    BOOST_TEST(text.find("name = \"sales\"") != std::string::npos, text);
    BOOST_TEST(text.find("from = [\"x.lit\"]") != std::string::npos, text);
    BOOST_TEST(text.find("tybalt") == std::string::npos, text);
    BOOST_REQUIRE(policy->set_file(parse_settings(with_group_and_rule(), "usher.toml").value()).has_value());
    BOOST_TEST(policy->policy()->generation() == generation);
}

std::vector<Address> addresses(const std::vector<std::string>& texts)
{
    std::vector<Address> all;
    for (const std::string& text : texts) {
        all.push_back(Address::prepare(text).value());
    }
    return all;
}

/// Of two who change the same settings, the second one is told.
BOOST_AUTO_TEST_CASE(a_change_of_other_settings_than_those_in_force_is_not_saved)
{
    policy = made(with_group_and_rule());
    const std::string first = policy->general("Capulet")->mark;
    const auto denied = rules(R"([{"from": ["*.spam.example"], "answer": "deny"}])");
    BOOST_TEST(
        policy->save("Capulet", {.option = Option::all, .rules = denied, .mark = first}, "nurse").value());
    const std::string second = policy->general("Capulet")->mark;
    BOOST_TEST(second != first);
    BOOST_TEST(!policy->save("Capulet", {.rules = RuleList(), .mark = first}, "peter").value());
    BOOST_TEST(capulet().rules.size() == 1U);
    BOOST_TEST(policy->general("Capulet")->mark == second);
    policy = made(with_group_and_rule());  // as another usherd reads it
    BOOST_TEST(policy->general("Capulet")->mark == second);
    BOOST_REQUIRE(policy->save("Montague", {.option = Option::all}, "lady").value());  // another's
    BOOST_TEST(policy->save("Capulet", {.rules = RuleList(), .mark = second}, "peter").value());
    BOOST_TEST(policy->save("Capulet", {.option = Option::prompt}, "by hand").value());
    BOOST_REQUIRE(policy->reset("Capulet").has_value());
    BOOST_TEST(policy->general("Capulet")->mark == first);
}

BOOST_AUTO_TEST_CASE(administrators_are_saved_and_reset)
{
    const std::string file = with(kFile, "option = \"prompt\"\n",
                                  "option = \"prompt\"\nadministrators = [\"nurse@capulet.lit\"]\n");
    policy = made(file);
    const auto two = addresses({"peter@capulet.lit", "susan@capulet.example"});
    BOOST_REQUIRE(policy->save("Capulet", {.administrators = two}, "root").has_value());
    policy = made(file);
    BOOST_TEST((capulet().administrators == two));
    BOOST_TEST((policy->general("Capulet")->administrators.value == two));
    BOOST_TEST(policy->general("Capulet")->administrators.saved);
    BOOST_TEST(
        policy->saved_values().at(0).text.find(
            "administrators = peter@capulet.lit, susan@capulet.example (saved by root on 2026-11-23 12:00 "
            "UTC) is in force instead of nurse@capulet.lit (usher.toml:9)") != std::string::npos,
        policy->saved_values().at(0).text);
    // Whoever is of another organisation by now is nobody here.
    policy = made(with(file, "[\"capulet.lit\", \"capulet.example\"]", "[\"capulet.lit\"]"));
    BOOST_TEST((capulet().administrators == addresses({"peter@capulet.lit"})));
    policy = made(file);
    BOOST_REQUIRE(policy->save("Capulet", {.administrators = std::vector<Address>()}, "root").has_value());
    BOOST_TEST(capulet().administrators.empty());
    BOOST_REQUIRE(policy->reset("Capulet").has_value());
    BOOST_TEST((capulet().administrators == addresses({"nurse@capulet.lit"})));
    BOOST_TEST(policy->general("Capulet")->administrators.source == "usher.toml:9");
}

/// What contradicts itself must not open anything.
BOOST_AUTO_TEST_CASE(saved_federation_is_all_right_or_none)
{
    for (const char* text :
         {"", "shut", "open leave", "open leave a.example", "closed", "closed approve",
          "closed deny a.example", "listed", "listed leave", "listed leave *", "listed leave a@b.example",
          "listed approve a.example", "listed leave a.example group:sales"}) {
        BOOST_TEST(!federation_from(text).has_value(), text);
    }
    for (const char* text : {"open", "closed leave", "closed deny", "listed deny *.a.example b.example"}) {
        BOOST_TEST(to_text(federation_from(text).value()) == text);
    }
}

/// By an administrator with sqlite3, or by a newer usherd.
BOOST_AUTO_TEST_CASE(what_is_not_understood_keeps_the_file_s_value)
{
    for (const std::string setting : {"option", "users_may_choose", "domains", "federation", "colour"}) {
        BOOST_TEST_CONTEXT(setting)
        {
            BOOST_REQUIRE(policy->save("Capulet", {.users_may_choose = true}, "admin").has_value());
            store->run("UPDATE saved_setting SET setting = '" + setting + "', setting_value = 'everyone'");
            policy = made();
            BOOST_TEST(capulet().users_may_choose);
            BOOST_TEST((capulet().option == Option::prompt));
            BOOST_TEST(capulet().domains.size() == 2U);
            BOOST_REQUIRE(policy->saved_values().size() == 1U);
            const SavedValue& value = policy->saved_values()[0];
            BOOST_TEST(!value.in_force);
            BOOST_TEST(value.text.find("Capulet: " + setting + " = everyone (saved by admin ") == 0U,
                       value.text);
            BOOST_TEST(!policy->general("Capulet")->users_may_choose.saved);
            BOOST_REQUIRE(policy->reset("Capulet").has_value());
            BOOST_TEST(policy->saved_values().empty());
        }
    }
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
    decide();
    BOOST_REQUIRE(policy->reset("Capulet").has_value());
    BOOST_TEST(policy->policy()->generation() == 3U);
    const std::string text = text_of(2);
    BOOST_TEST(text.find("option = \"all\"") != std::string::npos, text);
    const std::string connection = "[connection]\ncomponent = \"u.lit\"\nsecret_file = \"/s\"\n";
    BOOST_TEST(parse_settings(connection + text, "again").has_value());  // can be read again
}

BOOST_AUTO_TEST_CASE(policies_without_records_go_with_old_records)
{
    for (int i = 0; i < 50; ++i) {
        BOOST_REQUIRE(
            policy->save("Capulet", {.option = i % 2 == 0 ? Option::all : Option::prompt}, "admin"));
    }
    BOOST_TEST(policy->policy()->generation() == 51U);
    for (int i = 0; i < 4; ++i) {  // some at a time
        BOOST_TEST(forget_before(noon() + std::chrono::days(1), 1'000) == 0U);
    }
    BOOST_TEST(generations() == std::vector<std::uint64_t>{51}, boost::test_tools::per_element());
    BOOST_TEST(texts_in_store() == 1);
}

/// They may have megabytes, and a durable write of those takes most of a second.
BOOST_AUTO_TEST_CASE(many_rules_are_not_written_again_when_something_else_is_saved)
{
    std::string rules;
    for (int i = 0; i < 2'000; ++i) {
        rules += "[[organization.rule]]\nfrom = [\"spammer" + std::to_string(i) +
                 "@evil.example\"]\nanswer = \"deny\"\n";
    }
    const auto bytes_in_store = [this] {
        return store->number("SELECT SUM(LENGTH(settings)) FROM policy_text");
    };
    policy = made(kFile + rules);
    decide();
    const long long before = bytes_in_store();
    BOOST_TEST(before > 100'000);
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    decide();
    BOOST_TEST(bytes_in_store() - before < 1'000);
    const std::string text = text_of(policy->policy()->generation());
    BOOST_TEST(text.starts_with("[[organization]]\n"));
    BOOST_TEST(text.find("option = \"all\"") != std::string::npos);
    BOOST_TEST(text.find("spammer1999@evil.example") < text.find("[limits]"));
}

BOOST_AUTO_TEST_CASE(a_text_is_kept_once_and_goes_with_the_last_record_that_names_it)
{
    const auto year = std::chrono::days(365);
    decide(noon() - year);
    for (const Option option : {Option::all, Option::prompt, Option::all}) {
        BOOST_REQUIRE(policy->save("Capulet", {.option = option}, "admin").has_value());
        decide();
        decide();
    }
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::organization}, "admin").has_value());
    BOOST_TEST(generations() == (std::vector<std::uint64_t>{1, 2, 3, 4, 5}),
               boost::test_tools::per_element());
    BOOST_TEST(texts_in_store() == 3);  // generations 1 and 3 are the same policy, and so are 2 and 4
    BOOST_TEST(text_of(2) == text_of(4));
    BOOST_TEST(text_of(2).find("option = \"all\"") != std::string::npos);

    BOOST_TEST(forget_before(noon() - std::chrono::days(1), 1'000) == 1U);
    BOOST_TEST(generations() == (std::vector<std::uint64_t>{2, 3, 4, 5}), boost::test_tools::per_element());
    BOOST_TEST(texts_in_store() == 3);
    BOOST_TEST(forget_before(noon() + std::chrono::days(1), 1) == 1U);
    BOOST_TEST(generations().size() == 4U);  // one record of generation 2 is left
    BOOST_TEST(forget_before(noon() + std::chrono::days(1), 1'000) == 5U);
    BOOST_TEST(generations() == std::vector<std::uint64_t>{5}, boost::test_tools::per_element());
    BOOST_TEST(texts_in_store() == 1);  // in force without records
    policy = made();
    BOOST_TEST(policy->policy()->generation() == 5U);
}

// What is saved is read in the act that changes it.
BOOST_AUTO_TEST_CASE(what_two_processes_save_is_in_force_at_both)
{
    const auto elsewhere = store->open();
    const auto other =
        test::PolicyNow::make(parse_settings(kFile, "usher.toml").value(), *elsewhere, noon).value();
    std::string changes;
    other->on_change([&](PolicyInForce::Origin origin) {
        changes += origin == PolicyInForce::Origin::here ? "here " : "elsewhere ";
    });
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    BOOST_REQUIRE(other->save("Capulet", {.users_may_choose = false}, "admin").has_value());
    BOOST_TEST((other->general("Capulet")->option.value == Option::all));
    BOOST_TEST(!other->general("Capulet")->users_may_choose.value);
    const std::int64_t version = other->settings_version();
    BOOST_TEST(version > policy->settings_version());
    BOOST_TEST(policy->general("Capulet")->users_may_choose.value);  // until it is read again

    BOOST_REQUIRE(policy->refresh(version).has_value());
    BOOST_TEST(!policy->general("Capulet")->users_may_choose.value);
    BOOST_TEST(policy->settings_version() == version);
    BOOST_TEST(policy->policy()->generation() == other->policy()->generation());

    BOOST_REQUIRE(policy->reset("Capulet").has_value());
    other->look();
    test::await_store([&] { return other->settings_version() == policy->settings_version(); });
    BOOST_TEST((other->general("Capulet")->option.value == Option::prompt));
    BOOST_REQUIRE(other->refresh(other->settings_version()).has_value());  // nothing is to be done
    BOOST_TEST(changes == "here elsewhere ");
}

// A store that was set back to an older state, and has then come on by another way.
BOOST_AUTO_TEST_CASE(a_version_of_settings_does_not_come_again)
{
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    const std::int64_t version = policy->settings_version();
    store->run("DELETE FROM saved_setting; UPDATE settings_version SET version = 0");
    BOOST_REQUIRE(policy->refresh(0).has_value());
    BOOST_TEST((policy->general("Capulet")->option.value == Option::prompt));
    const auto later = store->open();
    const auto other = test::PolicyNow::make(parse_settings(kFile, "usher.toml").value(), *later, [] {
                           return noon() + std::chrono::seconds(1);
                       }).value();
    BOOST_REQUIRE(other->save("Capulet", {.option = Option::organization}, "admin").has_value());
    BOOST_TEST(other->settings_version() > version);
}

BOOST_AUTO_TEST_SUITE_END()

// In a SQLite file, which others lock as a whole, and which answers before a call returns.

namespace
{

struct InFile {
    usher::test::TemporaryDirectory directory;
    std::string path = (directory.path() / "usher.db").string();
    std::unique_ptr<Database> database = Database::open("sqlite3://" + path).value();
    std::unique_ptr<test::PolicyNow> policy =
        test::PolicyNow::make(parse_settings(kFile, "usher.toml").value(), *database, noon).value();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(policy_in_a_file, InFile)

BOOST_AUTO_TEST_CASE(a_check_of_the_file_names_what_is_saved_and_changes_nothing)
{
    const auto checked = [this] {
        Settings settings = parse_settings(kFile, "usher.toml").value();
        settings.store.url = "sqlite3://" + path;
        return saved_beside(settings);
    };
    BOOST_TEST(checked() == "# Administrators have saved nothing that wins over these settings.\n");
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    BOOST_TEST(checked() ==
               "# What administrators have saved:\n# Capulet: option = all (saved by admin on "
               "2026-11-23 12:00 UTC) is in force instead of prompt (usher.toml:8); to forget it: "
               "usherctl organization --reset \"Capulet\"\n");
    path = (directory.path() / "none.db").string();
    BOOST_TEST(
        checked().find("# What administrators have saved instead is not known: the store cannot be read (") ==
        0U);
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_stored_changes_nothing)
{
    test::SqliteFile other(path);
    BOOST_REQUIRE(policy->save("Montague", {.option = Option::all}, "admin").has_value());
    other.run("BEGIN IMMEDIATE");
    BOOST_TEST(!policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    BOOST_TEST(!policy->reset("Montague").has_value());
    other.run("ROLLBACK");
    BOOST_TEST((policy->general("Capulet")->option.value == Option::prompt));
    BOOST_TEST(!policy->general("Capulet")->option.saved);
    BOOST_TEST(policy->general("Montague")->option.saved);
    BOOST_TEST(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
}

BOOST_AUTO_TEST_CASE(policies_without_records_do_not_pile_up)
{
    for (int i = 0; i < 50; ++i) {
        BOOST_REQUIRE(
            policy->save("Capulet", {.option = i % 2 == 0 ? Option::all : Option::prompt}, "admin"));
    }
    BOOST_TEST(policy->policy()->generation() == 51U);
    test::SqliteFile other(path);
    BOOST_TEST(other.column("SELECT generation FROM policy") == std::vector<std::string>{"51"},
               boost::test_tools::per_element());
    BOOST_TEST(other.number("SELECT COUNT(*) FROM policy_text") == 1);
}

BOOST_AUTO_TEST_CASE(changes_are_made_one_after_the_other)
{
    test::HeldDatabase slow(Database::open("sqlite3://" + path).value());
    PolicyInForce other(slow, noon);
    const auto settings = parse_settings(kFile, "usher.toml").value();
    other.set_file(settings, [](const auto& outcome) { BOOST_TEST(outcome.has_value()); });
    slow.holds = true;
    std::string done;
    const std::string renamed = with(kFile, "Capulet", "House of Capulet");
    other.set_file(parse_settings(renamed, "usher.toml").value(), [&](const auto&) { done += "file "; });
    other.save("Montague", {.option = Option::all}, "admin", [&](const auto&) { done += "saved "; });
    BOOST_TEST(slow.held() == 1U);
    slow.release();
    slow.release();
    BOOST_TEST(done == "file saved ");
    BOOST_TEST(other.general("House of Capulet").has_value());  // the file that was read is still in force
    BOOST_TEST((other.general("Montague")->option.value == Option::all));
}

BOOST_AUTO_TEST_CASE(what_another_process_has_saved_does_not_wait_for_a_change_of_ones_own)
{
    test::HeldDatabase slow(Database::open("sqlite3://" + path).value());
    PolicyInForce other(slow, noon);
    const auto fine = [](const auto& outcome) { BOOST_TEST(outcome.has_value()); };
    other.set_file(parse_settings(kFile, "usher.toml").value(), fine);
    slow.holds_other = true;
    other.save("Montague", {.option = Option::all}, "admin", fine);
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    bool refreshed = false;
    other.refresh(policy->settings_version(), [&](const auto& outcome) { refreshed = outcome.has_value(); });
    BOOST_TEST(refreshed);
    BOOST_TEST((other.general("Capulet")->option.value == Option::all));
    BOOST_TEST(other.policy()->generation() == policy->policy()->generation());
    BOOST_TEST((other.general("Montague")->option.value != Option::all));
    slow.release();
    BOOST_TEST((other.general("Montague")->option.value == Option::all));
    BOOST_TEST((other.general("Capulet")->option.value == Option::all));
}

// Nobody else knows that what waits is to be read.
BOOST_AUTO_TEST_CASE(a_change_whose_commit_was_not_confirmed_is_one_s_own_when_it_is_found)
{
    test::HeldDatabase slow(Database::open("sqlite3://" + path).value());
    PolicyInForce other(slow, noon);
    other.set_file(parse_settings(kFile, "usher.toml").value(),
                   [](const auto& outcome) { BOOST_TEST(outcome.has_value()); });
    std::string changes;
    other.on_change([&](PolicyInForce::Origin origin) {
        changes += origin == PolicyInForce::Origin::here ? "here " : "elsewhere ";
    });
    slow.holds = true;
    other.save("Capulet", {.option = Option::all}, "admin",
               [](const auto& outcome) { BOOST_TEST(!outcome.has_value()); });
    slow.fail_when_done("the connection was lost");
    slow.holds = false;
    BOOST_TEST((other.general("Capulet")->option.value == Option::prompt));
    other.look();
    BOOST_TEST((other.general("Capulet")->option.value == Option::all));
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::organization}, "admin").has_value());
    other.look();
    BOOST_TEST(changes == "here elsewhere ");
}

// A file that was read meanwhile is not replaced by the one before it.
BOOST_AUTO_TEST_CASE(a_file_that_comes_into_force_while_settings_are_read_stays_in_force)
{
    test::HeldDatabase slow(Database::open("sqlite3://" + path).value());
    PolicyInForce other(slow, noon);
    const auto fine = [](const auto& outcome) { BOOST_TEST(outcome.has_value()); };
    other.set_file(parse_settings(kFile, "usher.toml").value(), fine);
    BOOST_REQUIRE(policy->save("Capulet", {.option = Option::all}, "admin").has_value());
    slow.holds = true;
    other.refresh(policy->settings_version(), fine);
    slow.holds = false;
    other.set_file(parse_settings(with(kFile, "Montague", "House of Montague"), "usher.toml").value(), fine);
    slow.release();
    BOOST_TEST(other.general("House of Montague").has_value());
    BOOST_TEST((other.general("Capulet")->option.value == Option::all));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
