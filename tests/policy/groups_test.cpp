// What groups mean for a decision, also while not all of their members are known.
#include "policy/groups.h"

#include <algorithm>
#include <array>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "policy/decide.h"
#include "policy/matching_groups.h"

namespace bdata = boost::unit_test::data;
using namespace usher;

namespace
{

using Texts = std::vector<std::string>;

std::vector<Pattern> patterns(const Texts& texts)
{
    std::vector<Pattern> all;
    for (const std::string& text : texts) {
        all.push_back(Pattern::read(text).value());
    }
    return all;
}

Address address(std::string_view text)
{
    return Address::prepare_contact(text).value();
}

Group group(const std::string& name, const Texts& members)
{
    return {name, patterns(members)};
}

/// Of whose members besides these nothing is known.
Group unknown(const std::string& name, const Texts& members = {})
{
    return {.name = name, .members = patterns(members), .complete = false};
}

Rule rule(std::uint32_t place, const Texts& from, const Texts& to, Answer answer)
{
    return {patterns(from), patterns(to), answer, place};
}

Organization corp(const GroupList& groups, const RuleList& rules)
{
    Organization organization;
    organization.name = "Corp";
    organization.domains = {"corp.example"};
    organization.groups = groups;
    organization.rules = rules;
    return organization;
}

/// An option that approves everybody, so that whatever is left is left by a rule.
Policy policy(Organization organization)
{
    organization.option = Option::all;
    return {{std::move(organization)}, {}};
}

SubscriptionRequest request(std::string_view contact, std::string_view user)
{
    return {address(user), Party::as_written(contact), {}};
}

const Answer approve = Answer::approve;
const Answer deny = Answer::deny;
const Answer leave = Answer::leave;

/// The two rules of the README.
Organization sales_and_board()
{
    return corp({group("sales", {"sales.corp.example", "amy@corp.example", "bob@corp.example"}),
                 group("board", {"cleo@corp.example", "bob@corp.example"})},
                {rule(1, {"*"}, {"group:board"}, leave), rule(2, {"group:sales"}, {"group:sales"}, approve),
                 rule(3, {"*"}, {"*"}, deny)});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(groups)

struct Case {
    const char* what;
    Organization organization;
    const char* contact;
    const char* user;
    Answer answer;
    Reason reason;
    std::uint32_t rule;
    const char* why;  // of the last step; empty: whatever it is
};

std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.what;
}

const Organization kNested =
    corp({group("all", {"group:staff", "*.guests.example"}), group("sales", {"amy@corp.example"}),
          group("staff", {"group:sales", "group:board"}), group("board", {"cleo@corp.example"}),
          group("nobody", {}), group("everybody", {"*"})},
         {rule(1, {"group:nobody"}, {"*"}, approve), rule(2, {"group:all"}, {"cleo@corp.example"}, deny),
          rule(3, {"*"}, {"group:nobody"}, deny), rule(4, {"group:everybody"}, {"group:sales"}, leave)});

const Case kKnown[] = {
    {"sales_may_see_sales", sales_and_board(), "amy@corp.example", "amy@sales.corp.example", leave,
     Reason::foreign_user, 0, ""},
    {"both_are_in_the_group", sales_and_board(), "kim@sales.corp.example", "amy@corp.example", approve,
     Reason::rule, 2,
     "Rule 2 matches and says approve: the contact is in the group sales, the user is in the group sales."},
    {"only_the_contact_is", sales_and_board(), "amy@corp.example", "dan@corp.example", deny, Reason::rule, 3,
     "Rule 3 matches and says deny."},
    {"only_the_user_is", sales_and_board(), "dan@corp.example", "amy@corp.example", deny, Reason::rule, 3,
     ""},
    {"nobody_may_see_the_board", sales_and_board(), "amy@corp.example", "cleo@corp.example", leave,
     Reason::rule, 1, "Rule 1 matches and says leave: the user is in the group board."},
    {"first_rule_decides_of_who_is_in_both", sales_and_board(), "amy@corp.example", "bob@corp.example", leave,
     Reason::rule, 1, ""},
    {"address_is_prepared", sales_and_board(), "kim@sales.corp.example", "AMY@corp.example", approve,
     Reason::rule, 2, ""},
    {"domain_is_exact", sales_and_board(), "kim@x.sales.corp.example", "amy@corp.example", deny, Reason::rule,
     3, ""},
    {"bare_domain_is_of_the_domain", sales_and_board(), "sales.corp.example", "amy@corp.example", approve,
     Reason::rule, 2, ""},
    {"group_within_a_group", kNested, "amy@corp.example", "cleo@corp.example", deny, Reason::rule, 2,
     "Rule 2 matches and says deny: the contact is in the group all (through staff, sales)."},
    {"pattern_within_a_group", kNested, "eve@x.y.guests.example", "cleo@corp.example", deny, Reason::rule, 2,
     "Rule 2 matches and says deny: the contact is in the group all."},
    {"pattern_is_not_its_domain", kNested, "eve@guests.example", "cleo@corp.example", approve,
     Reason::all_contacts, 0, ""},
    {"star_is_everybody", kNested, "eve@evil.example", "amy@corp.example", leave, Reason::rule, 4,
     "Rule 4 matches and says leave: the contact is in the group everybody, the user is in the group sales."},
    {"empty_group_has_nobody", kNested, "dan@corp.example", "dora@corp.example", approve,
     Reason::all_contacts, 0, ""},
    {"name_that_no_group_has", corp({}, {rule(1, {"group:none"}, {"*"}, deny)}), "amy@corp.example",
     "bob@corp.example", approve, Reason::all_contacts, 0, ""},
    {"groups_within_each_other",
     corp({group("a", {"group:b"}), group("b", {"group:a", "amy@corp.example"})},
          {rule(1, {"group:a"}, {"*"}, deny)}),
     "amy@corp.example", "bob@corp.example", deny, Reason::rule, 1,
     "Rule 1 matches and says deny: the contact is in the group a (through b)."},
    {"contact_who_cannot_be_compared_is_denied_for_the_domain",
     corp({group("evil", {"evil.example"})}, {rule(1, {"group:evil"}, {"*"}, deny)}), "Eve@evil.example",
     "bob@corp.example", deny, Reason::rule, 1,
     "Rule 1 matches and says deny: the contact is in the group evil."},
    {"contact_who_cannot_be_compared_is_denied_as_who_it_seems",
     corp({group("evil", {"eve@evil.example"})}, {rule(1, {"group:evil"}, {"*"}, deny)}), "eve@evil.example.",
     "bob@corp.example", deny, Reason::rule, 1,
     "Rule 1 matches and says deny: the contact is in the group evil."},
    {"contact_who_cannot_be_compared_is_not_approved",
     corp({group("odd", {"evil.example"})}, {rule(1, {"group:odd"}, {"*"}, approve)}), "Eve@evil.example",
     "bob@corp.example", leave, Reason::unprepared, 0,
     "Rule 1 matches and says approve, which an address that cannot be compared never gets: the contact is in "
     "the group odd."},
};

void check(const Case& c)
{
    const Policy made = policy(c.organization);
    const SubscriptionRequest asked = request(c.contact, c.user);
    const Decision decision = decide(made, asked, {});
    BOOST_TEST(decision.answer == c.answer);
    BOOST_TEST(decision.reason == c.reason);
    BOOST_TEST(decision.rule == c.rule);
    const Explanation explanation = explain(made, asked, {});
    BOOST_TEST(explanation.decision.answer == c.answer);
    if (const std::string why = c.why; !why.empty()) {
        BOOST_TEST(explanation.steps.back().why == why);
    }
}

BOOST_DATA_TEST_CASE(members_are_known, bdata::make(kKnown), c)
{
    check(c);
}

Organization away(const RuleList& rules)
{
    return corp({unknown("sales", {"amy@corp.example"}), group("staff", {"group:sales", "bob@corp.example"}),
                 group("board", {"cleo@corp.example"})},
                rules);
}

const Rule kSalesMay = rule(1, {"group:sales"}, {"*"}, approve);
const Rule kStaffMay = rule(1, {"group:staff"}, {"*"}, approve);
const Rule kSalesMayNot = rule(1, {"group:sales"}, {"*"}, deny);

const Case kUnknown[] = {
    {"who_is_known_to_be_in_it", away({kSalesMayNot}), "amy@corp.example", "dan@corp.example", deny,
     Reason::rule, 1, "Rule 1 matches and says deny: the contact is in the group sales."},
    {"who_may_be_in_it", away({kSalesMayNot}), "eve@corp.example", "dan@corp.example", leave,
     Reason::group_unknown, 1,
     "Rule 1 may match and says deny, but not all members of sales are known now. So the user decides, and no "
     "later rule is tried."},
    {"no_later_rule_decides", away({kSalesMayNot, rule(2, {"*"}, {"*"}, approve)}), "eve@corp.example",
     "dan@corp.example", leave, Reason::group_unknown, 1, ""},
    {"nor_a_stricter_one", away({kSalesMay, rule(2, {"*"}, {"*"}, deny)}), "eve@corp.example",
     "dan@corp.example", leave, Reason::group_unknown, 1, ""},
    {"later_rule_with_the_same_answer_does", away({kSalesMayNot, rule(2, {"*"}, {"*"}, deny)}),
     "eve@corp.example", "dan@corp.example", deny, Reason::rule, 2, "Rule 2 matches and says deny."},
    {"not_if_one_between_them_has_another",
     away({kSalesMayNot, rule(2, {"*"}, {"group:staff"}, leave), rule(3, {"*"}, {"*"}, deny)}),
     "eve@corp.example", "dan@corp.example", leave, Reason::group_unknown, 2, ""},
    {"earlier_rule_decides", away({rule(1, {"*"}, {"*"}, deny), rule(2, {"group:sales"}, {"*"}, approve)}),
     "eve@corp.example", "dan@corp.example", deny, Reason::rule, 1, ""},
    {"group_around_it_is_unknown_too", away({kStaffMay}), "eve@corp.example", "dan@corp.example", leave,
     Reason::group_unknown, 1,
     "Rule 1 may match and says approve, but not all members of staff are known now. So the user decides, and "
     "no later rule is tried."},
    {"who_is_in_the_group_around_it", away({kStaffMay}), "bob@corp.example", "dan@corp.example", approve,
     Reason::rule, 1, ""},
    {"rule_whose_other_side_does_not_match",
     away({rule(1, {"group:sales"}, {"group:board"}, deny), rule(2, {"*"}, {"*"}, leave)}),
     "eve@corp.example", "dan@corp.example", leave, Reason::rule, 2, ""},
    {"rule_whose_other_side_matches",
     away({rule(1, {"group:sales"}, {"group:board"}, approve), rule(2, {"*"}, {"*"}, deny)}),
     "eve@corp.example", "cleo@corp.example", leave, Reason::group_unknown, 1, ""},
    {"rule_that_names_no_such_group", away({rule(1, {"*"}, {"group:board"}, deny)}), "eve@corp.example",
     "dan@corp.example", approve, Reason::all_contacts, 0, ""},
    {"rule_that_matches_by_another_pattern", away({rule(1, {"group:sales", "evil.example"}, {"*"}, deny)}),
     "eve@evil.example", "dan@corp.example", deny, Reason::rule, 1, ""},
    {"contact_who_cannot_be_compared", away({kSalesMayNot}), "Eve@evil.example", "dan@corp.example", leave,
     Reason::group_unknown, 1, ""},
    {"own_address_comes_first", away({kSalesMay}), "dan@corp.example", "dan@corp.example", leave,
     Reason::own_address, 0, ""},
};

BOOST_DATA_TEST_CASE(members_are_not_all_known, bdata::make(kUnknown), c)
{
    check(c);
}

BOOST_AUTO_TEST_CASE(members_from_outside_are_members)
{
    GroupList groups;
    groups.push_back({.name = "sales", .members = {}, .from_outside = {address("amy@corp.example")}});
    const Policy made = policy(corp(groups, {kSalesMayNot}));
    BOOST_TEST(decide(made, request("amy@corp.example", "dan@corp.example"), {}).answer == deny);
    BOOST_TEST(decide(made, request("eve@corp.example", "dan@corp.example"), {}).answer == approve);
}

/// In the order in which the groups are written; not those that have them by the settings.
BOOST_AUTO_TEST_CASE(what_is_known_from_outside_is_a_fact_of_the_decision)
{
    GroupList groups;
    groups.push_back({.name = "sales",
                      .members = patterns({"dan@corp.example"}),
                      .from_outside = {address("amy@corp.example"), address("eve@corp.example")}});
    groups.push_back({.name = "staff", .members = patterns({"group:sales"})});
    groups.push_back({.name = "board", .members = {}, .complete = false});
    groups.push_back(
        {.name = "vorst\u00e4nde", .members = {}, .from_outside = {address("amy@corp.example")}});
    const OutsideGroups found =
        outside_groups(groups, request("amy@corp.example", "dan@corp.example")).value();
    BOOST_TEST(found.of_contact == (Texts{"sales", "vorst\u00e4nde"}), boost::test_tools::per_element());
    BOOST_TEST(found.of_user.empty());
    BOOST_TEST(found.unknown == Texts{"board"}, boost::test_tools::per_element());
    BOOST_TEST(
        (outside_groups(groups, request("dan@corp.example", "eve@corp.example"))->of_user == Texts{"sales"}));
    BOOST_TEST(!outside_groups({}, request("amy@corp.example", "dan@corp.example")).has_value());
}

/// A policy's text has no members from outside: with what was recorded, the decision is the same again.
BOOST_AUTO_TEST_CASE(a_decision_can_be_made_again_without_the_members)
{
    GroupList then;
    then.push_back({.name = "inner", .members = {}, .from_outside = {address("amy@corp.example")}});
    then.push_back({.name = "sales", .members = patterns({"group:inner"})});
    const GroupList text{{.name = "inner", .members = {}},
                         {.name = "sales", .members = patterns({"group:inner"})}};
    const SubscriptionRequest asked = request("amy@corp.example", "dan@corp.example");
    const Facts facts{{}, {}, outside_groups(then, asked)};
    BOOST_TEST(decide(policy(corp(text, {kSalesMayNot})), asked, facts).answer == deny);
    BOOST_TEST(decide(policy(corp(text, {kSalesMayNot})), asked, {}).answer == approve);
}

/// Whose address cannot be compared is denied as the one is that it seems to be, and gets nothing else for that.
BOOST_AUTO_TEST_CASE(what_is_known_of_an_address_that_cannot_be_compared_only_denies)
{
    const GroupList text{{.name = "sales", .members = {}}};
    SubscriptionRequest asked = request("amy@corp.example", "dan@corp.example");
    asked.contact = Party::as_written("Amy@corp.example");
    BOOST_REQUIRE(!asked.contact.is_prepared());
    const Facts facts{{}, {}, OutsideGroups{{"sales"}, {}, {}}};
    BOOST_TEST(decide(policy(corp(text, {kSalesMayNot})), asked, facts).reason == Reason::rule);
    const Rule leaves = rule(1, {"group:sales"}, {"*"}, Answer::leave);
    BOOST_TEST(decide(policy(corp(text, {leaves})), asked, facts).reason == Reason::unprepared);
}

struct Name {
    const char* name;
    bool accepted;
};

std::ostream& operator<<(std::ostream& out, const Name& name)
{
    return out << '"' << name.name << '"';
}

const Name kNames[] = {
    {"sales", true},      {"Sales-2_b.c", true},     {"Vorst\u00e4nde", true}, {"", false},
    {"two words", false}, {"a@corp.example", false}, {"group:sales", false},   {"*", false},
    {"a/b", false},       {"tab\t", false}};

BOOST_DATA_TEST_CASE(names_of_groups, bdata::make(kNames), name)
{
    BOOST_TEST(is_group_name(name.name) == name.accepted);
    const auto pattern = Pattern::read("group:" + std::string(name.name));
    BOOST_REQUIRE(pattern.has_value() == name.accepted);
    if (pattern) {
        BOOST_TEST((pattern->kind == Pattern::Kind::group));
        BOOST_TEST(pattern->text == name.name);
        BOOST_TEST(to_string(*pattern) == "group:" + std::string(name.name));
    }
}

BOOST_AUTO_TEST_CASE(copies_of_a_list_of_groups_keep_their_index)
{
    GroupList list{group("sales", {"amy@corp.example"})};
    const GroupList copy = list;
    BOOST_TEST(&copy.index() == &list.index());
    list.push_back(group("staff", {"group:sales"}));
    const Address amy = address("amy@corp.example");
    BOOST_TEST(copy.index().groups_of(amy).size() == 1U);
    BOOST_TEST(list.index().groups_of(amy).size() == 2U);
    list = {};
    BOOST_TEST(copy.index().groups_of(amy).front() == "sales");
}

BOOST_AUTO_TEST_SUITE_END()

// ---- decide() and a model that tries everything ----------------------------------------------------------

namespace
{

enum class Truth { no, maybe, yes };

struct ModelGroup {
    Texts members;
    bool complete;
};

struct ModelRule {
    Texts from, to;
    Answer answer;
};

/// Policies as texts, and what they mean without any index.
struct Model {
    std::vector<ModelGroup> groups;  // each named by its number
    std::vector<ModelRule> rules;

