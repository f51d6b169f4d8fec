// What is on the disk when a call returns.
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <memory>

#include "plugin/store/choices.h"
#include "plugin/store/database.h"
#include "plugin/store/saved_settings.h"
#include "store_now.h"
#include "temporary_directory.h"

namespace
{

int waits_for_disk = 0;

}  // namespace

// Stands before the C library's: SQLite calls this one.
extern "C" int fdatasync(int descriptor)
{
    ++waits_for_disk;
    return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

namespace usher
{

namespace
{

struct Store {
    usher::test::TemporaryDirectory directory;
    std::unique_ptr<Database> database =
        Database::open("sqlite3://" + (directory.path() / "usher.db").string()).value();

    /// How often the disk was waited for.
    template <typename Work>
    static int waits(Work work)
    {
        const int before = waits_for_disk;
        work();
        return waits_for_disk - before;
    }
};

const Address kJuliet = Address::prepare("juliet@capulet.lit").value();

}  // namespace

BOOST_FIXTURE_TEST_SUITE(durability, Store)

BOOST_AUTO_TEST_CASE(choices_and_settings_are_on_the_disk_when_they_are_saved)
{
    test::ChoicesNow choices(*database);
    test::SavedSettingsNow settings(*database);
    BOOST_TEST(waits([&] { BOOST_REQUIRE(choices.set(kJuliet, Option::all).has_value()); }) > 0);
    BOOST_TEST(waits([&] { BOOST_REQUIRE(choices.set(kJuliet, std::nullopt).has_value()); }) > 0);
    BOOST_TEST(waits([&] { BOOST_REQUIRE(settings.save({}, {"policy"}, {}).has_value()); }) > 0);
}

BOOST_AUTO_TEST_CASE(the_journal_does_not_wait_for_the_disk)
{
    test::ChoicesNow choices(*database);
    BOOST_REQUIRE(choices.set(kJuliet, Option::all).has_value());  // which did
    const int waited = waits([&] { BOOST_REQUIRE(test::writable_now(*database)); });
    BOOST_TEST(waited == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
