// A user's choice: the same for everybody who opens the store, and counted. On both databases.
#include "plugin/store/choices.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <set>
#include <string>

#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

Address user(std::size_t number)
{
    // Some begin as others do, and in one domain as in another.
    return Address::prepare("user" + std::to_string(number / 2) +
                            (number % 2 == 0 ? "@capulet.lit" : "@capulet.lite"))
        .value();
}

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    test::ChoicesNow choices{*database};

    [[nodiscard]] std::size_t count(std::string_view domain)
    {
        const auto counts = choices.count().value();
        const auto found = counts.find(domain);
        return found == counts.end() ? 0 : found->second;
    }
};

const Address kJuliet = Address::prepare("juliet@capulet.lit").value();
const Address kRomeo = Address::prepare("romeo@montague.lit").value();

}  // namespace

BOOST_FIXTURE_TEST_SUITE(choices, Store)

BOOST_AUTO_TEST_CASE(a_user_without_a_choice_has_none)
{
    BOOST_TEST(!choices.of(kJuliet).value().has_value());
    BOOST_TEST(choices.of(std::span<const SubscriptionRequest>()).value().empty());
    BOOST_TEST(choices.count().value().empty());
}

BOOST_AUTO_TEST_CASE(a_choice_is_there_at_once_for_whoever_has_the_store_open)
{
    const auto elsewhere = store->open();
    test::ChoicesNow others(*elsewhere);
    for (const Option option : kOptions) {
        BOOST_REQUIRE(choices.set(kJuliet, option).has_value());
        BOOST_TEST((choices.of(kJuliet).value() == option));
        BOOST_TEST((others.of(kJuliet).value() == option));
        BOOST_TEST(!others.of(kRomeo).value().has_value());
        BOOST_TEST(others.count().value()["capulet.lit"] == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_choice_that_was_taken_back_is_gone)
{
    BOOST_REQUIRE(choices.set(kJuliet, Option::all).has_value());
    BOOST_REQUIRE(choices.set(kJuliet, std::nullopt).has_value());
    BOOST_TEST(!choices.of(kJuliet).value().has_value());
    BOOST_TEST(count("capulet.lit") == 0U);
}

BOOST_AUTO_TEST_CASE(what_was_never_chosen_can_be_forgotten)
{
    BOOST_REQUIRE(choices.set(kJuliet, std::nullopt).has_value());
    BOOST_TEST(!choices.of(kJuliet).value().has_value());
    BOOST_TEST(choices.count().value().empty());
}

BOOST_AUTO_TEST_CASE(an_address_is_found_whole_only)
{
    BOOST_REQUIRE(choices.set(kJuliet, Option::all).has_value());
    for (const std::string_view other :
         {"juliet@capulet.li", "juliet@capulet.litt", "uliet@capulet.lit", "juliet@x.capulet.lit"}) {
        BOOST_TEST(!choices.of(Address::prepare(other).value()).value().has_value(), other);
    }
}

BOOST_AUTO_TEST_CASE(the_longest_addresses_have_their_choices)
{
    std::string domain = std::string(63, 'd');
    while (domain.size() + 64 <= 1'023) {
        domain += "." + std::string(63, 'd');
    }
    const Address longest = Address::prepare(std::string(1'023, 'j') + "@" + domain).value();
    BOOST_REQUIRE(choices.set(longest, Option::prompt).has_value());
    BOOST_REQUIRE(choices.set(kRomeo, Option::all).has_value());
    BOOST_TEST((choices.of(longest).value() == Option::prompt));
    BOOST_TEST((choices.of(kRomeo).value() == Option::all));
    BOOST_TEST(count(domain) == 1U);
}

BOOST_AUTO_TEST_CASE(each_request_gets_the_choice_of_its_own_user_however_many_there_are)
{
    constexpr std::size_t kUsers = 300;
    for (std::size_t i = 0; i < kUsers; i += 3) {
        BOOST_REQUIRE(choices.set(user(i), kOptions[i % kOptions.size()]).has_value());
        BOOST_REQUIRE(choices.set(user(i), kOptions[i / 3 % kOptions.size()]).has_value());
    }
    for (const std::size_t size : {1, 2, 3, 64, 100, 127, 128, 129, 300, 1'000}) {
        std::mt19937 random(static_cast<unsigned>(size));
        std::vector<std::size_t> numbers;
        std::vector<SubscriptionRequest> requests;
        for (std::size_t i = 0; i < size; ++i) {
            numbers.push_back(random() % kUsers);  // some several times
            requests.push_back({user(numbers.back()), kRomeo, std::nullopt});
        }
        const auto chosen = choices.of(requests).value();
        BOOST_REQUIRE(chosen.size() == size);
        for (std::size_t i = 0; i < size; ++i) {
            BOOST_REQUIRE(chosen[i].has_value() == (numbers[i] % 3 == 0));
            BOOST_REQUIRE((!chosen[i] || *chosen[i] == kOptions[numbers[i] / 3 % kOptions.size()]));
        }
    }
}

BOOST_AUTO_TEST_CASE(counts_do_as_a_map_does)
{
    std::mt19937 random(1);
    std::map<std::size_t, Option> map;
    for (int step = 0; step < 500; ++step) {
        const std::size_t number = random() % 30;
        const std::size_t chosen = random() % (kOptions.size() + 1);
        if (chosen == kOptions.size()) {
            map.erase(number);
            BOOST_REQUIRE(choices.set(user(number), std::nullopt).has_value());
        } else {
            map[number] = kOptions[chosen];
            BOOST_REQUIRE(choices.set(user(number), kOptions[chosen]).has_value());
        }
        const auto of_domain =
            std::count_if(map.begin(), map.end(), [](const auto& one) { return one.first % 2 == 0; });
        BOOST_REQUIRE(count("capulet.lit") == static_cast<std::size_t>(of_domain));
        BOOST_REQUIRE(count("capulet.lit") + count("capulet.lite") == map.size());
    }
}

BOOST_AUTO_TEST_CASE(a_read_that_fails_is_an_error_and_the_next_one_works_again)
{
    BOOST_REQUIRE(choices.set(kJuliet, Option::prompt).has_value());
    BOOST_REQUIRE(choices.of(kJuliet).has_value());
    store->run("ALTER TABLE choice RENAME TO gone");
    const auto failed = choices.of(kJuliet);
    BOOST_REQUIRE(!failed.has_value());
    BOOST_TEST(failed.error() == "users' choices cannot be read: " + store->no_table("choice"));
    store->run("ALTER TABLE gone RENAME TO choice");
    BOOST_TEST((choices.of(kJuliet).value() == Option::prompt));
}

BOOST_AUTO_TEST_CASE(an_option_that_is_unknown_is_an_error_and_not_no_choice)
{
    BOOST_REQUIRE(choices.set(kJuliet, Option::prompt).has_value());
    store->run("UPDATE choice SET option_name = 'never'");
    const std::vector<SubscriptionRequest> requests{{kRomeo, kJuliet, std::nullopt},
                                                    {kJuliet, kRomeo, std::nullopt}};
    const auto chosen = choices.of(requests);
    BOOST_REQUIRE(!chosen.has_value());
    BOOST_TEST(
        chosen.error() ==
        "users' choices cannot be read: the choice of juliet@capulet.lit in the store has an unknown option_name");
    BOOST_TEST(choices.of(kRomeo).has_value());
}

BOOST_AUTO_TEST_CASE(choices_of_a_domain_come_page_by_page_each_once)
{
    constexpr std::size_t kUsers = 60;
    std::set<std::string> expected;
    for (std::size_t i = 0; i < kUsers; ++i) {
        BOOST_REQUIRE(choices.set(user(i), Option::all).has_value());
        if (user(i).domain() == "capulet.lit") {
            expected.insert(user(i).text());
        }
    }
    std::set<std::string> listed;
    std::string last;
    for (auto page = choices.of_domain("capulet.lit", last, 7).value(); !page.empty();
         page = choices.of_domain("capulet.lit", last, 7).value()) {
        BOOST_REQUIRE(page.size() <= 7U);
        for (const KeptSetting& one : page) {
            BOOST_REQUIRE(one.account > last);
            BOOST_REQUIRE(listed.insert(one.account).second);
            last = one.account;
        }
    }
    BOOST_TEST(listed == expected);
    BOOST_TEST(choices.of_domain("montague.lit", "", 7).value().empty());
}

BOOST_AUTO_TEST_CASE(only_what_was_not_chosen_anew_is_forgotten)
{
    const auto now = std::chrono::system_clock::now();
    BOOST_REQUIRE(choices.set(kJuliet, Option::all, now).has_value());
    BOOST_REQUIRE(choices.set(kRomeo, Option::all, now).has_value());
    const std::vector<KeptSetting> asked{
        {kJuliet.text(), now}, {kRomeo.text(), now}, {"nurse@capulet.lit", now}};
    BOOST_REQUIRE(choices.set(kRomeo, Option::all, now + std::chrono::seconds(1)).has_value());
    BOOST_TEST(choices.forget(asked).value() == std::vector<std::string>{kJuliet.text()},
               boost::test_tools::per_element());
    BOOST_TEST(!choices.of(kJuliet).value().has_value());
    BOOST_TEST((choices.of(kRomeo).value() == Option::all));
    BOOST_TEST(count("capulet.lit") == 0U);
    BOOST_TEST(count("montague.lit") == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