    [[nodiscard]] Truth in_group(std::size_t number, const Address& who,
                                 std::set<std::size_t> seen = {}) const
    {
        if (!seen.insert(number).second) {
            return Truth::no;
        }
        Truth truth = groups[number].complete ? Truth::no : Truth::maybe;
        for (const std::string& member : groups[number].members) {
            truth = std::max(truth, matches(member, who, seen));
        }
        return truth;
    }

    [[nodiscard]] Truth matches(const std::string& text, const Address& who,
                                const std::set<std::size_t>& seen = {}) const
    {
        if (text.starts_with("group:")) {
            return in_group(std::stoul(text.substr(6)), who, seen);
        }
        const std::string domain(who.domain());
        const bool match = text == "*" || text == domain || text == who.text() ||
                           (text.starts_with("*.") && domain.ends_with(text.substr(1)));
        return match ? Truth::yes : Truth::no;
    }

    [[nodiscard]] Truth matches(const ModelRule& rule, const Address& contact, const Address& user) const
    {
        const auto side = [this](const Texts& texts, const Address& who) {
            Truth truth = Truth::no;
            for (const std::string& text : texts) {
                truth = std::max(truth, matches(text, who));
            }
            return truth;
        };
        return std::min(side(rule.from, contact), side(rule.to, user));
    }

