// A user's choice: still there after the store is reopened, unchanged if the store cannot be written.
#include "plugin/store/choices.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <boost/test/unit_test.hpp>

#include "temporary_directory.h"

namespace usher
{

namespace
{

struct Store {
    usher::test::TemporaryDirectory directory;
    std::string path = (directory.path() / "usher.db").string();
    std::unique_ptr<Database> database = Database::open("sqlite3://" + path).value();
    Choices choices = Choices::load(*database).value();

    [[nodiscard]] Choices loaded_again() const
    {
        const auto again = Database::open("sqlite3://" + path).value();
        return Choices::load(*again).value();
    }
};

const Address kJuliet = Address::prepare("juliet@capulet.lit").value();
const Address kRomeo = Address::prepare("romeo@montague.lit").value();

}  // namespace

BOOST_FIXTURE_TEST_SUITE(choices, Store)

BOOST_AUTO_TEST_CASE(a_user_without_a_choice_has_none)
{
    BOOST_TEST(!choices.of(kJuliet).has_value());
    BOOST_TEST(choices.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_choice_is_there_at_once_and_after_it_was_loaded_again)
{
    for (const Option option : kOptions) {
        BOOST_REQUIRE(choices.set(kJuliet, option).has_value());
        BOOST_TEST((choices.of(kJuliet) == option));
        const Choices again = loaded_again();
        BOOST_TEST((again.of(kJuliet) == option));
        BOOST_TEST(again.size() == 1U);
        BOOST_TEST(!again.of(kRomeo).has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_choice_that_was_taken_back_is_gone)
{
    BOOST_REQUIRE(choices.set(kJuliet, Option::all).has_value());
    BOOST_REQUIRE(choices.set(kJuliet, std::nullopt).has_value());
    BOOST_TEST(!choices.of(kJuliet).has_value());
    BOOST_TEST(loaded_again().size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_choice_that_cannot_be_stored_changes_nothing)
{
    BOOST_REQUIRE(choices.set(kJuliet, Option::prompt).has_value());
    {
        soci::session other(soci::sqlite3, path);
        other << "BEGIN IMMEDIATE";
        const auto stored = choices.set(kJuliet, Option::all);
        BOOST_REQUIRE(!stored.has_value());
        BOOST_TEST(stored.error().find("locked") != std::string::npos, stored.error());
        other << "ROLLBACK";
    }
    BOOST_TEST((choices.of(kJuliet) == Option::prompt));
    BOOST_TEST((loaded_again().of(kJuliet) == Option::prompt));
    BOOST_TEST(choices.set(kJuliet, Option::all).has_value());
}

BOOST_AUTO_TEST_CASE(more_choices_than_are_read_at_a_time_are_all_loaded)
{
    constexpr int kUsers = 2'500;
    {
        soci::session session(soci::sqlite3, path);
        soci::transaction transaction(session);
        for (int i = 0; i < kUsers; ++i) {
            const std::string user = "user" + std::to_string(i) + "@capulet.lit";
            const std::string option(name(kOptions[static_cast<std::size_t>(i) % kOptions.size()]));
            session << "INSERT INTO choice (user_address, option_name) VALUES (:u, :o)", soci::use(user),
                soci::use(option);
        }
        transaction.commit();
    }
    const Choices loaded = loaded_again();
    BOOST_TEST(loaded.size() == 2'500U);
    for (int i = 0; i < kUsers; ++i) {
        const Address user = Address::prepare("user" + std::to_string(i) + "@capulet.lit").value();
        BOOST_REQUIRE((loaded.of(user) == kOptions[static_cast<std::size_t>(i) % kOptions.size()]));
    }
    BOOST_TEST(loaded.of_domain("capulet.lit") == 2'500U);
    BOOST_TEST(loaded.of_domain("let.lit") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
