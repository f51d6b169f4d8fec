// Who is listed, as the store keeps it. On both databases.
#include "plugin/store/people.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

using Strings = std::vector<std::string>;

Person person(const std::string& address, const std::string& full_name = {})
{
    return {Address::prepare(address).value(), full_name, {}, {}, {}, {}};
}

const Person kJuliet{Address::prepare("juliet@capulet.lit").value(),
                     "Juliet O'Capulet",
                     "Juliet",
                     "Cäpulet",
                     "Jule \"J\" \\",
                     "juliet@post.capulet.lit"};

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    test::PeopleNow people{*database};

    [[nodiscard]] Strings addresses(const std::string& domain, const std::string& after = {},
                                    std::size_t most = 100)
    {
        Strings all;
        const auto read = people.read(domain, after, most).value();
        for (const Person& one : read) {
            all.push_back(one.address.text());
        }
        return all;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(people, Store)

BOOST_AUTO_TEST_CASE(a_person_comes_back_with_all_fields_wherever_the_store_is_open)
{
    BOOST_REQUIRE(people.put({kJuliet}).has_value());
    const auto elsewhere = store->open();
    BOOST_TEST((test::PeopleNow(*elsewhere).read("capulet.lit").value() == std::vector{kJuliet}));
}

BOOST_AUTO_TEST_CASE(people_come_in_the_order_of_addresses_each_domain_for_its_own)
{
    BOOST_REQUIRE(
        people
            .put({person("nurse@capulet.lit"), person("romeo@montague.lit"), person("a.b@capulet.lit"),
                  person("a@capulet.lit"), person("ä@capulet.lit"), person("z@capulet.lite")})
            .has_value());
    BOOST_TEST(addresses("capulet.lit") ==
                   (Strings{"a.b@capulet.lit", "a@capulet.lit", "nurse@capulet.lit", "ä@capulet.lit"}),
               boost::test_tools::per_element());
    BOOST_TEST(
        addresses("capulet.lit", "a.b@capulet.lit", 2) == (Strings{"a@capulet.lit", "nurse@capulet.lit"}),
        boost::test_tools::per_element());
    BOOST_TEST(addresses("capulet.lit", "ä@capulet.lit").empty());
    BOOST_TEST(addresses("verona.lit").empty());
}

BOOST_AUTO_TEST_CASE(what_is_known_now_replaces_what_was)
{
    BOOST_REQUIRE(people.put({kJuliet, person("nurse@capulet.lit", "Nurse")}).has_value());
    Person married = kJuliet;
    married.family_name = "Montague";
    married.email.clear();
    BOOST_REQUIRE(people.put({married}).has_value());
    BOOST_TEST(
        (people.read("capulet.lit").value() == std::vector{married, person("nurse@capulet.lit", "Nurse")}));
}

// What several processes read of one server they write once.
BOOST_AUTO_TEST_CASE(what_is_the_same_is_not_written)
{
    BOOST_REQUIRE(people.put({kJuliet}).has_value());
    const auto changed = [this](Person one) {
        const auto before = store->number("SELECT COUNT(*) FROM written");
        BOOST_REQUIRE(people.put({std::move(one)}).has_value());
        return store->number("SELECT COUNT(*) FROM written") - before;
    };
    if (database->dialect() == Dialect::sqlite) {
        store->run("CREATE TABLE written (n INTEGER)");
        store->run(
            "CREATE TRIGGER written_person AFTER UPDATE ON person BEGIN INSERT INTO written VALUES (1); END");
    } else {
        store->run("CREATE TABLE written (n INTEGER)");
        store->run(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN INSERT INTO written VALUES (1); RETURN NULL; END'");
        store->run(
            "CREATE TRIGGER written_person AFTER UPDATE ON person FOR EACH ROW EXECUTE FUNCTION note()");
    }
    BOOST_TEST(changed(kJuliet) == 0);
    for (std::string Person::* field :
         {&Person::full_name, &Person::given_name, &Person::family_name, &Person::nickname, &Person::email}) {
        Person other = kJuliet;
        other.*field += "x";
        BOOST_TEST(changed(other) == 1);
        BOOST_TEST(changed(kJuliet) == 1);
    }
}

BOOST_AUTO_TEST_CASE(who_is_removed_is_gone)
{
    BOOST_REQUIRE(
        people.put({kJuliet, person("nurse@capulet.lit"), person("juliet@montague.lit")}).has_value());
    BOOST_REQUIRE(people.remove({person("paris@verona.lit").address, kJuliet.address}).has_value());
    BOOST_TEST(addresses("capulet.lit") == Strings{"nurse@capulet.lit"}, boost::test_tools::per_element());
    BOOST_TEST(addresses("montague.lit") == Strings{"juliet@montague.lit"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(when_a_list_was_read_is_known_to_the_millisecond)
{
    using namespace std::chrono_literals;
    const auto time = std::chrono::system_clock::time_point(1'795'000'000'123ms);
    BOOST_TEST(people.list_times().value().empty());
    BOOST_REQUIRE(people.set_list_time("capulet.lit", time).has_value());
    BOOST_REQUIRE(people.set_list_time("montague.lit", time).has_value());
    BOOST_REQUIRE(people.set_list_time("capulet.lit", time + 1ms).has_value());
    BOOST_TEST((people.list_times().value() ==
                StoredPeople::ListTimes{{"capulet.lit", time + 1ms}, {"montague.lit", time}}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_done_is_an_error)
{
    store->run("ALTER TABLE person RENAME TO gone");
    BOOST_TEST(people.read("capulet.lit").error() == store->no_table("person"));
    BOOST_TEST(!people.put({kJuliet}).has_value());
    BOOST_TEST(!people.remove({kJuliet.address}).has_value());
    store->run("ALTER TABLE gone RENAME TO person");
    BOOST_TEST(people.put({kJuliet}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
