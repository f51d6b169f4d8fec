// What users have chosen about being found is known as soon as it is asked for, wherever it was chosen.
#include "plugin/people/known_choices.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

#include "doubles.h"
#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

const Address kJuliet = Address::prepare("juliet@capulet.lit").value();
const PersonChoice kHidden{false, std::nullopt};
const PersonChoice kShown{true, true};

struct Scene {
    [[nodiscard]] tl::expected<void, std::string> update(KnownChoices& updated)
    {
        return test::now<void>([&](auto then) { updated.update(then); });
    }

    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    test::FakeClock clock;
    KnownChoices choices{*database, clock};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(known_choices, Scene)

BOOST_AUTO_TEST_CASE(a_choice_is_known_where_it_was_made_and_after_an_update_elsewhere)
{
    KnownChoices others(*database, clock);
    BOOST_REQUIRE(test::now<void>([&](auto then) { choices.set(kJuliet, kHidden, then); }).has_value());
    BOOST_TEST((choices.of("juliet@capulet.lit") == kHidden));
    BOOST_TEST((others.of("juliet@capulet.lit") == PersonChoice{}));
    BOOST_REQUIRE(update(others).has_value());
    BOOST_TEST((others.of("juliet@capulet.lit") == kHidden));
    BOOST_TEST((others.of("juliet@capulet.li") == PersonChoice{}));
}

// Each of two usherd is told one thing, and neither knows of the other yet.
BOOST_AUTO_TEST_CASE(what_is_not_chosen_now_stays_as_it_was_chosen_elsewhere)
{
    KnownChoices others(*database, clock);
    BOOST_REQUIRE(test::now<void>([&](auto then) { choices.set(kJuliet, kHidden, then); }).has_value());
    BOOST_REQUIRE(
        test::now<void>([&](auto then) { others.set(kJuliet, {std::nullopt, true}, then); }).has_value());
    BOOST_TEST((others.of("juliet@capulet.lit") == PersonChoice{false, true}));
}

BOOST_AUTO_TEST_CASE(a_choice_that_was_forgotten_is_known_no_more)
{
    BOOST_REQUIRE(test::now<void>([&](auto then) { choices.set(kJuliet, kHidden, then); }).has_value());
    store->run("UPDATE person_choice SET listed = NULL, availability = NULL, change_number = 2");
    BOOST_REQUIRE(update(choices).has_value());
    BOOST_TEST((choices.of("juliet@capulet.lit") == PersonChoice{}));
}

BOOST_AUTO_TEST_CASE(many_choices_come_in_portions_and_all_before_anybody_is_told)
{
    store->run(
        "INSERT INTO person_choice WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many "
        "WHERE n < 2000) SELECT 'user' || n || '@capulet.lit', 'capulet.lit', 0, NULL, 0, n FROM many");
    store->run("INSERT INTO person_choice_count VALUES (0, 2000)");
    int told = 0;
    for (int i = 0; i < 2; ++i) {
        choices.update([&](const auto& outcome) {
            BOOST_TEST(outcome.has_value());
            BOOST_TEST((choices.of("user2000@capulet.lit") == kHidden));
            ++told;
        });
    }
    BOOST_TEST(told == 0);
    clock.advance(std::chrono::milliseconds(0));
    test::await_store([&] {
        clock.advance(std::chrono::milliseconds(0));
        return told == 2;
    });
    BOOST_TEST(told == 2);
    BOOST_REQUIRE(test::now<void>([&](auto then) { choices.set(kJuliet, kShown, then); }).has_value());
    BOOST_TEST((choices.of("juliet@capulet.lit") == kShown));
}

BOOST_AUTO_TEST_CASE(an_update_that_fails_says_so_and_the_next_one_works)
{
    store->run("ALTER TABLE person_choice RENAME TO gone");
    const auto failed = update(choices);
    BOOST_REQUIRE(!failed.has_value());
    BOOST_TEST(failed.error() == "users' choices cannot be read: " + store->no_table("person_choice"));
    store->run("ALTER TABLE gone RENAME TO person_choice");
    BOOST_TEST(update(choices).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
