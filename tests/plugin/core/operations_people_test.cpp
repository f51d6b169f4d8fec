// Who finds whom, and what is shown of them.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "people_scene.h"

namespace usher
{

namespace
{

const std::string kJuliet = "juliet@capulet.lit/balcony";

struct Searching : test::PeopleScene {
    Result<PeopleFound> find(const std::string& text, const std::string& from = kJuliet)
    {
        std::optional<Result<PeopleFound>> found;
        operations.find(Actor::sender(Address::prepare(from).value()), from, text,
                        [&](Result<PeopleFound> result) { found = std::move(result); });
        clock.advance(Operations::kSearchStep);
        return found.value();
    }
    /// Addresses with what is shown of their availability, and what else is said; or the kind of refusal.
    std::string found(const std::string& text, const std::string& from = kJuliet)
    {
        const auto result = find(text, from);
        if (!result) {
            switch (result.error().kind) {
                case Refusal::Kind::forbidden:
                    return "forbidden";
                case Refusal::Kind::not_found:
                    return "not found";
                case Refusal::Kind::invalid:
                    return "invalid";
                case Refusal::Kind::conflict:
                    return "conflict";
                case Refusal::Kind::unavailable:
                    return "unavailable";
            }
        }
        std::string words;
        for (const FoundPerson& one : result->people) {
            words += (words.empty() ? "" : ", ") + one.person.address.text() +
                     (one.show.empty() ? "" : " " + one.show);
        }
        return words + (result->more ? ", more" : "") + (result->limited ? ", limited" : "");
    }
    PersonOption choose(const std::string& user, const PersonChoice& change)
    {
        const Address address = Address::prepare(user).value();
        std::optional<Result<PersonOption>> chosen;
        operations.choose_person(Actor::sender(address), address, change,
                                 [&](Result<PersonOption> result) { chosen = std::move(result); });
        return chosen.value().value();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(operations_people, Searching)

BOOST_AUTO_TEST_CASE(colleagues_are_found_and_those_of_other_organizations_are_not)
{
    BOOST_TEST(found("muller") == "nurse@capulet.lit, tybalt@capulet.example");
    BOOST_TEST(found("MÜLL", "romeo@montague.lit/orchard") == "romeo@montague.lit");
}

BOOST_AUTO_TEST_CASE(strangers_are_refused_before_their_text_is_read)
{
    BOOST_TEST(found("muller", "eve@example.net/hut") == "forbidden");
    BOOST_TEST(found("", "eve@example.net/hut") == "forbidden");
    BOOST_TEST(found("", kJuliet) == "invalid");
    BOOST_TEST(viewers.empty());
}

BOOST_AUTO_TEST_CASE(searchers_of_other_domains_are_let_in_by_name)
{
    set_people_settings("listed = \"opt-out\"\nsearchers = [\"montague.lit\", \"partner.example\"]");
    BOOST_TEST(found("muller", "romeo@montague.lit/orchard") ==
               "romeo@montague.lit, nurse@capulet.lit, tybalt@capulet.example");
    BOOST_TEST(found("muller", "paris@partner.example/x") == "nurse@capulet.lit, tybalt@capulet.example");
    BOOST_TEST(found("muller", "paris@a.partner.example/x") == "forbidden");
    BOOST_TEST(found("muller") == "nurse@capulet.lit, tybalt@capulet.example");
}

BOOST_AUTO_TEST_CASE(nobody_is_found_where_search_is_off)
{
    set_people_settings("listed = \"off\"");
    BOOST_TEST(found("muller") == "forbidden");
    choices.stored["nurse@capulet.lit"] = {true, true};
    BOOST_TEST(found("muller") == "forbidden");
}

BOOST_AUTO_TEST_CASE(users_decide_at_once_also_on_another_instance)
{
    choices.stored["nurse@capulet.lit"] = {false, std::nullopt};
    BOOST_TEST(found("muller") == "tybalt@capulet.example");
    set_people_settings("listed = \"opt-in\"");
    BOOST_TEST(found("muller").empty());
    choices.stored["nurse@capulet.lit"] = {true, std::nullopt};
    BOOST_TEST(found("muller") == "nurse@capulet.lit");
}

BOOST_AUTO_TEST_CASE(accounts_of_roles_are_not_found)
{
    set_people_settings("listed = \"opt-out\"\nnot_listed = [\"nur*@*\"]");
    choices.stored["nurse@capulet.lit"] = {true, true};
    BOOST_TEST(found("muller") == "tybalt@capulet.example");
}

BOOST_AUTO_TEST_CASE(nobody_is_shown_while_it_is_not_known_who_wants_to_be)
{
    choices.error = "broken";
    const auto refusal = find("muller");
    BOOST_TEST_REQUIRE(!refusal.has_value());
    BOOST_TEST(refusal.error().text == "The store cannot be read.");  // what it says may name its host
    BOOST_TEST(refusal.error().detail == "broken");
}

// E41
BOOST_AUTO_TEST_CASE(availability_is_asked_for_the_searchers_full_address)
{
    shows = {{"nurse@capulet.lit", "dnd"}};
    BOOST_TEST(found("muller") == "nurse@capulet.lit dnd, tybalt@capulet.example");
    BOOST_TEST(viewers == std::vector{kJuliet}, boost::test_tools::per_element());
}

// Otherwise the time of an answer would tell how long the server has looked, and so who is offline from who has blocked the
// searcher; or that it has not been asked at all.
BOOST_AUTO_TEST_CASE(answers_leave_in_steps_whenever_the_server_has_answered)
{
    std::function<void(const std::map<std::string, std::string>&)> reply;
    operations.set_people({&directory, &choices,
                           [&](const std::string& /*viewer*/, const std::vector<Address>& /*users*/,
                               const auto& then) { reply = then; }});
    const auto milliseconds_until_answered = [&](int server) {
        const Clock::Time begun = clock.now();
        Clock::Time answered = begun;
        operations.find(Actor::sender(Address::prepare(kJuliet).value()), kJuliet, "nurse",
                        [&](const Result<PeopleFound>& /*found*/) { answered = clock.now(); });
        clock.advance(std::chrono::milliseconds(server));
        if (reply) {
            std::exchange(reply, nullptr)({});
        }
        BOOST_TEST((answered == begun));
        clock.advance(Operations::kSearchStep);
        return (answered - begun) / std::chrono::milliseconds(1);
    };
    BOOST_TEST(milliseconds_until_answered(0) == 10);
    BOOST_TEST(milliseconds_until_answered(9) == 10);
    BOOST_TEST(milliseconds_until_answered(11) == 20);
    choices.stored["nurse@capulet.lit"] = {std::nullopt, false};
    BOOST_TEST(milliseconds_until_answered(0) == 10);
    choices.error = "no such table";
    BOOST_TEST(milliseconds_until_answered(0) == 10);
}

BOOST_AUTO_TEST_CASE(availability_is_not_asked_of_who_does_not_show_it)
{
    shows = {{"nurse@capulet.lit", "away"}, {"tybalt@capulet.example", "chat"}};
    choices.stored["nurse@capulet.lit"] = {std::nullopt, false};
    BOOST_TEST(found("muller") == "nurse@capulet.lit, tybalt@capulet.example chat");
    BOOST_TEST(asked == std::vector<std::string>{"tybalt@capulet.example"}, boost::test_tools::per_element());
    set_people_settings("listed = \"opt-out\"\navailability = false");
    viewers.clear();
    BOOST_TEST(found("muller") == "nurse@capulet.lit, tybalt@capulet.example");
    BOOST_TEST(viewers.empty());
}

BOOST_AUTO_TEST_CASE(only_the_organizations_fields_are_shown)
{
    set_people_settings("listed = \"opt-out\"\nfields = [\"email\"]");
    directory.put({Address::prepare("nurse@capulet.lit").value(), "Angelica Müller", "Angelica", "Müller",
                   "Angie", "nurse@example.org"});
    const auto people = find("nurse").value().people;
    BOOST_TEST_REQUIRE(people.size() == 1U);
    BOOST_TEST((people[0].person ==
                Person{Address::prepare("nurse@capulet.lit").value(), {}, {}, {}, {}, "nurse@example.org"}));
}

BOOST_AUTO_TEST_CASE(twenty_five_at_a_time_in_a_fixed_order_and_no_number_of_the_others)
{
    for (int i = 100; i < 200; ++i) {
        put("servant" + std::to_string(i) + "@capulet.lit", "Peter");
    }
    const auto people = find("peter").value();
    BOOST_TEST(people.people.size() == 25U);
    BOOST_TEST(people.more);
    BOOST_TEST(people.people.front().person.address.text() == "servant100@capulet.lit");
    BOOST_TEST(people.people.back().person.address.text() == "servant124@capulet.lit");
    BOOST_TEST(found("peter") == found("Peter"));
}

BOOST_AUTO_TEST_CASE(searches_in_a_minute_are_limited_and_refused_texts_do_not_count)
{
    set_people_settings("listed = \"opt-out\"\nsearches_per_minute = 2");
    BOOST_TEST(found("x") == "invalid");
    BOOST_TEST(found("nurse") == "nurse@capulet.lit");
    BOOST_TEST(found("nobody").empty());
    BOOST_TEST(found("nurse") == "unavailable");
    clock.advance(std::chrono::minutes(1));
    BOOST_TEST(found("nurse") == "nurse@capulet.lit");
    BOOST_TEST(operations.search_counts().answered == 3U);
    BOOST_TEST(operations.search_counts().limited == 1U);
    BOOST_TEST(operations.search_counts().refused == 1U);
}

BOOST_AUTO_TEST_CASE(people_shown_in_a_day_are_limited)
{
    set_people_settings("listed = \"opt-out\"\npeople_per_day = 1");
    BOOST_TEST(found("muller") == "nurse@capulet.lit, limited");
    BOOST_TEST(found("tybalt") == "unavailable");
    BOOST_TEST(found("angelica") == "nurse@capulet.lit");
}

BOOST_AUTO_TEST_CASE(whoever_tries_to_read_ten_thousand_people_in_a_day_gets_three_hundred)
{
    const std::string letters = "abcdefghijklmnopqrstuvwxyz";
    std::vector<std::string> beginnings;
    for (const char first : letters) {
        for (const char second : letters) {
            beginnings.push_back(std::string{first, second});
        }
    }
    for (std::size_t i = 0; i < 10'000; ++i) {
        const std::string number = std::to_string(i);
        put("servant" + number + "@capulet.lit", beginnings[i % beginnings.size()] + number);
    }
    std::set<std::string> people;
    std::size_t answered = 0;
    const auto read_all_day = [&] {
        const Clock::Time evening = clock.now() + std::chrono::hours(23);
        for (std::size_t i = 0; clock.now() < evening; ++i) {
            if (const auto result = find(beginnings[i % beginnings.size()])) {
                ++answered;
                for (const FoundPerson& one : result->people) {
                    people.insert(one.person.address.text());
                }
            }
            clock.advance(std::chrono::minutes(1));  // each beginning twice
        }
    };
    read_all_day();
    BOOST_TEST(people.size() == 300U);
    BOOST_TEST(answered > 12U);  // those who were shown may be found again
    clock.advance(std::chrono::hours(1));
    people.clear();
    read_all_day();
    BOOST_TEST(people.size() == 300U);
}

BOOST_AUTO_TEST_CASE(of_several_organizations_the_strictest_limit_counts)
{
    set_people_settings("listed = \"opt-out\"\nsearchers = [\"montague.lit\"]\nsearches_per_minute = 1");
    BOOST_TEST(found("nurse", "romeo@montague.lit/orchard") == "nurse@capulet.lit");
    BOOST_TEST(found("nurse", "romeo@montague.lit/orchard") == "unavailable");
}

// --- What users decide about themselves

BOOST_AUTO_TEST_CASE(what_is_not_chosen_stays_as_the_administrator_has_it)
{
    const PersonOption hidden = choose("nurse@capulet.lit", {std::nullopt, false});
    BOOST_TEST(hidden.listed);
    BOOST_TEST(!hidden.availability);
    BOOST_TEST((choices.stored["nurse@capulet.lit"] == PersonChoice{std::nullopt, false}));
    const PersonOption absent = choose("nurse@capulet.lit", {false, std::nullopt});
    BOOST_TEST(!absent.listed);
    BOOST_TEST((choices.stored["nurse@capulet.lit"] == PersonChoice{false, false}));
    BOOST_TEST(found("muller") == "tybalt@capulet.example");
}

BOOST_AUTO_TEST_CASE(only_users_themselves_decide)
{
    const Actor juliet = Actor::sender(Address::prepare(kJuliet).value());
    const Address nurse = Address::prepare("nurse@capulet.lit").value();
    BOOST_TEST(operations.may_decide_listing(juliet, nurse).error().text ==
               "Only users themselves may decide whether others find them.");
    BOOST_TEST(!operations.may_decide_listing(Actor::local("root"), nurse).has_value());
    BOOST_TEST(operations.may_decide_listing(Actor::sender(nurse), nurse).has_value());
    set_people_settings("listed = \"off\"");
    BOOST_TEST(operations.may_decide_listing(Actor::sender(nurse), nurse).error().text ==
               "There is no search for people in Capulet.");
}

BOOST_AUTO_TEST_CASE(choice_that_is_not_stored_is_refused)
{
    const Address nurse = Address::prepare("nurse@capulet.lit").value();
    choices.error = "broken";
    std::string text;
    operations.choose_person(Actor::sender(nurse), nurse, {false, false},
                             [&text](const Result<PersonOption>& result) { text = result.error().text; });
    BOOST_TEST(text == "Nothing was changed: the store cannot be written.");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
