// What is known of the directory follows what is read of it, and stays in force while it is away.
#include "plugin/people/ldap_refresh.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "doubles.h"
#include "integration/base/digest.h"
#include "ldap_section.h"
#include "plugin/settings/reader.h"
#include "temporary_directory.h"

using namespace std::chrono_literals;

namespace usher
{

namespace
{

using Strings = std::vector<std::string>;

const std::string kSales = "(department=Sales)";

Address address(const std::string& text)
{
    return Address::prepare(text).value();
}

Person person(const std::string& user, const std::string& name = {})
{
    return {address(user), name, "", "", "", user};
}

LdapWanted wanted(const std::string& url = "ldaps://ldap.example.org")
{
    LdapWanted all;
    all.settings.url = url;
    all.settings.refresh_minutes = 60;
    all.groups = {kSales};
    all.domains = {{"capulet.lit", {PersonField::full_name}}};
    return all;
}

struct Scene {
    struct Asked {
        std::shared_ptr<const LdapWanted> wanted;
        std::shared_ptr<const GroupMembers> before;
        std::string refused;
        std::function<void(LdapOutcome)> then;
    };

    Asked next()
    {
        BOOST_REQUIRE(!asked.empty());
        Asked one = std::move(asked.front());
        asked.pop_front();
        return one;
    }
    void found(std::vector<Person> people, std::vector<Address> sales)
    {
        const Asked one = next();
        one.then(
            make_reading({std::move(people), {{kSales, std::move(sales)}}, {}}, *one.wanted, one.before));
    }
    void away() { next().then(tl::unexpected(LdapProblem{"ldap.example.org: connection refused"})); }
    /// The directory refuses the password unless that is known to be refused.
    void log_in_with(const std::string& password)
    {
        const Asked one = next();
        attempts += one.refused == password ? 0 : 1;
        one.then(tl::unexpected(LdapProblem{one.refused == password ? "" : "cannot log in", password}));
    }
    [[nodiscard]] Strings known(const std::string& domain = "capulet.lit") const
    {
        Strings all;
        directory.visit_addresses(domain, [&](std::string_view one) { all.emplace_back(one); });
        return all;
    }
    [[nodiscard]] std::vector<Person> found_by(const std::string& words) const
    {
        return directory
            .find({"capulet.lit"}, SearchWords::read(words).value(), 10,
                  [](std::string_view) { return true; })
            .people;
    }
    [[nodiscard]] LdapStatus status() const { return refresh.status().value(); }
    [[nodiscard]] std::size_t members_of_sales() const { return members.back()->groups.at(kSales).size(); }

    test::FakeClock clock;
    const Clock::Time begun = clock.now();
    Directory directory;
    std::deque<Asked> asked;
    int attempts = 0;
    std::vector<std::shared_ptr<const GroupMembers>> members;  // as they were told
    LdapRefresh refresh{
        clock, directory,
        [this] {
            return std::chrono::system_clock::time_point(
                std::chrono::duration_cast<std::chrono::system_clock::duration>(clock.now() - begun));
        },
        [this](auto what, auto before, auto refused, auto then) {
            asked.push_back({std::move(what), std::move(before), std::move(refused), std::move(then)});
        },
        [this](const auto& now) { members.push_back(now); }};
};

const Person kJuliet = person("juliet@capulet.lit", "Juliet Capulet");
const Person kNurse = person("nurse@capulet.lit", "Angelica");

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ldap_refresh, Scene)

BOOST_AUTO_TEST_CASE(it_is_read_as_soon_as_it_is_wanted_and_then_regularly)
{
    refresh.want(wanted());
    BOOST_TEST(asked.size() == 1U);
    BOOST_TEST(!status().read.has_value());
    found({kJuliet, kNurse}, {kJuliet.address});
    BOOST_TEST(known() == (Strings{"juliet@capulet.lit", "nurse@capulet.lit"}),
               boost::test_tools::per_element());
    BOOST_TEST(members.size() == 1U);
    BOOST_TEST(members_of_sales() == 1U);
    BOOST_TEST(status().people == 2U);
    BOOST_TEST(status().groups == 1U);
    clock.advance(60min - 1ms);
    BOOST_TEST(asked.empty());
    clock.advance(1ms);
    BOOST_TEST(asked.size() == 1U);
    clock.advance(120min);
    BOOST_TEST(asked.size() == 1U);  // not twice at a time
}

BOOST_AUTO_TEST_CASE(what_is_not_wanted_is_not_read)
{
    LdapWanted nothing = wanted();
    nothing.groups.clear();
    nothing.domains.clear();
    refresh.want(nothing);
    refresh.want(wanted(""));
    BOOST_TEST(asked.empty());
    BOOST_TEST(!refresh.status().has_value());
    BOOST_TEST(!refresh.people_status("montague.lit").has_value());
}

BOOST_AUTO_TEST_CASE(groups_are_wanted_and_people_where_they_may_be_searched_by_the_names_of_the_directory)
{
    const auto settings = parse_settings(R"toml([connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Capulet"
domains = ["capulet.lit", "capulet.example"]
[[organization.group]]
name = "sales"
ldap = "(department=Sales)"
[[organization.group]]
name = "staff"
members = ["group:sales"]
[organization.people]
listed = "opt-in"
names = "ldap"
fields = ["nickname"]
[[organization]]
name = "Montague"
domains = ["montague.lit"]
[[organization.group]]
name = "sellers"
ldap = "(department=Sales)"
[organization.people]
names = "ldap"
[[organization]]
name = "Verona"
domains = ["verona.lit"]
[organization.people]
listed = "opt-out"
)toml" + test::ldap_section(),
                                         "usher.toml")
                              .value();
    const LdapWanted all = wanted_of_directory(settings.ldap, settings.organizations);
    BOOST_TEST(all.groups == Strings{kSales});
    BOOST_TEST(all.domains.size() == 2U);
    BOOST_TEST((all.domains.at("capulet.example") == std::vector{PersonField::nickname}));
    BOOST_TEST(all.settings.base == "dc=example,dc=org");
}