    /// What follows from the rules alone: the answers of all that may match up to the first that does.
    [[nodiscard]] Decision decision(const Address& contact, const Address& user) const
    {
        std::vector<std::size_t> possible;
        std::size_t sure = 0;
        for (; sure < rules.size(); ++sure) {
            const Truth truth = matches(rules[sure], contact, user);
            if (truth == Truth::yes) {
                break;
            }
            if (truth == Truth::maybe) {
                possible.push_back(sure);
            }
        }
        for (const std::size_t one : possible) {
            if (sure == rules.size() || rules[one].answer != rules[sure].answer) {
                return {Answer::leave, Reason::group_unknown, static_cast<std::uint32_t>(one + 1)};
            }
        }
        return sure == rules.size()
                   ? Decision{Answer::approve, Reason::all_contacts}
                   : Decision{rules[sure].answer, Reason::rule, static_cast<std::uint32_t>(sure + 1)};
    }

    [[nodiscard]] Policy compiled() const
    {
        GroupList all_groups;
        for (std::size_t i = 0; i < groups.size(); ++i) {
            all_groups.push_back({.name = std::to_string(i),
                                  .members = patterns(groups[i].members),
                                  .complete = groups[i].complete});
        }
        RuleList all_rules;
        for (const ModelRule& one : rules) {
            all_rules.push_back(
                rule(static_cast<std::uint32_t>(all_rules.size() + 1), one.from, one.to, one.answer));
        }
        return policy(corp(all_groups, all_rules));
    }
};

/// Random policies, small enough for everything to happen.
class Random
{
  public:
    [[nodiscard]] std::size_t any(std::size_t of) { return generator_() % of; }

