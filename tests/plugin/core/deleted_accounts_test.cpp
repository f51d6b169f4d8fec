// What deleted accounts have chosen is forgotten, and nothing else.
#include "plugin/core/deleted_accounts.h"

#include <boost/test/unit_test.hpp>

#include "core_now.h"
#include "doubles.h"
#include "held_database.h"
#include "plugin/settings/reader.h"
#include "plugin/text/timestamp.h"
#include "sqlite_file.h"
#include "store_now.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

using std::chrono::system_clock;

const std::string kFile = R"(
[connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Capulet"
domains = ["capulet.lit"]
)";

const system_clock::time_point kChosen = read_timestamp("2026-11-23T10:00:00Z").value();
const system_clock::time_point kRemoved = kChosen + std::chrono::hours(1);
const std::string kBefore = "2026-11-23T09:59:59Z";
const std::string kAfter = "2026-11-23T10:00:01Z";
const Address kJuliet = Address::prepare("juliet@capulet.lit").value();
const Address kNurse = Address::prepare("nurse@capulet.lit").value();

/// Juliet and her nurse have chosen.
struct Chosen {
    Chosen()
    {
        BOOST_REQUIRE(choices.set(kJuliet, Option::all, kChosen).has_value());
        BOOST_REQUIRE(choices.set(kNurse, Option::prompt, kChosen).has_value());
    }
    [[nodiscard]] bool has_chosen(const Address& user) { return choices.of(user).value().has_value(); }
    /// The server is asked for all, and has these.
    void check(const std::vector<NamedAccount>& existing) { deleted.checked(kept(), existing); }
    [[nodiscard]] std::vector<KeptSetting> kept()
    {
        return test::now<std::vector<KeptSetting>>(
                   [this](auto then) { deleted.kept("capulet.lit", "", 100, then); })
            .value();
    }

    test::TemporaryDirectory directory;
    std::string path = (directory.path() / "usher.db").string();
    std::unique_ptr<Database> database = Database::open("sqlite3://" + path).value();
    std::unique_ptr<test::PolicyNow> policy =
        test::PolicyNow::make(parse_settings(kFile, "usher.toml").value(), *database, system_clock::now)
            .value();
    test::ChoicesNow choices{*database};
    test::FakeClock clock;
    const Clock::Time begun = clock.now();
    DeletedAccounts deleted{
        choices.choices, *policy, clock, [this] {
            return kRemoved + std::chrono::duration_cast<system_clock::duration>(clock.now() - begun);
        }};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deleted_accounts, Chosen)

BOOST_AUTO_TEST_CASE(exceptions_that_were_made_one_after_the_other_go_together)
{
    const auto make = [this](const std::string& entry, std::chrono::minutes later) {
        BOOST_TEST(choices.change(kJuliet, {{entry, Handling::always_accept}}, kChosen + later).value());
    };
    make("a.example", std::chrono::minutes(1));
    make("b.example", std::chrono::minutes(2));
    check({{kNurse.text(), ""}});
    BOOST_TEST(!has_chosen(kJuliet));
    BOOST_TEST(choices.exceptions_of(kJuliet).value().empty());

    // Of an account that is there again, only what is from before it.
    make("old.example", std::chrono::minutes(1));
    make("older.example", std::chrono::minutes(0));
    make("new.example", std::chrono::minutes(3));
    check({{kJuliet.text(), "2026-11-23T10:02:00Z"}, {kNurse.text(), ""}});
    BOOST_TEST((choices.exceptions_of(kJuliet).value() ==
                std::vector<ContactException>{{Handling::always_accept, "new.example"}}));
}

// E34
BOOST_AUTO_TEST_CASE(a_removed_account_has_chosen_nothing)
{
    deleted.removed(kJuliet);
    deleted.removed(Address::prepare("tybalt@capulet.lit").value());
    BOOST_TEST(!has_chosen(kJuliet));
    BOOST_TEST(has_chosen(kNurse));
    BOOST_TEST(choices.count().value()["capulet.lit"] == 1U);
}

