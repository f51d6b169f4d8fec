// What is known of people in files follows the files, and stays while these are not valid.
#include "plugin/people/file_refresh.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "doubles.h"

using namespace std::chrono_literals;

namespace usher
{

namespace
{

using Strings = std::vector<std::string>;

PeopleFile file(const std::string& path, const std::string& domain)
{
    return {path, {domain}, {PersonField::full_name}};
}

const PeopleFile kCapulet = file("/etc/usher/capulet.jsonl", "capulet.lit");
const PeopleFile kMontague = file("/etc/usher/montague.jsonl", "montague.lit");

struct Scene {
    struct Asked {
        std::vector<PeopleFile> files;
        std::function<void(FileRefresh::Outcomes)> then;
    };

    /// Each of the files asked for has these users of its domain; none: it has a fault.
    void have(const Strings& users)
    {
        BOOST_REQUIRE(!asked.empty());
        const Asked one = std::move(asked.front());
        asked.pop_front();
        FileRefresh::Outcomes outcomes;
        for (const PeopleFile& wanted : one.files) {
            std::string text = users.empty() ? "?" : "";
            for (const std::string& user : users) {
                text += "{\"address\": \"" + user + "@" + wanted.domains.front() + "\"}\n";
            }
            outcomes.push_back(parse_people(text, wanted));
        }
        one.then(std::move(outcomes));
    }
    [[nodiscard]] Strings known(const std::string& domain = "capulet.lit") const
    {
        Strings all;
        directory.visit_addresses(domain, [&all](std::string_view one) { all.emplace_back(one); });
        return all;
    }
    [[nodiscard]] PeopleStatus status() const { return refresh.status("capulet.lit").value(); }

    test::FakeClock clock;
    const Clock::Time begun = clock.now();
    Directory directory;
    std::deque<Asked> asked;
    FileRefresh refresh{
        clock, directory,
        [this] {
            return std::chrono::system_clock::time_point(
                std::chrono::duration_cast<std::chrono::system_clock::duration>(clock.now() - begun));
        },
        [] { return 0.5; },
        [this](auto files, auto then) { asked.push_back({std::move(files), std::move(then)}); }};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(file_refresh, Scene)

BOOST_AUTO_TEST_CASE(it_is_read_as_soon_as_it_is_wanted_and_in_each_night)
{
    refresh.want({kCapulet});
    BOOST_TEST(asked.size() == 1U);
    BOOST_TEST(!status().listed.has_value());
    have({"juliet", "nurse"});
    BOOST_TEST(known() == (Strings{"juliet@capulet.lit", "nurse@capulet.lit"}),
               boost::test_tools::per_element());
    BOOST_TEST(status().people == 2U);
    BOOST_TEST(status().listed.has_value());
    refresh.want({kCapulet});
    BOOST_TEST(asked.empty());
    for (int night = 0; night < 2; ++night) {
        clock.advance(24h);
        BOOST_TEST_REQUIRE(asked.size() == 1U);
        have({"nurse"});
    }
    BOOST_TEST(known() == Strings{"nurse@capulet.lit"});
}

BOOST_AUTO_TEST_CASE(what_is_not_wanted_is_not_read)
{
    refresh.want({});
    refresh.read_again();
    clock.advance(24h);
    BOOST_TEST(asked.empty());
    BOOST_TEST(!refresh.status("capulet.lit").has_value());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_valid_changes_nothing_and_is_tried_again)
{
    refresh.want({kCapulet});
    have({"juliet"});
    const auto read = status().listed;
    clock.advance(1min);
    refresh.read_again();
    have({});
    BOOST_TEST(known() == Strings{"juliet@capulet.lit"});
    BOOST_TEST((status().listed == read));
    BOOST_TEST(status().problem.starts_with("/etc/usher/capulet.jsonl:1: found what is no JSON"));
    clock.advance(10min - 1ms);
    BOOST_TEST(asked.empty());
    clock.advance(1ms);
    have({"nurse"});
    BOOST_TEST(known() == Strings{"nurse@capulet.lit"});
    BOOST_TEST(status().problem == "");
    BOOST_TEST((status().listed > read));
    clock.advance(20min);
    BOOST_TEST(asked.empty());
}

BOOST_AUTO_TEST_CASE(how_many_faults_there_are_is_said)
{
    refresh.want({kCapulet});
    have({"?@", "?@"});
    BOOST_TEST(status().problem.ends_with(" (`usherd --check` names 2 errors)"), status().problem);
}

BOOST_AUTO_TEST_CASE(who_asks_while_it_is_read_has_it_read_again)
{
    refresh.want({kCapulet});
    refresh.read_again();
    refresh.read_again();
    BOOST_TEST(asked.size() == 1U);
    have({"juliet"});
    BOOST_TEST(asked.size() == 1U);
    have({"nurse"});
    BOOST_TEST(asked.empty());
    BOOST_TEST(known() == Strings{"nurse@capulet.lit"});
}

BOOST_AUTO_TEST_CASE(what_is_of_another_file_is_not_known_any_more)
{
    refresh.want({kCapulet, kMontague});
    have({"somebody"});
    refresh.want({file("/etc/usher/other.jsonl", "capulet.lit"), kMontague});
    BOOST_TEST(known().empty());
    BOOST_TEST(!status().listed.has_value());
    BOOST_TEST(known("montague.lit") == Strings{"somebody@montague.lit"});
    have({"other"});
    BOOST_TEST(known() == Strings{"other@capulet.lit"});
    refresh.want({kMontague});
    BOOST_TEST(known().empty());
    BOOST_TEST(asked.empty());
}

BOOST_AUTO_TEST_CASE(what_was_asked_before_the_settings_changed_is_of_no_use)
{
    refresh.want({kCapulet});
    refresh.want({kMontague});
    have({"juliet"});
    BOOST_TEST(known().empty());
    have({"romeo"});
    BOOST_TEST(known("montague.lit") == Strings{"romeo@montague.lit"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