BOOST_AUTO_TEST_CASE(while_it_is_away_what_was_read_last_stays_in_force)
{
    refresh.want(wanted());
    found({kJuliet}, {kJuliet.address});
    const auto read = status().read;
    clock.advance(60min);
    away();
    BOOST_TEST(known() == Strings{"juliet@capulet.lit"});
    BOOST_TEST(members.size() == 1U);
    BOOST_TEST((status().read == read));
    BOOST_TEST(status().problem == "ldap.example.org: connection refused");
    BOOST_TEST(refresh.people_status("capulet.lit")->problem == status().problem);
    clock.advance(1min);
    away();
    clock.advance(1min);
    found({kJuliet}, {kJuliet.address});
    BOOST_TEST(status().problem == "");
    BOOST_TEST((status().read > read));
    BOOST_TEST(status().readings == 2U);
    BOOST_TEST(status().failures == 2U);
    BOOST_TEST(members.size() == 1U);  // they are the same
    clock.advance(59min);
    BOOST_TEST(asked.empty());
}

BOOST_AUTO_TEST_CASE(what_was_never_read_is_not_known)
{
    refresh.want(wanted());
    away();
    BOOST_TEST(members.empty());
    BOOST_TEST(!status().read.has_value());
    clock.advance(1min);
    found({}, {});
    BOOST_TEST(members.size() == 1U);
    BOOST_TEST(members_of_sales() == 0U);
}

BOOST_AUTO_TEST_CASE(members_are_told_when_they_are_others)
{
    refresh.want(wanted());
    found({kJuliet, kNurse}, {kJuliet.address});
    clock.advance(60min);
    found({kJuliet}, {kJuliet.address});  // other people, in no group
    BOOST_TEST(members.size() == 1U);
    clock.advance(60min);
    found({kJuliet}, {});
    BOOST_TEST(members.size() == 2U);
    BOOST_TEST(members_of_sales() == 0U);
}

BOOST_AUTO_TEST_CASE(who_is_renamed_or_gone_is_so_after_the_next_reading)
{
    refresh.want(wanted());
    found({kJuliet, kNurse}, {});
    clock.advance(60min);
    found({person("juliet@capulet.lit", "Juliet Montague")}, {});
    BOOST_TEST(known() == Strings{"juliet@capulet.lit"});
    BOOST_TEST(found_by("montague").size() == 1U);
    BOOST_TEST(found_by("capulet").size() == 0U);
}

