// What users have chosen about being found: numbered for whoever keeps it in memory, and gone with the account. On both
// databases.
#include "plugin/store/person_choices.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "held_database.h"
#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

const Address kJuliet = Address::prepare("juliet@capulet.lit").value();
const Address kNurse = Address::prepare("nurse@capulet.lit").value();
const Address kRomeo = Address::prepare("romeo@montague.lit").value();
const PersonChoice kNothing{};
const PersonChoice kHidden{false, std::nullopt};
const PersonChoice kShown{true, false};

std::string described(const PersonChoice& choice)
{
    const auto one = [](std::optional<bool> chosen) { return !chosen ? "-" : *chosen ? "yes" : "no"; };
    return std::string(one(choice.listed)) + "/" + one(choice.availability);
}

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    test::PeopleNow people{*database};
    test::ChoicesNow options{*database};

    [[nodiscard]] std::vector<std::string> since(std::int64_t number, std::size_t most = 100)
    {
        std::vector<std::string> all;
        const auto changes = people.changes_since(number, most).value();
        for (const auto& change : changes) {
            all.push_back(std::to_string(change.number) + " " + change.user + " " + described(change.choice));
        }
        return all;
    }
    void expect_since(std::int64_t number, const std::vector<std::string>& expected, std::size_t most = 100)
    {
        BOOST_TEST(since(number, most) == expected, boost::test_tools::per_element());
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(person_choices, Store)

BOOST_AUTO_TEST_CASE(nobody_has_chosen_at_first)
{
    expect_since(0, {});
}

BOOST_AUTO_TEST_CASE(whoever_asks_gets_what_was_chosen_since)
{
    const auto elsewhere = store->open();
    test::PeopleNow others(*elsewhere);
    BOOST_REQUIRE(people.choose(kJuliet, kHidden).has_value());
    BOOST_REQUIRE(others.choose(kRomeo, kShown).has_value());
    expect_since(0, {"1 juliet@capulet.lit no/-", "2 romeo@montague.lit yes/no"});
    expect_since(0, {"1 juliet@capulet.lit no/-"}, 1);
    expect_since(1, {"2 romeo@montague.lit yes/no"});
    BOOST_REQUIRE(others.choose(kJuliet, {std::nullopt, true}).has_value());
    expect_since(1, {"2 romeo@montague.lit yes/no", "3 juliet@capulet.lit no/yes"});
    BOOST_REQUIRE(people.choose(kJuliet, {true, std::nullopt}).has_value());
    expect_since(2, {"4 juliet@capulet.lit yes/yes"});
    expect_since(4, {});
}

BOOST_AUTO_TEST_CASE(what_was_chosen_is_read_beside_what_may_take_long)
{
    test::HeldDatabase held(store->open());
    held.holds_other = true;
    test::PeopleNow beside(held);
    bool chosen = false;
    beside.choices.set(kJuliet, kHidden, [&chosen](const auto& stored) { chosen = stored.has_value(); });
    BOOST_TEST_REQUIRE(held.held() == 1U);
    BOOST_TEST(beside.changes_since(0).value().empty());
    BOOST_TEST(held.held() == 1U);
    held.release();
    test::await_store([&chosen] { return chosen; });
    BOOST_TEST(beside.changes_since(0).value().size() == 1U);
}

BOOST_AUTO_TEST_CASE(choices_go_with_the_account_whoever_has_only_one_of_them)
{
    const auto now = std::chrono::system_clock::now();
    BOOST_REQUIRE(people.choose(kJuliet, kHidden, now).has_value());
    BOOST_REQUIRE(options.set(kNurse, Option::all, now).has_value());
    BOOST_REQUIRE(options.set(kRomeo, Option::all, now).has_value());
    BOOST_REQUIRE(people.choose(kRomeo, kShown, now + std::chrono::seconds(9)).has_value());
    const std::vector<KeptSetting> of_now{{kJuliet.text(), now}, {kNurse.text(), now}, {kRomeo.text(), now}};
    BOOST_TEST(options.forget(of_now).value() ==
                   (std::vector<std::string>{kJuliet.text(), kNurse.text(), kRomeo.text()}),
               boost::test_tools::per_element());
    const auto kept = people.changes_since(0).value();
    for (const auto& change : kept) {
        BOOST_TEST(described(change.choice) == (change.user == kRomeo.text() ? "yes/no" : "-/-"));
    }
    BOOST_TEST(options.forget(of_now).value().empty());
    BOOST_TEST(!options.of(kRomeo).value().has_value());
}

BOOST_AUTO_TEST_CASE(each_that_is_forgotten_has_a_number_of_its_own)
{
    const auto now = std::chrono::system_clock::now();
    BOOST_REQUIRE(people.choose(kJuliet, kHidden, now).has_value());
    BOOST_REQUIRE(people.choose(kNurse, kHidden, now).has_value());
    BOOST_REQUIRE(options.forget({{kJuliet.text(), now}, {kNurse.text(), now}}).has_value());
    const auto first = people.changes_since(2, 1).value();
    BOOST_TEST_REQUIRE(first.size() == 1U);
    BOOST_TEST(people.changes_since(first[0].number, 1).value().size() == 1U);
}

BOOST_AUTO_TEST_CASE(accounts_with_either_choice_are_kept_for_and_named_once)
{
    using namespace std::chrono_literals;
    const auto now =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    BOOST_REQUIRE(people.choose(kJuliet, kHidden, now + 1s).has_value());
    BOOST_REQUIRE(options.set(kJuliet, Option::all, now).has_value());
    BOOST_REQUIRE(people.choose(kNurse, kShown, now + 2s).has_value());
    BOOST_REQUIRE(
        options.set(Address::prepare("tybalt@capulet.lit").value(), Option::all, now + 3s).has_value());
    BOOST_REQUIRE(people.choose(Address::prepare("abram@capulet.lit").value(), kNothing, now).has_value());
    BOOST_REQUIRE(people.choose(kRomeo, kShown, now).has_value());
    std::vector<std::string> named;
    std::string last;
    for (auto page = options.of_domain("capulet.lit", last, 2).value(); !page.empty();
         page = options.of_domain("capulet.lit", last, 2).value()) {
        for (const KeptSetting& one : page) {
            named.push_back(one.account + " " + std::to_string((one.since - now) / 1s));
        }
        last = page.back().account;
    }
    BOOST_TEST(named == (std::vector<std::string>{"juliet@capulet.lit 0", "nurse@capulet.lit 2",
                                                  "tybalt@capulet.lit 3"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
