// The secret that processes at a store share: one of them makes it.
#include "plugin/store/shared_secret.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <vector>

#include "event_loop.h"
#include "private_postgres.h"
#include "store_now.h"
#include "temporary_directory.h"

namespace usher
{

BOOST_AUTO_TEST_SUITE(shared_secret)

BOOST_AUTO_TEST_CASE(it_stays_the_same_and_is_another_in_another_store)
{
    const test::TemporaryDirectory directory;
    const auto secret_in = [&](const std::string& file) {
        const auto database = Database::open("sqlite3://" + (directory.path() / file).string()).value();
        return test::now<std::string>([&](auto then) { read_shared_secret(*database, then); }).value();
    };
    const std::string secret = secret_in("one.db");
    BOOST_TEST(secret.size() == 64U);
    BOOST_TEST(secret.find_first_not_of("0123456789abcdef") == std::string::npos);
    BOOST_TEST(secret_in("one.db") == secret);
    BOOST_TEST(secret_in("other.db") != secret);
}

BOOST_AUTO_TEST_CASE(all_who_begin_at_once_have_one)
{
    constexpr std::size_t kProcesses = 8;
    test::EventLoop loop;
    const std::string url = test::shared_postgres().url(test::shared_postgres().create_database());
    std::vector<std::unique_ptr<Database>> databases;
    std::vector<std::string> given;
    for (std::size_t i = 0; i < kProcesses; ++i) {
        databases.push_back(Database::open(url, loop.base()).value());
        read_shared_secret(*databases.back(),
                           [&given](const auto& secret) { given.push_back(secret.value()); });
    }
    loop.run_until([&] { return given.size() == kProcesses; });
    BOOST_TEST(std::set(given.begin(), given.end()).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
