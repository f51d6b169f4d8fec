// Rules and administrators are read from JSON as from the settings file.
#include "plugin/settings/json_lists.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "plugin/settings/reader.h"

namespace bdata = boost::unit_test::data;

namespace usher
{

namespace
{

using Json = nlohmann::json;

struct Refused {
    const char* name;
    std::string json;
    std::string error;
};

std::ostream& operator<<(std::ostream& out, const Refused& refused)
{
    return out << refused.name;
}

const std::string kPattern = "* or *.example.org or example.org or eve@example.org or group:NAME";
const std::string kPatterns = R"("*", "*.example.org", "example.org", "eve@example.org", "group:NAME")";

const Refused kRefusedRules[] = {
    {"no_list", R"({"from": ["*"]})", R"(rules: found {"from":["*"]}; accepted: a list of rules)"},
    {"no_object", R"(["*"])", R"(rule 1: found "*"; accepted: an object with from, to, answer, for)"},
    {"unknown_member", R"([{"from": ["*"], "answer": "deny", "place": 1}])",
     R"(rule 1: found "place"; accepted: from, to, answer, for)"},
    {"denies_for_a_while", R"([{"from": ["*"], "answer": "deny", "for": "90d"}])",
     R"(rule 1, for: found "90d"; accepted: only with the answer "approve")"},
    {"for_null", R"([{"from": ["*"], "answer": "approve", "for": null}])",
     "rule 1, for: found null; accepted: a length of time of an hour or more, such as 12h, 90d or 2w (in quotes)"},
    {"nobody_from", R"([{"from": ["*"], "answer": "deny"}, {"answer": "deny"}])",
     "rule 2, from: found nothing; accepted: a list of at least one of " + kPatterns},
    {"empty_to", R"([{"from": ["*"], "to": [], "answer": "deny"}])",
     "rule 1, to: found []; accepted: a list of at least one of " + kPatterns},
    {"text_for_list", R"([{"from": "*", "answer": "deny"}])",
     "rule 1, from: found \"*\"; accepted: a list of at least one of " + kPatterns},
    {"no_pattern", R"([{"from": ["example.org", "eve@"], "answer": "deny"}])",
     "rule 1, from: found \"eve@\"; accepted: " + kPattern},
    {"number_for_pattern", R"([{"from": ["*"], "to": [7], "answer": "deny"}])",
     "rule 1, to: found 7; accepted: " + kPattern + " (in quotes)"},
    {"no_answer", R"([{"from": ["*"]}])", "rule 1, answer: found nothing; accepted: approve, deny, leave"},
    {"other_answer", R"([{"from": ["*"], "answer": "Deny"}])",
     R"(rule 1, answer: found "Deny"; accepted: approve, deny, leave)"},
};

const Refused kRefusedAdministrators[] = {
    {"no_list", R"("admin@example.org")",
     R"(administrators: found "admin@example.org"; accepted: a list of addresses such as ["admin@example.org"])"},
    {"no_address", R"(["admin@example.org", "example.org"])",
     R"(administrators: found "example.org"; accepted: an address such as admin@example.org)"},
};

Json many_rules(std::size_t count, std::size_t from)
{
    Json patterns = Json::array();
    for (std::size_t i = 0; i < from; ++i) {
        patterns.push_back("a" + std::to_string(i) + "@example.org");
    }
    return Json(count, Json{{"from", patterns}, {"answer", "deny"}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_lists)

BOOST_DATA_TEST_CASE(what_is_wrong_with_rules_is_said, bdata::make(kRefusedRules), refused)
{
    const auto rules = rules_from(Json::parse(refused.json));
    BOOST_REQUIRE(!rules.has_value());
    BOOST_TEST(rules.error() == refused.error);
}

BOOST_DATA_TEST_CASE(what_is_wrong_with_administrators_is_said, bdata::make(kRefusedAdministrators), refused)
{
    const auto administrators = administrators_from(Json::parse(refused.json));
    BOOST_REQUIRE(!administrators.has_value());
    BOOST_TEST(administrators.error() == refused.error);
}

BOOST_AUTO_TEST_CASE(rules_are_numbered_and_written_as_they_were_read)
{
    const Json json = Json::parse(R"([
        {"from": ["EVE@example.net", "*.Spam.example"], "answer": "deny"},
        {"from": ["group:sales"], "to": ["example.org"], "answer": "approve", "for": "48h"}])");
    const RuleList rules = rules_from(json).value();
    BOOST_REQUIRE(rules.size() == 2U);
    BOOST_TEST(rules[0].place == 1U);
    BOOST_TEST(rules[1].place == 2U);
    BOOST_TEST((rules[0].to == std::vector<Pattern>{Pattern::read("*").value()}));
    BOOST_TEST(to_json(rules) == Json::parse(R"([
        {"from": ["eve@example.net", "*.spam.example"], "to": ["*"], "answer": "deny"},
        {"from": ["group:sales"], "to": ["example.org"], "answer": "approve", "for": "2d"}])"));
    BOOST_TEST(rules_from(Json::array()).value().empty());
}

BOOST_AUTO_TEST_CASE(only_so_many_rules_and_pairs_can_be_saved)
{
    BOOST_TEST(rules_from(many_rules(1'000, 4)).has_value());
    BOOST_TEST(can_be_saved(rules_from(many_rules(1'000, 4)).value()));
    BOOST_TEST(rules_from(many_rules(1'001, 1)).error() ==
               "rules: found 1001 of them; accepted: at most 1000; more can be had in the settings file");
    BOOST_TEST(
        rules_from(many_rules(3, 2'000)).error() ==
        "rule 3: found 6000 pairs of from and to, up to this rule; accepted: at most 4000; more can be "
        "had in the settings file");
    RuleList many;
    for (int i = 0; i <= 1'000; ++i) {
        many.push_back({});
    }
    BOOST_TEST(!can_be_saved(many));
}

BOOST_AUTO_TEST_CASE(administrators_are_read_and_written)
{
    const auto administrators = administrators_from(Json::parse(R"(["Admin@Example.org"])")).value();
    BOOST_REQUIRE(administrators.size() == 1U);
    BOOST_TEST(administrators[0].text() == "admin@example.org");
    BOOST_TEST(to_json(administrators) == Json::array({"admin@example.org"}));
    BOOST_TEST(administrators_from(Json::array()).value().empty());
}

BOOST_AUTO_TEST_CASE(limits_have_the_names_and_the_place_of_the_file)
{
    BOOST_TEST(to_json(Limits{7, 8, 9}) == Json({{"approvals_per_contact_per_hour", 7},
                                                 {"approvals_per_domain_per_hour", 8},
                                                 {"approvals_per_user_per_hour", 9}}));
    const std::string file = R"([connection]
component = "usher.example.org"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Example"
domains = ["example.org"]
)";
    BOOST_TEST(source_of_limits(parse_settings(file, "usher.toml").value()) == "default");
    const std::string limits = "[limits]\napprovals_per_user_per_hour = 5\n";
    BOOST_TEST(source_of_limits(parse_settings(file + limits, "usher.toml").value()) == "usher.toml:8");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