BOOST_AUTO_TEST_CASE(only_people_of_the_domain_are_known_and_only_what_may_be_known_of_them)
{
    refresh.want(wanted());
    Person juliet = kJuliet;
    juliet.nickname = "Sun";
    found({juliet, person("romeo@montague.lit", "Romeo")}, {});
    BOOST_TEST(known("montague.lit").empty());
    BOOST_TEST(found_by("sun").empty());
    BOOST_REQUIRE(found_by("juliet").size() == 1U);
    BOOST_TEST(found_by("juliet")[0].email == "");
    BOOST_TEST(status().people == 2U);
    BOOST_TEST(refresh.people_status("capulet.lit")->people == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_of_another_directory_is_not_known_any_more)
{
    refresh.want(wanted());
    found({kJuliet}, {kJuliet.address});
    refresh.want(wanted("ldaps://other.example.org"));
    BOOST_TEST(known().empty());
    BOOST_TEST(members.size() == 2U);
    BOOST_TEST(!members.back());
    BOOST_TEST(!status().read.has_value());
    away();
    BOOST_TEST(!status().read.has_value());
}

BOOST_AUTO_TEST_CASE(another_group_of_the_same_directory_leaves_the_others_in_force)
{
    refresh.want(wanted());
    found({kJuliet}, {kJuliet.address});
    LdapWanted more = wanted();
    more.groups.insert(more.groups.begin(), "(department=Board)");
    more.settings.password_file = "/etc/usher/another";
    refresh.want(more);
    BOOST_TEST(asked.size() == 1U);
    BOOST_TEST(known() == Strings{"juliet@capulet.lit"});
    BOOST_TEST(members.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_was_asked_before_the_settings_changed_is_of_no_use)
{
    refresh.want(wanted());
    LdapWanted other = wanted("ldaps://other.example.org");
    refresh.want(other);
    BOOST_TEST(asked.size() == 1U);
    found({kJuliet}, {kJuliet.address});
    BOOST_TEST(known().empty());
    BOOST_TEST(members.empty());
    BOOST_REQUIRE(asked.size() == 1U);
    BOOST_TEST(asked.front().wanted->settings.url == other.settings.url);
}

BOOST_AUTO_TEST_CASE(a_password_that_was_refused_is_not_tried_again_each_minute)
{
    refresh.want(wanted());
    log_in_with("old");
    BOOST_TEST(status().problem ==
               "cannot log in; it is tried again when the file has another password, or after 60 minutes");
    for (int minute = 1; minute < 60; ++minute) {
        clock.advance(1min);
        log_in_with("old");
    }
    BOOST_TEST(attempts == 1);
    BOOST_TEST(status().failures == 1U);
    BOOST_TEST(status().problem.starts_with("cannot log in"));
    clock.advance(1min);
    log_in_with("old");
    BOOST_TEST(attempts == 2);
    clock.advance(1min);
    log_in_with("new");
    BOOST_TEST(attempts == 3);
    clock.advance(1min);
    log_in_with("new");
    BOOST_TEST(attempts == 3);
    clock.advance(1min);
    found({kJuliet}, {kJuliet.address});
    BOOST_TEST(status().problem == "");
    clock.advance(60min);
    log_in_with("new");
    BOOST_TEST(attempts == 4);
}

BOOST_AUTO_TEST_CASE(other_settings_are_tried_with_a_password_that_was_refused)
{
    refresh.want(wanted());
    log_in_with("old");
    LdapWanted other = wanted();
    other.settings.bind_dn = "cn=usher,dc=example,dc=org";
    refresh.want(other);
    log_in_with("old");
    BOOST_TEST(attempts == 2);
}

BOOST_AUTO_TEST_CASE(with_a_password_that_was_refused_the_directory_is_not_asked)
{
    test::TemporaryDirectory files;
    LdapWanted all = wanted("ldap://127.0.0.1:1");
    all.settings.password_file = files.path() / "password";
    std::ofstream(all.settings.password_file) << "montague\n";
    std::filesystem::permissions(all.settings.password_file, std::filesystem::perms(0600));
    BOOST_TEST(read_ldap(all, nullptr, sha256("montague"), -1).error().text == "");
    BOOST_TEST(read_ldap(all, nullptr, sha256("capulet"), -1).error().text != "");
}

BOOST_AUTO_TEST_CASE(groups_that_are_not_known_are_named)
{
    LdapWanted more = wanted();
    more.groups = {"(department=Board)", kSales};
    refresh.want(more);
    BOOST_TEST(status().groups == 0U);
    BOOST_TEST(status().groups_not_known == more.groups, boost::test_tools::per_element());
    found({kJuliet}, {kJuliet.address});
    BOOST_TEST(status().groups == 1U);
    BOOST_TEST(status().groups_not_known == Strings{"(department=Board)"}, boost::test_tools::per_element());
    more.groups = {kSales};
    refresh.want(more);
    BOOST_TEST(status().groups_not_known.empty());
}

BOOST_AUTO_TEST_CASE(what_was_not_wanted_for_a_while_is_known_only_when_it_is_read_again)
{
    refresh.want(wanted());
    found({kJuliet}, {kJuliet.address});
    LdapWanted nothing = wanted();
    nothing.groups.clear();
    nothing.domains.clear();
    refresh.want(nothing);
    BOOST_REQUIRE(members.size() == 2U);
    BOOST_TEST(!members.back());
    refresh.want(wanted());
    BOOST_TEST(!status().read.has_value());
    BOOST_TEST(!next().before);
}

BOOST_AUTO_TEST_CASE(a_domain_that_is_not_of_the_directory_any_more_is_forgotten)
{
    refresh.want(wanted());
    found({kJuliet}, {kJuliet.address});
    LdapWanted fewer = wanted();
    fewer.domains.clear();
    refresh.want(fewer);
    BOOST_TEST(known().empty());
    BOOST_TEST(members.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
