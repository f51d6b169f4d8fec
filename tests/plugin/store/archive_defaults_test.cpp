// For whom usherd has set which archiving preference. On both databases.
#include "plugin/store/archive_defaults.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

using namespace std::chrono_literals;
using Order = StoredArchiveDefaults::Order;
using Records = StoredArchiveDefaults::Records;
using Strings = std::vector<std::string>;
using enum Archiving;

const Address kJuliet = Address::prepare("juliet@capulet.lit").value();
const Address kNurse = Address::prepare("nurse@capulet.lit").value();
const Address kTybalt = Address::prepare("tybalt@capulet.lit").value();
const Address kRomeo = Address::prepare("romeo@montague.lit").value();
constexpr std::chrono::system_clock::time_point kMorning{1'795'428'000s};

/// What one process has of the store.
struct Process {
    explicit Process(Database& database) : stored(database) {}

    void begin(const std::vector<Order>& orders, std::chrono::system_clock::time_point at = kMorning)
    {
        BOOST_REQUIRE(test::now<void>([&](auto then) { stored.begin(orders, at, then); }).has_value());
    }
    void done(const std::vector<Order>& orders)
    {
        BOOST_REQUIRE(test::now<void>([&](auto then) { stored.done(orders, then); }).has_value());
    }
    void undone(const std::vector<Order>& orders, std::chrono::system_clock::time_point begun)
    {
        BOOST_REQUIRE(test::now<void>([&](auto then) { stored.undone(orders, begun, then); }).has_value());
    }
    void forget(const std::vector<Address>& accounts, std::chrono::system_clock::time_point until)
    {
        BOOST_REQUIRE(test::now<void>([&](auto then) { stored.forget(accounts, until, then); }).has_value());
    }
    [[nodiscard]] Records read(const std::vector<Address>& accounts)
    {
        return test::now<Records>([&](auto then) { stored.read(accounts, then); }).value();
    }
    void expect(const Address& account, const ArchiveRecord& record)
    {
        const Records records = read({account});
        BOOST_TEST_REQUIRE(records.size() == 1U);
        BOOST_TEST((records.at(account.text()) == record));
    }
    [[nodiscard]] Strings listed(bool locked, const std::string& after = {}, std::size_t most = 10)
    {
        Strings texts;
        const auto found = test::now<std::vector<Address>>([&](auto then) {
                               if (locked) {
                                   stored.locked("capulet.lit", after, most, then);
                               } else {
                                   stored.accounts("capulet.lit", after, most, then);
                               }
                           }).value();
        for (const Address& one : found) {
            texts.push_back(one.text());
        }
        return texts;
    }

    StoredArchiveDefaults stored;
};

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
};

struct Scene : Store, Process {
    Scene() : Process(*database) {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(archive_defaults, Scene)

BOOST_AUTO_TEST_CASE(what_is_about_to_be_set_is_told_from_what_is_set)
{
    BOOST_TEST(read({kJuliet, kNurse}).empty());
    begin({{kNurse, never, false}, {kJuliet, always, true}, {kRomeo, roster, false}});
    expect(kJuliet, {std::nullopt, always, true, kMorning});
    expect(kNurse, {std::nullopt, never, false, kMorning});
    done({{kJuliet, always, true}});
    expect(kJuliet, {always, std::nullopt, true, kMorning});
    begin({{kJuliet, never, false}}, kMorning + 1h);
    expect(kJuliet, {always, never, true, kMorning + 1h});  // the lock may be there still
    done({{kJuliet, never, false}});
    expect(kJuliet, {never, std::nullopt, false, kMorning + 1h});
    const Records both = read({kJuliet, kNurse});
    BOOST_TEST(both.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_another_process_has_begun_since_stays)
{
    const auto elsewhere = store->open();
    Process other(*elsewhere);
    begin({{kJuliet, always, false}});
    other.begin({{kJuliet, never, false}}, kMorning + 1s);
    done({{kJuliet, always, false}});
    expect(kJuliet, {std::nullopt, never, false, kMorning + 1s});
    other.done({{kJuliet, never, false}});
    expect(kJuliet, {never, std::nullopt, false, kMorning + 1s});
}

BOOST_AUTO_TEST_CASE(what_is_certainly_not_set_is_taken_back)
{
    begin({{kJuliet, always, false}, {kNurse, always, false}});
    done({{kJuliet, always, false}});
    begin({{kJuliet, never, false}, {kNurse, never, false}}, kMorning + 1s);
    begin({{kNurse, never, false}}, kMorning + 2s);  // by another process
    undone({{kJuliet, never, false}, {kNurse, never, false}}, kMorning + 1s);
    expect(kJuliet, {always, std::nullopt, false, kMorning + 1s});
    expect(kNurse, {std::nullopt, never, false, kMorning + 2s});
}

BOOST_AUTO_TEST_CASE(what_is_newer_is_not_forgotten)
{
    begin({{kJuliet, always, false}, {kNurse, always, false}});
    begin({{kNurse, never, false}}, kMorning + 1ms);
    forget({kNurse, kJuliet, kTybalt}, kMorning);
    BOOST_TEST(listed(false) == Strings{"nurse@capulet.lit"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(accounts_are_listed_in_portions_and_the_locked_ones_alone)
{
    begin({{kTybalt, never, true}, {kJuliet, never, false}, {kNurse, never, true}, {kRomeo, never, true}});
    BOOST_TEST(listed(false) == (Strings{"juliet@capulet.lit", "nurse@capulet.lit", "tybalt@capulet.lit"}),
               boost::test_tools::per_element());
    BOOST_TEST(listed(false, "juliet@capulet.lit", 1) == Strings{"nurse@capulet.lit"},
               boost::test_tools::per_element());
    BOOST_TEST(listed(true) == (Strings{"nurse@capulet.lit", "tybalt@capulet.lit"}),
               boost::test_tools::per_element());
    BOOST_TEST(listed(true, "nurse@capulet.lit") == Strings{"tybalt@capulet.lit"},
               boost::test_tools::per_element());
    begin({{kTybalt, never, false}});
    done({{kTybalt, never, false}});
    BOOST_TEST(listed(true) == Strings{"nurse@capulet.lit"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_usherd_has_not_written_is_an_error)
{
    store->run("INSERT INTO archive_default VALUES ('capulet.lit', 'juliet@capulet.lit', 'off', '', 0, 0)");
    const auto given = test::now<Records>([&](auto then) { stored.read({kJuliet}, then); });
    BOOST_TEST_REQUIRE(!given.has_value());
    BOOST_TEST(given.error() == "the store has an archiving preference that there is none of: off");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