// E35
BOOST_AUTO_TEST_CASE(an_account_that_is_missing_has_chosen_nothing)
{
    check({{kNurse.text(), {}}});
    BOOST_TEST(!has_chosen(kJuliet));
    BOOST_TEST(has_chosen(kNurse));
}

// E35
BOOST_AUTO_TEST_CASE(an_account_created_since_has_chosen_nothing)
{
    check({{kJuliet.text(), kAfter}, {kNurse.text(), kBefore}});
    BOOST_TEST(!has_chosen(kJuliet));
    BOOST_TEST(has_chosen(kNurse));
}

// E35
BOOST_AUTO_TEST_CASE(an_account_of_unknown_age_keeps_what_it_has_chosen)
{
    check({{kJuliet.text(), {}}, {kNurse.text(), "yesterday"}});
    BOOST_TEST(has_chosen(kJuliet));
    BOOST_TEST(has_chosen(kNurse));
}

// E35: the new owner has chosen between question and answer.
BOOST_AUTO_TEST_CASE(what_was_chosen_after_the_question_stays)
{
    const auto asked = kept();
    BOOST_REQUIRE(choices.set(kJuliet, Option::prompt).has_value());
    deleted.checked(asked, {{{kNurse.text(), {}}}});
    BOOST_TEST(has_chosen(kJuliet));
}

// E34
BOOST_AUTO_TEST_CASE(what_the_store_would_not_forget_is_forgotten_later)
{
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    deleted.removed(kJuliet);
    deleted.removed(kNurse);
    clock.advance(std::chrono::seconds(5));
    other.run("ROLLBACK");
    BOOST_TEST(has_chosen(kJuliet));
    clock.advance(std::chrono::seconds(5));
    BOOST_TEST(!has_chosen(kJuliet));
    BOOST_TEST(!has_chosen(kNurse));
    BOOST_TEST(clock.waiting() == 0U);
}

// E34: one that was made by a clock that is ahead, too.
BOOST_AUTO_TEST_CASE(a_removed_account_has_chosen_nothing_whenever_it_was)
{
    BOOST_REQUIRE(choices.set(kJuliet, Option::all, kRemoved + std::chrono::hours(1)).has_value());
    deleted.removed(kJuliet);
    BOOST_TEST(!has_chosen(kJuliet));
}

// The addresses have new owners, who have chosen before the store would forget.
BOOST_AUTO_TEST_CASE(what_a_new_owner_has_chosen_is_not_forgotten_later)
{
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    deleted.removed(kJuliet);  // is tried at once
    clock.advance(std::chrono::seconds(3));
    deleted.removed(kNurse);  // has to wait
    other.run("ROLLBACK");
    BOOST_REQUIRE(choices.set(kJuliet, Option::prompt, kRemoved + std::chrono::seconds(6)).has_value());
    BOOST_REQUIRE(choices.set(kNurse, Option::prompt, kRemoved + std::chrono::seconds(9)).has_value());
    clock.advance(std::chrono::seconds(10));
    BOOST_TEST(has_chosen(kJuliet));
    BOOST_TEST(has_chosen(kNurse));
    BOOST_TEST(clock.waiting() == 0U);
}

// One is removed while the store is at another, and fails with it.
BOOST_AUTO_TEST_CASE(what_was_chosen_before_the_removal_is_forgotten_late)
{
    test::HeldDatabase slow(Database::open("sqlite3://" + path).value());
    Choices slow_choices(slow);
    auto now = kRemoved;
    DeletedAccounts slowly(slow_choices, *policy, clock, [&now] { return now; });
    slow.holds = true;
    slowly.removed(kJuliet);
    now += std::chrono::seconds(8);
    BOOST_REQUIRE(choices.set(kNurse, Option::all, now).has_value());
    slowly.removed(kNurse);
    slow.fail("lost");
    slow.holds = false;
    clock.advance(std::chrono::seconds(5));
    BOOST_TEST(!has_chosen(kJuliet));
    BOOST_TEST(!has_chosen(kNurse));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
