// People from a real directory, with 10,000 people; and what is said where it cannot be read.
#include "plugin/ldap/directory_reading.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <future>
#include <string>
#include <vector>

#include "directory_scene.h"
#include "loopback.h"
#include "plugin/ldap/ldap_session.h"

namespace usher
{

namespace
{

namespace bdata = boost::unit_test::data;
using namespace test;

}  // namespace

BOOST_AUTO_TEST_SUITE(ldap_directory)

BOOST_FIXTURE_TEST_CASE(ten_thousand_people_are_read, ReadingAll)
{
    const DirectoryContents all = contents();
    BOOST_TEST_REQUIRE(all.people.size() == static_cast<std::size_t>(kPeople));
    const Person& one = all.people[1234];
    BOOST_TEST(one.address.text() == "u01234@corp.example");
    BOOST_TEST(one.full_name == "Person 01234");
    BOOST_TEST(one.given_name == "Person");
    BOOST_TEST(one.family_name == "Capulet");
    BOOST_TEST(one.nickname == "");
    BOOST_TEST(one.email == "U01234@Corp.Example");
    BOOST_TEST(std::is_sorted(all.people.begin(), all.people.end(), [](const Person& a, const Person& b) {
        return a.address.text() < b.address.text();
    }));
    BOOST_TEST(all.remarks.empty());
}

BOOST_FIXTURE_TEST_CASE(who_is_disabled_is_nobody, ReadingAll)
{
    settings.disabled_filter = "(userAccountControl:1.2.840.113556.1.4.803:=2)";
    const DirectoryContents all = contents({"(department=Support)", group_dn("all")});
    BOOST_TEST(all.people.size() == 9900U);
    BOOST_TEST(all.groups.at("(department=Support)").size() == 4900U);
    BOOST_TEST(all.groups.at(group_dn("all")).size() == 5001U);  // none of Sales is disabled
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_cuts_is_an_error, ReadingAll)
{
    settings.bind_dn = PrivateSlapd::kLimitedReader;
    BOOST_TEST(refused("gives only a part; raise its limits for cn=limited,dc=corp,dc=example"));
}

BOOST_FIXTURE_TEST_CASE(too_many_entries_end_within_a_page, ReadingAll)
{
    limits.entries = 100;
    LdapSession session(settings, -1, limits);
    BOOST_TEST_REQUIRE(session.open(password).has_value());
    std::size_t visited = 0;
    const auto searched = session.search(settings.filter, {}, [&visited](const LdapEntry&) { ++visited; });
    BOOST_TEST_REQUIRE(!searched.has_value());
    BOOST_TEST(searched.error().text ==
               "more than 100 entries match (objectClass=person): set a narrower filter");
    BOOST_TEST(visited == 100U);
}

BOOST_FIXTURE_TEST_CASE(local_parts_are_of_the_domain, ReadingAll)
{
    settings.address = "userPrincipalName";
    settings.domain = "corp.example";
    BOOST_TEST(contents().people.at(7).address.text() == "u00007@corp.example");
}

BOOST_FIXTURE_TEST_CASE(addresses_are_prepared_and_unusable_ones_counted, Reading)
{
    const DirectoryContents all = contents();
    BOOST_TEST(all.people.size() == 3U);
    BOOST_TEST((all.remarks == Texts{"entries left out because they have no usable address in mail: 2"}));
    settings.address = "userPrincipalName";
    BOOST_TEST((addresses() == Texts{"k\xc3\xa4the@b\xc3\xbc"
                                     "cher.example"}));
    settings.address = "description";
    BOOST_TEST(refused("none of the entries (5) has a usable address in description"));
}

BOOST_FIXTURE_TEST_CASE(everybody_disabled_is_an_error, Reading)
{
    settings.disabled_filter = "(objectClass=person)";
    BOOST_TEST(refused("ldap.disabled_filter, (objectClass=person), matches everybody"));
}

BOOST_FIXTURE_TEST_CASE(only_the_people_search_counts_other_servers, Reading)
{
    settings.base = below("ou=referring");
    const DirectoryContents all = contents({"(objectClass=person)", "(uid=ref)"});
    BOOST_TEST(all.groups.size() == 2U);
    BOOST_TEST((all.remarks == Texts{"parts of the directory on other servers, which were not read: 1 "
                                     "(ldap://elsewhere.example/ou=x??sub)"}));
}

BOOST_FIXTURE_TEST_CASE(changes_are_in_the_next_reading, Reading)
{
    settings.base = below("ou=changing");
    const std::string joe = below("uid=joe,ou=changing");
    settings.disabled_filter = "(userAccountControl:1.2.840.113556.1.4.803:=2)";
    BOOST_TEST(has("joe@corp.example"));
    slapd().change("dn: " + joe + "\nchangetype: modify\nreplace: mail\nmail: jo@corp.example\n\ndn: " + joe +
                   "\nchangetype: modrdn\nnewrdn: uid=jo\ndeleteoldrdn: 1\n");
    BOOST_TEST(!has("joe@corp.example"));
    BOOST_TEST(has("jo@corp.example"));
    slapd().change("dn: " + below("uid=jo,ou=changing") +
                   "\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n");
    BOOST_TEST(!has("jo@corp.example"));
}

BOOST_FIXTURE_TEST_CASE(nobody_at_all_is_an_error, Reading)
{
    settings.filter = "(objectClass=device)";
    BOOST_TEST(
        refused("no entry matches (objectClass=device), or cn=usher,dc=corp,dc=example may read none"));
    settings.filter = "(objectClass=person)";
    settings.bind_dn.clear();
    BOOST_TEST(refused("whoever is not logged in"));
}

BOOST_FIXTURE_TEST_CASE(what_settings_have_wrong_is_said, Reading)
{
    settings.base = below("ou=nowhere");
    BOOST_TEST(refused("it is not there, or cn=usher,dc=corp,dc=example may not see it"));
    settings.base = below("ou=few");
    settings.filter = "(objectClass=person";
    BOOST_TEST(refused("this is no filter: (objectClass=person"));
}

BOOST_FIXTURE_TEST_CASE(a_wrong_password_is_refused, Reading)
{
    password = "montague";
    BOOST_TEST(refused("cannot log in as cn=usher,dc=corp,dc=example: Invalid credentials"));
    BOOST_TEST(read().error().login_refused);
    settings.base = "dc=nowhere,dc=example";
    password = PrivateSlapd::kSecret;
    BOOST_TEST(!read().error().login_refused);
}

BOOST_FIXTURE_TEST_CASE(certificate_and_name_are_verified, Reading)
{
    for (const std::string& url : {slapd().url(), slapd().tls_url()}) {
        settings.url = url;
        settings.ca_file = slapd().ca_file();
        BOOST_TEST(contents().people.size() >= 2U);
        settings.ca_file = slapd().other_ca_file();
        BOOST_TEST(refused("is the authority that has signed it in " + settings.ca_file));
        settings.ca_file.clear();
        BOOST_TEST(refused("is the authority that has signed it in the system's authorities"));
        settings.ca_file = "/nowhere/ca.crt";
        BOOST_TEST(refused("TLS cannot be used: does /nowhere/ca.crt have certificates"));
    }
    settings.ca_file = slapd().ca_file();
    for (const std::string& url : {slapd().misnamed_url(), slapd().misnamed_tls_url()}) {
        settings.url = url;
        BOOST_TEST(refused("it is not for 127.0.0.2; ldap.url"));
    }
}

BOOST_FIXTURE_TEST_CASE(without_tls_only_where_that_was_said, Reading)
{
    slapd().stop();
    slapd().start(false);
    settings.url = slapd().url();
    BOOST_TEST(refused("no StartTLS"));
    settings.tls_required = false;
    BOOST_TEST(contents().people.size() >= 2U);
    slapd().stop();
    slapd().start();
    settings.url = "ldap://192.0.2.1";
    BOOST_TEST(refused("without TLS"));
}

BOOST_FIXTURE_TEST_CASE(an_outage_is_an_error_and_passes, Reading)
{
    const auto before = contents().people;
    slapd().stop();
    BOOST_TEST(refused("Connection refused"));
    slapd().start();
    BOOST_TEST((contents().people == before));
}

BOOST_FIXTURE_TEST_CASE(nothing_is_sent_without_a_password, Reading)
{
    const auto [listening, port] = test::listen_on_loopback();
    settings.url = "ldaps://127.0.0.1:" + std::to_string(port);
    password.clear();
    BOOST_TEST(refused("needs a password"));
    pollfd incoming{listening.get(), POLLIN, 0};
    BOOST_TEST(::poll(&incoming, 1, 0) == 0);
}

BOOST_FIXTURE_TEST_CASE(who_says_nothing_is_not_waited_for_forever, Reading)
{
    const auto [listening, port] = test::listen_on_loopback();
    settings.url = "ldaps://127.0.0.1:" + std::to_string(port);
    BOOST_TEST(refused("the directory has said nothing for ten seconds"));
}

/// That a server stops in the middle of a search, no real one can be made to do.
BOOST_FIXTURE_TEST_CASE(a_search_has_an_end, Reading)
{
    const auto [listening, port] = test::listen_on_loopback();
    search_at(port);
    limits.patience = std::chrono::milliseconds(1);
    limits.whole = std::chrono::seconds(30);  // so that it ends, in another way, if that does not
    BOOST_TEST(refused("the directory has said nothing for two minutes"));
}

BOOST_FIXTURE_TEST_CASE(a_reading_has_an_end, Reading)
{
    const auto [listening, port] = test::listen_on_loopback();
    search_at(port);
    limits.whole = std::chrono::milliseconds(1);
    limits.patience = std::chrono::seconds(30);
    BOOST_TEST(refused("reading the directory took more than ten minutes"));
}

BOOST_FIXTURE_TEST_CASE(empty_pages_have_an_end, Reading)
{
    const auto [listening, port] = test::listen_on_loopback();
    search_at(port);
    limits.empty_pages = 2;
    auto reading = std::async(std::launch::async, [this] { return read(); });
    test::Descriptor connection(::accept(listening.get(), nullptr, nullptr));
    using namespace std::string_literals;
    for (char id = 1; id <= 3; ++id) {
        std::array<char, 512> request{};
        BOOST_TEST(::recv(connection.get(), request.data(), request.size(), 0) > 0);
        // SearchResultDone (RFC 4511 section 4.5.2): success, with a cookie for the next page (RFC 2696)
        const std::string reply = "\x30\x32\x02\x01"s + id + "\x65\x07\x0a\x01\x00\x04\x00\x04\x00"s +
                                  "\xa0\x24\x30\x22\x04\x16" + "1.2.840.113556.1.4.319" +
                                  "\x04\x08\x30\x06\x02\x01\x00\x04\x01x"s;
        BOOST_TEST(::send(connection.get(), reply.data(), reply.size(), 0) ==
                   static_cast<ssize_t>(reply.size()));
    }
    connection.reset();
    const Read all = reading.get();
    BOOST_TEST_REQUIRE(!all.has_value());
    BOOST_TEST(all.error().text ==
               settings.url + ": the directory sends one empty page after the other for " + settings.filter);
}

/// No real server repeats the password in what it says of it.
BOOST_FIXTURE_TEST_CASE(the_password_is_in_no_error, Reading)
{
    const auto [listening, port] = test::listen_on_loopback();
    settings.url = "ldap://127.0.0.1:" + std::to_string(port);
    settings.tls_required = false;
    auto reading = std::async(std::launch::async, [this] { return read(); });
    const test::Descriptor connection(::accept(listening.get(), nullptr, nullptr));
    std::array<char, 512> request{};
    BOOST_TEST(::recv(connection.get(), request.data(), request.size(), 0) > 0);
    using namespace std::string_literals;
    // BindResponse (RFC 4511 section 4.2.2): invalidCredentials, no DN, 31 bytes of text
    const std::string reply =
        "\x30\x2b\x02\x01\x01\x61\x26\x0a\x01\x31\x04\x00\x04\x1f"s + "bad password " + PrivateSlapd::kSecret;
    BOOST_TEST(::send(connection.get(), reply.data(), reply.size(), 0) == static_cast<ssize_t>(reply.size()));
    const Read all = reading.get();
    BOOST_TEST_REQUIRE(!all.has_value());
    BOOST_TEST(all.error().text ==
               settings.url +
                   ": cannot log in as cn=usher,dc=corp,dc=example: Invalid credentials: compare "
                   "ldap.bind_dn with the directory, and " +
                   settings.password_file + " with its password");
}

/// That a server says nothing, or ends in the middle, no real one can be made to do.
struct SilenceCase {
    std::string url;
    std::string reply;
};

std::ostream& operator<<(std::ostream& out, const SilenceCase& c)
{
    return out << c.url << ", " << c.reply.size() << " bytes";
}

const SilenceCase kSilences[] = {
    {"ldaps://", ""},
    {"ldap://", ""},
    {"ldap://", "\x30\x0c\x02"},
};

BOOST_DATA_TEST_CASE(who_waits_can_give_up, bdata::make(kSilences), c)
{
    Reading reading;
    const auto [listening, port] = test::listen_on_loopback();
    reading.settings.url = c.url + "127.0.0.1:" + std::to_string(port);
    std::array<int, 2> stop{};
    BOOST_TEST_REQUIRE(::pipe(stop.data()) == 0);
    const test::Descriptor stopped(stop[0]);
    test::Descriptor stopping(stop[1]);
    auto read = std::async(std::launch::async, [&reading, &stopped] {
        return read_directory(reading.settings, {}, reading.password, stopped.get());
    });
    const test::Descriptor connection(::accept(listening.get(), nullptr, nullptr));
    std::array<char, 1> first{};
    BOOST_TEST(::recv(connection.get(), first.data(), first.size(), 0) == 1);  // so that it waits for a reply
    BOOST_TEST(::send(connection.get(), c.reply.data(), c.reply.size(), 0) ==
               static_cast<ssize_t>(c.reply.size()));
    stopping.reset();
    const Read all = read.get();
    BOOST_TEST_REQUIRE(!all.has_value());
    BOOST_TEST(all.error().text == reading.settings.url + ": reading the directory was given up");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
