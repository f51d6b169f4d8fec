#include "policy/rules.h"

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "policy/policy.h"

namespace bdata = boost::unit_test::data;
using namespace usher;

namespace
{

Address address(std::string_view text)
{
    return Address::prepare(text).value();
}

std::vector<Pattern> patterns(const std::vector<std::string>& texts)
{
    std::vector<Pattern> all;
    for (const std::string& text : texts) {
        all.push_back(Pattern::read(text).value());
    }
    return all;
}

Rule rule(const std::vector<std::string>& from, const std::vector<std::string>& to = {"*"})
{
    return {patterns(from), patterns(to), Answer::deny};
}

/// What a pattern means, without an index.
bool matches(const std::string& pattern, const Address& address)
{
    if (pattern == "*") {
        return true;
    }
    const std::string domain(address.domain());
    if (pattern.starts_with("*.")) {
        return domain.ends_with(pattern.substr(1));
    }
    return pattern == address.text() || pattern == domain;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rules)

struct MatchCase {
    const char* pattern;
    const char* contact;
    bool matches;
};

std::ostream& operator<<(std::ostream& out, const MatchCase& c)
{
    return out << c.pattern << " and " << c.contact;
}

const MatchCase kMatchCases[] = {
    {"*", "amy@corp.example", true},
    {"corp.example", "amy@corp.example", true},
    {"CORP.example", "Amy@corp.EXAMPLE", true},
    {"corp.example", "amy@evilcorp.example", false},
    {"corp.example", "amy@x.corp.example", false},
    {"corp.example", "corp.example@other.example", false},
    {"amy@corp.example", "amy@corp.example", true},
    {"amy@corp.example", "bamy@corp.example", false},
    {"amy@corp.example", "amy@x.corp.example", false},
    {"amy@corp.example", "amy@corp.example.org", false},
    {"*.corp.example", "amy@x.corp.example", true},
    {"*.corp.example", "amy@x.y.corp.example", true},
    {"*.corp.example", "amy@corp.example", false},
    {"*.corp.example", "amy@evilcorp.example", false},
    {"*.corp.example", "amy@x.evilcorp.example", false},
    {"*.corp.example", "amy@x.corp.example.org", false},
    {"*.example", "amy@corp.example", true},
    {"*.example", "amy@example", false},
    {"*.b\u00fccher.example", "amy@x.B\u00dcCHER.example", true},
};

BOOST_DATA_TEST_CASE(pattern_matches, bdata::make(kMatchCases), c)
{
    const RuleIndex by_contact({rule({c.pattern})});
    BOOST_TEST((by_contact.first(address(c.contact), address("bob@z.test")) == 0) == c.matches);
    const RuleIndex by_user({rule({"*"}, {c.pattern})});
    BOOST_TEST((by_user.first(address("bob@z.test"), address(c.contact)) == 0) == c.matches);
}

const char* const kNoPatterns[] = {
    "",
    "**",
    "*.",
    "*.*",
    "a.*.example",
    "*corp.example",
    "corp.*",
    "*@corp.example",
    "amy@*",
    "*.amy@corp.example",
    "amy@corp.example/x",
    "corp.example/x",
    "@corp.example",
    "amy@",
    "corp .example",
    "a my@corp.example",
    "corp.example.",
    "\xff",
    "amy@bob@corp.example",
};

BOOST_DATA_TEST_CASE(no_pattern, bdata::make(kNoPatterns), text)
{
    BOOST_TEST(!Pattern::read(text));
}

BOOST_AUTO_TEST_CASE(pattern_is_written_as_it_is_read)
{
    for (const char* text : {"*", "*.corp.example", "corp.example", "amy@corp.example"}) {
        BOOST_TEST(to_string(Pattern::read(text).value()) == text);
    }
    BOOST_TEST(to_string(Pattern::read("*.CORP.example").value()) == "*.corp.example");
}

BOOST_AUTO_TEST_CASE(no_rule_matches_without_rules)
{
    BOOST_TEST(RuleIndex().first(address("amy@a.test"), address("bob@b.test")) == RuleIndex::none);
    BOOST_TEST(RuleIndex(std::vector<Rule>{}).first(address("amy@a.test"), address("bob@b.test")) ==
               RuleIndex::none);
}

BOOST_AUTO_TEST_CASE(both_sides_must_match)
{
    const RuleIndex index({rule({"a.test"}, {"b.test"})});
    BOOST_TEST(index.first(address("amy@a.test"), address("bob@b.test")) == 0U);
    BOOST_TEST(index.first(address("amy@a.test"), address("bob@c.test")) == RuleIndex::none);
    BOOST_TEST(index.first(address("amy@c.test"), address("bob@b.test")) == RuleIndex::none);
    BOOST_TEST(index.first(address("bob@b.test"), address("amy@a.test")) == RuleIndex::none);
}

/// The first in the file, not the most specific.
BOOST_AUTO_TEST_CASE(first_rule_wins)
{
    const std::vector<std::string> forms = {"*", "*.test", "a.test", "amy@a.test"};
    for (std::size_t i = 0; i < forms.size(); ++i) {
        for (std::size_t j = 0; j < forms.size(); ++j) {
            BOOST_TEST_CONTEXT(forms[i] << " before " << forms[j])
            {
                const RuleIndex index({rule({"c.test"}), rule({forms[i]}), rule({forms[j]})});
                BOOST_TEST(index.first(address("amy@a.test"), address("bob@b.test")) == 1U);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(later_rule_counts_for_whom_it_adds)
{
    const RuleIndex index({rule({"amy@a.test", "a2.test"}, {"b.test"}), rule({"a.test", "a2.test"}, {"*"})});
    BOOST_TEST(index.first(address("amy@a.test"), address("bob@b.test")) == 0U);
    BOOST_TEST(index.first(address("amy@a.test"), address("bob@c.test")) == 1U);
    BOOST_TEST(index.first(address("ann@a.test"), address("bob@b.test")) == 1U);
    BOOST_TEST(index.first(address("ann@a2.test"), address("bob@b.test")) == 0U);
}

BOOST_AUTO_TEST_CASE(first_of_many_rules_wins)
{
    std::vector<Rule> many;
    for (int i = 0; i < 50'000; ++i) {
        many.push_back(rule({"c" + std::to_string(i) + "@a.test"}));
    }
    many.push_back(rule({"a.test"}));
    many.push_back(rule({"c7@a.test"}));
    many.push_back(rule({"*"}));
    const RuleIndex index(many);
    BOOST_TEST(index.first(address("c0@a.test"), address("bob@b.test")) == 0U);
    BOOST_TEST(index.first(address("c7@a.test"), address("bob@b.test")) == 7U);
    BOOST_TEST(index.first(address("c49999@a.test"), address("bob@b.test")) == 49'999U);
    BOOST_TEST(index.first(address("c50000@a.test"), address("bob@b.test")) == 50'000U);
    BOOST_TEST(index.first(address("c7@b.test"), address("bob@b.test")) == 50'002U);
}

BOOST_AUTO_TEST_CASE(index_finds_what_trying_all_rules_finds)
{
    std::mt19937 random(356);
    const auto one_of = [&random](const std::vector<std::string>& texts) {
        return texts[random() % texts.size()];
    };
    const std::vector<std::string> domains = {"a.test",     "b.test",  "x.a.test",
                                              "y.x.a.test", "xa.test", "test"};
    const std::vector<std::string> locals = {"amy", "bob", "eve"};
    const auto pattern = [&] {
        switch (random() % 8) {
            case 0:
                return std::string("*");
            case 1:
            case 2:
                return "*." + one_of(domains);
            case 3:
            case 4:
                return one_of(domains);
            default:
                return one_of(locals) + "@" + one_of(domains);
        }
    };
    int found = 0;
    int missed = 0;
    for (int round = 0; round < 2'000; ++round) {
        struct Texts {
            std::vector<std::string> from, to;
        };
        std::vector<Texts> texts(random() % 12);
        std::vector<Rule> compiled;
        for (Texts& t : texts) {
            for (auto n = 1 + random() % 3; n > 0; --n) {
                t.from.push_back(pattern());
                t.to.push_back(pattern());
            }
            compiled.push_back(rule(t.from, t.to));
        }
        const RuleIndex index(compiled);
        for (int i = 0; i < 20; ++i) {
            const Address contact = address(one_of(locals) + "@" + one_of(domains));
            const Address user = address(one_of(locals) + "@" + one_of(domains));
            const auto any = [](const std::vector<std::string>& side, const Address& who) {
                return std::any_of(side.begin(), side.end(),
                                   [&who](const std::string& text) { return matches(text, who); });
            };
            const auto first = std::find_if(texts.begin(), texts.end(), [&](const Texts& t) {
                return any(t.from, contact) && any(t.to, user);
            });
            const std::size_t expected =
                first == texts.end() ? RuleIndex::none : static_cast<std::size_t>(first - texts.begin());
            BOOST_TEST(index.first(contact, user) == expected);
            ++(expected == RuleIndex::none ? missed : found);
        }
    }
    BOOST_TEST(found > 5'000);
    BOOST_TEST(missed > 5'000);
}

BOOST_AUTO_TEST_CASE(set_of_domains_names_what_it_holds)
{
    DomainSet set;
    BOOST_TEST(set.empty());
    for (const char* text : {"b.test", "*.a.test", "a.test", "*.b.test", "B.test"}) {
        set.insert(Pattern::read(text).value());
    }
    BOOST_TEST(!set.empty());
    std::vector<std::string> texts;
    for (const Pattern& pattern : set.patterns()) {
        texts.push_back(to_string(pattern));
    }
    BOOST_TEST(texts == (std::vector<std::string>{"*.a.test", "a.test", "*.b.test", "b.test"}));
}

BOOST_AUTO_TEST_CASE(copies_of_a_list_of_rules_share_it_until_one_is_changed)
{
    RuleList list;
    BOOST_TEST(list.empty());
    BOOST_TEST(list.index().first(address("amy@a.test"), address("bob@b.test")) == RuleIndex::none);
    list.push_back(rule({"a.test"}));
    const RuleList copy = list;
    BOOST_TEST(&copy[0] == &list[0]);
    BOOST_TEST(&copy.index() == &list.index());
    list.push_back(rule({"c.test"}));
    BOOST_TEST(copy.size() == 1U);
    BOOST_TEST(list.size() == 2U);
    BOOST_TEST(copy.index().first(address("amy@c.test"), address("bob@b.test")) == RuleIndex::none);
    BOOST_TEST(list.index().first(address("amy@c.test"), address("bob@b.test")) == 1U);
    BOOST_CHECK_THROW(static_cast<void>(copy.at(1)), std::out_of_range);
}

BOOST_AUTO_TEST_SUITE_END()
