// The exceptions that users have made, as the store keeps them. Runs on both databases.
#include "plugin/store/exceptions.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

const Address kJuliet = Address::prepare("juliet@capulet.lit").value();
const Address kNurse = Address::prepare("nurse@capulet.lit").value();

SubscriptionRequest from(std::string_view contact, const Address& user = kJuliet)
{
    return {user, Party::as_written(contact), std::nullopt};
}

ExceptionChange makes(std::string entry, Handling handling)
{
    return {std::move(entry), handling};
}

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    test::ChoicesNow choices{*database};

    std::optional<ContactException> applying_to(std::string_view contact, const Address& user = kJuliet)
    {
        const std::vector requests{from(contact, user)};
        return choices.all_of(requests).value().front().exception;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(exceptions, Store)

BOOST_AUTO_TEST_CASE(they_are_there_at_once_for_whoever_has_the_store_open)
{
    const auto elsewhere = store->open();
    test::ChoicesNow others(*elsewhere);
    BOOST_TEST(choices.exceptions_of(kJuliet).value().empty());
    BOOST_TEST(choices
                   .change(kJuliet, {makes("montague.lit", Handling::never_accept),
                                     makes("romeo@montague.lit", Handling::always_accept)})
                   .value());
    const std::vector<ContactException> expected{{Handling::never_accept, "montague.lit"},
                                                 {Handling::always_accept, "romeo@montague.lit"}};
    BOOST_TEST((choices.exceptions_of(kJuliet).value() == expected));
    BOOST_TEST((others.exceptions_of(kJuliet).value() == expected));
    BOOST_TEST(others.exceptions_of(kNurse).value().empty());
}

BOOST_AUTO_TEST_CASE(one_for_an_address_applies_before_one_for_its_domain)
{
    BOOST_TEST(choices
                   .change(kJuliet, {makes("montague.lit", Handling::never_accept),
                                     makes("romeo@montague.lit", Handling::always_accept)})
                   .value());
    BOOST_TEST((applying_to("romeo@montague.lit") ==
                ContactException{Handling::always_accept, "romeo@montague.lit"}));
    BOOST_TEST(
        (applying_to("benvolio@montague.lit") == ContactException{Handling::never_accept, "montague.lit"}));
    BOOST_TEST((applying_to("montague.lit") == ContactException{Handling::never_accept, "montague.lit"}));
    for (const char* other : {"romeo@x.montague.lit", "romeo@ontague.lit", "romeo@montague.lit.example"}) {
        BOOST_TEST(!applying_to(other).has_value(), other);
    }
    BOOST_TEST(!applying_to("romeo@montague.lit", kNurse).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_named_changes_and_nothing_else)
{
    BOOST_TEST(choices
                   .change(kJuliet, {makes("a.example", Handling::never_accept),
                                     makes("b.example", Handling::always_ask)})
                   .value());
    BOOST_TEST(choices
                   .change(kJuliet, {makes("b.example", Handling::always_accept),
                                     {"a.example", std::nullopt},
                                     {"never.was.example", std::nullopt}})
                   .value());
    BOOST_TEST((choices.exceptions_of(kJuliet).value() ==
                std::vector<ContactException>{{Handling::always_accept, "b.example"}}));
}

BOOST_AUTO_TEST_CASE(a_user_has_so_many_of_each_kind_and_no_more)
{
    std::vector<ExceptionChange> changes;
    for (const Handling handling : kHandlings) {
        for (std::size_t i = 0; i < ContactException::kMaxOfHandling; ++i) {
            changes.push_back(makes(std::string(name(handling)).substr(0, 2) + std::to_string(i) +
                                        (handling == Handling::always_ask ? "ask" : "") + ".example",
                                    handling));
        }
    }
    BOOST_TEST(choices.change(kJuliet, changes).value());
    const auto all = choices.exceptions_of(kJuliet).value();
    BOOST_TEST(all.size() == 300U);
    BOOST_TEST(!choices
                    .change(kJuliet, {makes("one.example", Handling::always_accept),
                                      {changes.back().entry, std::nullopt}})
                    .value());
    BOOST_TEST((choices.exceptions_of(kJuliet).value() == all));
    // There is room where one goes, or is of another kind from now on.
    BOOST_TEST(choices
                   .change(kJuliet, {makes("one.example", Handling::always_accept),
                                     {changes.front().entry, std::nullopt}})
                   .value());
    BOOST_TEST(!choices.change(kJuliet, {makes("one.example", Handling::never_accept)}).value());
    BOOST_TEST(choices.change(kJuliet, {makes("one.example", Handling::always_accept)}).value());
    BOOST_TEST(choices.exceptions_of(kJuliet).value().size() == 300U);
    BOOST_TEST(choices.change(kNurse, {makes("one.example", Handling::always_accept)}).value());
}

BOOST_AUTO_TEST_CASE(each_request_gets_the_exception_for_its_own_user_and_contact)
{
    std::mt19937 random(22);
    const auto any = [&random](std::size_t of) { return random() % of; };
    const auto person = [&any] {
        return "u" + std::to_string(any(12)) + (any(2) == 0 ? "@capulet.lit" : "@montague.lit");
    };
    std::map<std::pair<std::string, std::string>, Handling> model;
    for (int i = 0; i < 200; ++i) {
        const Address user = Address::prepare(person()).value();
        const std::string entry = any(4) == 0 ? (any(2) == 0 ? "capulet.lit" : "montague.lit") : person();
        if (any(5) == 0) {
            model.erase({user.text(), entry});
            BOOST_REQUIRE(choices.change(user, {{entry, std::nullopt}}).value());
        } else {
            const Handling handling = kHandlings[any(3)];
            model.insert_or_assign({user.text(), entry}, handling);
            BOOST_REQUIRE(choices.change(user, {makes(entry, handling)}).value());
        }
    }
    for (const std::size_t size : {1, 2, 127, 128, 129, 300}) {
        std::vector<SubscriptionRequest> requests;
        for (std::size_t i = 0; i < size; ++i) {
            requests.push_back(from(person(), Address::prepare(person()).value()));
        }
        const auto chosen = choices.all_of(requests).value();
        BOOST_REQUIRE(chosen.size() == size);
        for (std::size_t i = 0; i < size; ++i) {
            const std::string user = requests[i].user.text();
            const std::string contact = requests[i].contact.text();
            const std::string domain = contact.substr(contact.find('@') + 1);
            std::optional<ContactException> expected;
            if (const auto found = model.find({user, contact}); found != model.end()) {
                expected = {found->second, contact};
            } else if (const auto of_domain = model.find({user, domain}); of_domain != model.end()) {
                expected = {of_domain->second, domain};
            }
            BOOST_REQUIRE((chosen[i].exception == expected));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_handling_that_is_unknown_is_an_error_and_not_no_exception)
{
    BOOST_TEST(choices.change(kJuliet, {makes("montague.lit", Handling::never_accept)}).value());
    store->run("UPDATE contact_exception SET handling = 'sometimes'");
    const std::vector requests{from("romeo@montague.lit")};
    const auto chosen = choices.all_of(requests);
    BOOST_REQUIRE(!chosen.has_value());
    BOOST_TEST(
        chosen.error() ==
        "users' choices cannot be read: an exception of juliet@capulet.lit in the store has an unknown handling");
    BOOST_TEST(!choices.exceptions_of(kJuliet).has_value());
}

BOOST_AUTO_TEST_CASE(they_go_with_the_account_unless_they_were_made_later)
{
    const auto at = [](int minute) {
        return std::chrono::system_clock::time_point(std::chrono::hours(500'000) +
                                                     std::chrono::minutes(minute));
    };
    BOOST_TEST(choices.change(kJuliet, {makes("early.example", Handling::never_accept)}, at(0)).value());
    BOOST_TEST(choices.change(kJuliet, {makes("late.example", Handling::never_accept)}, at(2)).value());
    BOOST_TEST(choices.change(kNurse, {makes("early.example", Handling::never_accept)}, at(0)).value());
    const auto kept = choices.of_domain("capulet.lit", "", 10).value();
    BOOST_REQUIRE(kept.size() == 2U);
    BOOST_TEST(kept[0].account == kJuliet.text());
    BOOST_TEST((kept[0].since == at(0)));
    BOOST_TEST(choices.of_domain("montague.lit", "", 10).value().empty());
    BOOST_TEST((choices.forget({{kJuliet.text(), at(1)}}).value() == std::vector{kJuliet.text()}));
    BOOST_TEST((choices.exceptions_of(kJuliet).value() ==
                std::vector<ContactException>{{Handling::never_accept, "late.example"}}));
    BOOST_TEST(choices.exceptions_of(kNurse).value().size() == 1U);
    BOOST_TEST(choices.forget({{kJuliet.text(), at(1)}}).value().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