    [[nodiscard]] Texts texts(std::size_t groups, std::size_t least)
    {
        Texts all(least + any(3));
        for (std::string& text : all) {
            text = pattern(groups);
        }
        return all;
    }

    [[nodiscard]] Model model()
    {
        Model model;
        model.groups.resize(any(6));
        for (ModelGroup& one : model.groups) {
            one = {texts(model.groups.size(), 0), any(5) != 0};
        }
        model.rules.resize(any(7));
        for (ModelRule& one : model.rules) {
            one = {texts(model.groups.size(), 1), texts(model.groups.size(), 1),
                   std::array{approve, deny, leave}[any(3)]};
        }
        return model;
    }

    [[nodiscard]] Address someone(bool user)
    {
        static const std::array kLocals{"amy@", "bob@", "eve@"};
        static const std::array kDomains{"corp.example", "x.corp.example", "y.x.corp.example",
                                         "other.example"};
        return address(std::string(kLocals[any(3)]) + (user ? kDomains[0] : kDomains[any(4)]));
    }

  private:
    [[nodiscard]] std::string pattern(std::size_t groups)
    {
        switch (any(8)) {
            case 0:
                return any(3) == 0 ? "*" : "*.corp.example";
            case 1:
                return "x.corp.example";
            case 2:
            case 3:
                return someone(any(2) == 0).text();
            default:
                return groups == 0 ? "corp.example" : "group:" + std::to_string(any(groups));
        }
    }

