// What waits to be revoked, shared by several processes. On both databases.
#include "plugin/store/revocation_waits.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

using namespace std::chrono_literals;

constexpr std::chrono::system_clock::time_point kMorning{1'795'428'000s};

struct Scene {
    using Stored = std::optional<RevocationWaits>;

    /// Adds a wait for that record, and gives what there was before.
    static StoredRevocationWaits::Change adding(std::int64_t record, Stored& before)
    {
        return [record, &before](const Stored& stored) {
            before = stored;
            RevocationWaits waits = stored.value_or(RevocationWaits());
            waits.looked_at = kMorning + std::chrono::seconds(record % 100);
            waits.waits.push_back({record, kMorning + 24h});
            return waits;
        };
    }
    Stored add(std::int64_t record, const std::string& organization = "Capulet")
    {
        Stored before;
        BOOST_REQUIRE(test::now<void>([&](auto then) {
                          waits.change(organization, adding(record, before), then);
                      }).has_value());
        return before;
    }

    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    StoredRevocationWaits waits{*database};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(revocation_waits, Scene)

BOOST_AUTO_TEST_CASE(what_was_stored_is_there_again_and_each_organization_has_its_own)
{
    BOOST_TEST(!add(1).has_value());
    BOOST_TEST(!add(7, "Montague").has_value());
    RevocationWaits one{kMorning + 1s, {}, {{1, kMorning + 24h}}};
    BOOST_TEST((add(9'223'372'036'854'775) == one));
    BOOST_TEST(add(3).value().waits.size() == 2U);
    const auto ends = test::now<std::map<std::string, std::chrono::system_clock::time_point>>(
        [&](auto then) { waits.ends(then); });
    BOOST_TEST(ends.value().size() == 2U);
    BOOST_TEST((ends.value().at("Montague") == std::chrono::system_clock::time_point()));
}

BOOST_AUTO_TEST_CASE(of_two_that_change_at_once_the_second_begins_with_what_the_first_has_stored)
{
    add(1);
    const auto elsewhere = store->open();
    StoredRevocationWaits other(*elsewhere);
    for (std::int64_t record = 2; record < 20; record += 2) {
        Stored first;
        Stored second;
        std::optional<bool> also_stored;
        BOOST_REQUIRE(test::now<void>([&](auto then) {
                          waits.change("Capulet", adding(record, first), then);
                          other.change(
                              "Capulet", adding(record + 1, second),
                              [&also_stored](const auto& stored) { also_stored = stored.has_value(); });
                      }).has_value());
        test::await_store([&also_stored] { return also_stored.has_value(); });
        BOOST_TEST(also_stored.value_or(false));
    }
    BOOST_TEST(add(99).value().waits.size() == 19U);
}

BOOST_AUTO_TEST_CASE(what_is_forgotten_begins_anew)
{
    add(1);
    add(7, "Montague");
    BOOST_REQUIRE(test::now<void>([&](auto then) { waits.forget("Capulet", then); }).has_value());
    BOOST_TEST(!add(2).has_value());
    BOOST_TEST(add(8, "Montague").has_value());
}

BOOST_AUTO_TEST_CASE(a_change_that_fails_leaves_all_as_it_was)
{
    add(1);
    const auto failed = test::now<void>([&](auto then) {
        waits.change(
            "Capulet", [](const Stored&) -> RevocationWaits { throw std::runtime_error("not now"); }, then);
    });
    BOOST_TEST(failed.error() == "not now");
    BOOST_TEST(add(2).value().waits.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_usherd_has_not_written_is_an_error)
{
    add(1);
    store->run("UPDATE revocation_wait SET waits = '1 '");
    Stored before;
    BOOST_TEST(
        !test::now<void>([&](auto then) { waits.change("Capulet", adding(2, before), then); }).has_value());
    BOOST_TEST(!before.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