    std::mt19937 generator_{20261129};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(random_groups)

/// Groups within each other included, also those that go in circles.
BOOST_AUTO_TEST_CASE(decide_says_what_trying_all_rules_and_members_says)
{
    Random random;
    std::array<int, 3> answers{};
    int by_rule = 0;
    int by_chance = 0;
    for (int round = 0; round < 5'000; ++round) {
        const Model model = random.model();
        const Policy made = model.compiled();
        for (int i = 0; i < 10; ++i) {
            const Address contact = random.someone(false);
            const Address user = random.someone(true);
            if (contact == user) {
                continue;
            }
            const Decision expected = model.decision(contact, user);
            const Decision decision = decide(made, {user, contact, {}}, {});
            BOOST_REQUIRE(decision.answer == expected.answer);
            BOOST_REQUIRE(decision.reason == expected.reason);
            BOOST_REQUIRE(decision.rule == expected.rule);
            BOOST_REQUIRE(explain(made, {user, contact, {}}, {}).decision.reason == expected.reason);
            ++answers[static_cast<std::size_t>(decision.answer)];
            by_rule += decision.reason == Reason::rule ? 1 : 0;
            by_chance += decision.reason == Reason::group_unknown ? 1 : 0;
        }
    }
    BOOST_TEST(*std::min_element(answers.begin(), answers.end()) > 3'000);
    BOOST_TEST(by_rule > 10'000);
    BOOST_TEST(by_chance > 2'000);
}

/// Whoever may turn out to be in a group: what was not left for that reason would have been answered in the same way.
BOOST_AUTO_TEST_CASE(what_is_decided_without_all_members_is_right_whoever_they_are)
{
    Random random;
    int decided = 0;
    for (int round = 0; round < 5'000; ++round) {
        const Model model = random.model();
        if (std::all_of(model.groups.begin(), model.groups.end(), [](const auto& g) { return g.complete; })) {
            continue;
        }
        const Policy made = model.compiled();
        for (int world = 0; world < 5; ++world) {
            Model known = model;
            for (ModelGroup& one : known.groups) {
                for (std::size_t more = one.complete ? 0 : random.any(8); more > 0; --more) {
                    one.members.push_back(random.someone(random.any(2) == 0).text());
                }
                one.complete = true;
            }
            const Policy told = known.compiled();
            const SubscriptionRequest asked{random.someone(true), random.someone(false), {}};
            const Decision before = decide(made, asked, {});
            if (before.reason == Reason::group_unknown) {
                BOOST_REQUIRE(before.answer == Answer::leave);
            } else {
                BOOST_REQUIRE(decide(told, asked, {}).answer == before.answer);
                ++decided;
            }
        }
    }
    BOOST_TEST(decided > 5'000);
}

BOOST_AUTO_TEST_SUITE_END()
