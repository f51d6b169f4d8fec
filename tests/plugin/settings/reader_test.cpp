// What a valid file means, and which files are read at all.
#include "plugin/settings/reader.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <random>

#include "named_file.h"
#include "plugin/settings/writer.h"
#include "settings_files.h"

namespace bdata = boost::unit_test::data;
using namespace usher;
using namespace usher::test;

namespace
{

std::string only_error(const std::string& path)
{
    const auto settings = read_settings(path);
    BOOST_REQUIRE(!settings);
    BOOST_REQUIRE(settings.error().size() == 1U);
    return to_string(settings.error().front());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reader)

BOOST_AUTO_TEST_CASE(what_is_not_given_has_its_default)
{
    const Settings s = valid(kStart);
    BOOST_TEST(s.connection.host == "127.0.0.1");
    BOOST_TEST(s.connection.port == 5222);
    BOOST_TEST(s.connection.account->text() == "usher@example.org");
    BOOST_TEST(s.connection.password_file == "/etc/usher/password");
    BOOST_TEST(s.connection.tls_required);
    BOOST_TEST(s.connection.ca_file == "");
    BOOST_TEST(!s.connection.component);
    BOOST_REQUIRE(s.organizations.size() == 1U);
    const Organization& o = s.organizations.front();
    BOOST_TEST(o.name == "Example");
    BOOST_TEST(o.domains == std::vector<std::string>{"example.org"});
    BOOST_TEST(o.users_may_choose);
    BOOST_TEST(o.option == Option::organization);
    BOOST_TEST(o.approve_contacts_users_asked_for);
    BOOST_TEST(!o.ask_back);
    BOOST_TEST(!o.name_contacts);
    BOOST_TEST((o.revoke_when_no_longer_approved == Revoking::never));
    BOOST_TEST(o.contact_group == "");
    BOOST_TEST(o.administrators.empty());
    BOOST_TEST(o.groups.empty());
    BOOST_TEST(o.rules.empty());
    BOOST_TEST((o.federation.mode == FederationMode::open));
    BOOST_TEST(o.federation.answer == Answer::leave);
    BOOST_TEST((o.people.listed == Listed::off));
    BOOST_TEST((o.archive == ArchiveWish{std::nullopt, false}));
    BOOST_TEST(s.limits.per_contact == 60U);
    BOOST_TEST(s.limits.per_domain == 1000U);
    BOOST_TEST(s.limits.per_user == 1000U);
    BOOST_TEST(s.store.url == "sqlite3:///var/lib/usher/usher.db");
    BOOST_TEST(s.store.journal_days == 365U);
    BOOST_TEST(s.control_socket == "/run/usher/control.sock");
    BOOST_TEST(s.log_level == "info");
}

BOOST_AUTO_TEST_CASE(component_has_its_own_default_port)
{
    const Settings s = valid(kComponent + kOrganization);
    BOOST_TEST(*s.connection.component == "usher.example.org");
    BOOST_TEST(s.connection.port == 5347);
    BOOST_TEST(!s.connection.account);
    BOOST_TEST(valid(kComponent + "port = 5222\n" + kOrganization).connection.port == 5222);
}

BOOST_AUTO_TEST_CASE(everything_given_is_read_and_addresses_are_prepared)
{
    const Settings s = valid(kEverything);
    BOOST_TEST(s.connection.host == "::1");
    BOOST_TEST(s.connection.port == 15222);
    BOOST_TEST(s.connection.account->text() == "usher@example.org");
    BOOST_TEST(s.connection.password_file == "/etc/usher/pass \"word\" \\ é");
    BOOST_TEST(!s.connection.tls_required);
    BOOST_TEST(s.connection.ca_file == "/etc/ssl/ca.pem");
    BOOST_TEST(s.connection.stock_reads_per_second == 1000U);
    BOOST_REQUIRE(s.organizations.size() == 2U);
    BOOST_TEST(!s.organizations[0].stock);
    BOOST_TEST(s.organizations[1].stock);
    BOOST_TEST(s.organizations[1].name_contacts);
    BOOST_TEST((s.organizations[1].revoke_when_no_longer_approved == Revoking::apply));
    BOOST_TEST(s.organizations[1].contact_group == "Kollegen & \"Freunde\"");
    const Organization& o = s.organizations[0];
    BOOST_TEST(o.name == "The \"Example\" \\ Organisation");
    BOOST_TEST(o.domains == (std::vector<std::string>{"example.org", "example.com", "bücher.example"}));
    BOOST_TEST(!o.users_may_choose);
    BOOST_TEST(o.option == Option::all);
    BOOST_TEST(!o.approve_contacts_users_asked_for);
    BOOST_TEST(o.ask_back);
    BOOST_TEST(texts(o.administrators) ==
               (std::vector<std::string>{"admin@example.org", "chef@bücher.example"}));
    BOOST_REQUIRE(o.rules.size() == 3U);
    using P = Pattern;
    BOOST_TEST((o.rules[0].from == std::vector<P>{{P::Kind::subdomains, "spam.example"},
                                                  {P::Kind::address, "eve@example.net"}}));
    BOOST_TEST((o.rules[0].to == std::vector<P>{{P::Kind::everybody, ""}, {P::Kind::domain, "example.com"}}));
    BOOST_TEST(o.rules[0].answer == Answer::deny);
    BOOST_TEST(o.rules[0].place == 1U);
    BOOST_TEST(source_of(s, "organization[0].rule[0]") == "usher.toml:18");
    BOOST_TEST((o.rules[1].to == std::vector<P>{{P::Kind::everybody, ""}}));
    BOOST_TEST(o.rules[1].answer == Answer::leave);
    BOOST_TEST(o.rules[2].answer == Answer::approve);
    BOOST_TEST((o.rules[2].approved_for == std::chrono::days(14)));
    BOOST_TEST((o.rules[1].approved_for == std::chrono::days(0)));
    BOOST_TEST(o.rules[2].place == 3U);
    BOOST_TEST(source_of(s, "organization[0].rule[2]") == "usher.toml:25");
    BOOST_TEST(
        (o.rules[2].to == std::vector<P>{{P::Kind::group, "Vorstände"}, {P::Kind::domain, "example.com"}}));
    BOOST_REQUIRE(o.groups.size() == 4U);
    BOOST_TEST(o.groups[0].ldap.empty());
    BOOST_TEST(o.groups[0].complete);
    BOOST_TEST(o.groups[2].ldap == R"((department="Sales" \28EMEA\29))");
    BOOST_TEST(!o.groups[2].complete);  // nobody has asked the directory yet
    BOOST_TEST(o.groups[3].members.size() == 1U);
    BOOST_TEST(!o.groups[3].complete);
    BOOST_TEST((o.people.names == NamesFrom::ldap));
    BOOST_TEST(s.ldap.url == "ldap://[::1]:10389");
    BOOST_TEST(!s.ldap.tls_required);
    BOOST_TEST(s.ldap.bind_dn == "cn=usher,dc=example,dc=org");
    BOOST_TEST(s.ldap.password_file == "/etc/usher/ldap-password");
    BOOST_TEST(s.ldap.domain == "example.org");
    BOOST_TEST(s.ldap.given_name == "gn");
    BOOST_TEST(s.ldap.family_name == "");
    BOOST_TEST(s.ldap.refresh_minutes == 5U);
    BOOST_TEST(o.groups[0].name == "Vorstände");
    BOOST_TEST((o.groups[0].members == std::vector<P>{{P::Kind::address, "chef@bücher.example"},
                                                      {P::Kind::subdomains, "board.example"},
                                                      {P::Kind::domain, "board.example"},
                                                      {P::Kind::group, "nobody-2"},
                                                      {P::Kind::everybody, ""}}));
    BOOST_TEST(source_of(s, "organization[0].group[0]") == "usher.toml:34");
    BOOST_TEST(source_of(s, "organization[0].group[1].members") == "usher.toml:39");
    BOOST_TEST(o.groups[1].members.empty());
    BOOST_TEST((o.federation.mode == FederationMode::listed));
    BOOST_TEST(o.federation.domains.contains("example.net"));
    BOOST_TEST(o.federation.domains.contains("a.b.example.net"));
    BOOST_TEST(!o.federation.domains.contains("partner.example"));
    BOOST_TEST(o.federation.domains.contains("a.partner.example"));
    BOOST_TEST(o.federation.answer == Answer::deny);
    BOOST_TEST((o.people.listed == Listed::opt_in));
    BOOST_TEST(!o.people.availability);
    BOOST_TEST((o.people.fields == std::vector{PersonField::nickname, PersonField::full_name}));
    BOOST_TEST(o.people.searchers == std::vector<std::string>{"partner.example"},
               boost::test_tools::per_element());
    BOOST_TEST_REQUIRE(o.people.not_listed.size() == 2U);
    BOOST_TEST(o.people.not_listed[0].matches("postmaster@example.com"));
    BOOST_TEST(o.people.searches_per_minute == 1U);
    BOOST_TEST(o.people.people_per_day == 10'000U);
    BOOST_TEST((o.archive == ArchiveWish{Archiving::never, true}));
    BOOST_TEST((s.organizations[1].archive == ArchiveWish{}));
    BOOST_TEST((s.organizations[1].people.listed == Listed::off));
    BOOST_TEST((s.organizations[1].people.names == NamesFrom::file));
    BOOST_TEST(s.organizations[1].people.file == "/etc/usher/people.jsonl");
    BOOST_TEST(s.organizations[1].name == "Second");
    BOOST_TEST((s.organizations[1].federation.mode == FederationMode::closed));
    BOOST_TEST(s.limits.per_contact == 0U);
    BOOST_TEST(s.limits.per_domain == 1'000'000U);
    BOOST_TEST(s.limits.per_user == 1U);
    BOOST_TEST(s.store.url == "postgresql://host=/run/postgresql dbname=usher passfile=/etc/usher/pgpass");
    BOOST_TEST(s.store.journal_days == 0U);
    BOOST_TEST(s.control_socket == "/tmp/usher control.sock");
    BOOST_TEST(s.log_level == "trace");
}

const char* const kLoopbackHosts[] = {"127.0.0.1", "127.255.0.9", "::1", "0:0::1", "localhost", "LocalHost"};

BOOST_DATA_TEST_CASE(tls_may_be_off_on_loopback, bdata::make(kLoopbackHosts), host)
{
    const Settings s = valid("[connection]\ntls = \"off\"\nhost = \"" + std::string(host) +
                             "\"\naccount = \"u@example.org\"\npassword_file = \"/p\"\n" + kOrganization);
    BOOST_TEST(!s.connection.tls_required);
}

/// Whatever is cut off or damaged: the reader neither crashes nor says two different things.
BOOST_AUTO_TEST_CASE(damaged_files_are_refused_or_mean_what_they_say)
{
    std::mt19937 random(7);
    const std::string pieces = "[]{}\"'=.,#\n\\ *@a1";
    int refused = 0;
    for (int i = 0; i < 2000; ++i) {
        std::string toml = kEverything;
        const std::size_t place = random() % toml.size();
        switch (random() % 4) {
            case 0:
                toml.resize(place);
                break;
            case 1:
                toml.erase(place, 1 + random() % 40);
                break;
            case 2:
                toml.insert(place, 1, pieces[random() % pieces.size()]);
                break;
            default:
                toml[place] = static_cast<char>(random() % 256);
                break;
        }
        const auto settings = parse_settings(toml, "usher.toml");
        if (settings) {
            check_same(*settings, valid(to_toml(*settings)));
        } else {
            ++refused;
            BOOST_TEST(!settings.error().empty());
            for (const SettingError& error : settings.error()) {
                const auto lines = std::count(toml.begin(), toml.end(), '\n') + 1;
                BOOST_TEST(error.line <= static_cast<std::uint32_t>(lines));
                BOOST_TEST(!error.found.empty());
                BOOST_TEST(!error.accepted.empty());
            }
        }
    }
    BOOST_TEST(refused > 500);
    BOOST_TEST(refused < 2000);
}

BOOST_FIXTURE_TEST_CASE(file_is_read, NamedFile)
{
    const auto settings = read_settings(file(kStart));
    BOOST_REQUIRE(settings.has_value());
    BOOST_TEST(settings->organizations.front().name == "Example");
}

BOOST_FIXTURE_TEST_CASE(error_names_file_line_key_found_and_accepted, NamedFile)
{
    const std::string name = file(kStart + "option = \"everyone\"\n");
    BOOST_TEST(only_error(name) ==
               name + ":7: organization.option: found \"everyone\"; accepted: all, organization, prompt");
}

BOOST_FIXTURE_TEST_CASE(missing_file, NamedFile)
{
    const std::string name = (path / "none").string();
    BOOST_TEST(only_error(name) == name +
                                       ": found nothing to read: No such file or directory; accepted: a "
                                       "readable file of at most 16 MiB");
}

BOOST_FIXTURE_TEST_CASE(directory_instead_of_a_file, NamedFile)
{
    BOOST_TEST(only_error(path.string()) ==
               path.string() + ": found a directory; accepted: a readable file of at most 16 MiB");
}

BOOST_FIXTURE_TEST_CASE(fifo_instead_of_a_file_does_not_block, NamedFile)
{
    const std::string name = (path / "fifo").string();
    BOOST_REQUIRE(mkfifo(name.c_str(), 0600) == 0);
    BOOST_TEST(only_error(name) ==
               name + ": found something that is not a file; accepted: a readable file of at most 16 MiB");
}

BOOST_FIXTURE_TEST_CASE(unreadable_file, NamedFile, *boost::unit_test::precondition([](auto) {
                            return boost::test_tools::assertion_result(geteuid() != 0);  // root reads all
                        }))
{
    const std::string name = file(kStart, 0);
    BOOST_TEST(only_error(name) == name +
                                       ": found nothing to read: Permission denied; accepted: a readable "
                                       "file of at most 16 MiB");
}

BOOST_FIXTURE_TEST_CASE(size_limit_is_16_mebibytes, NamedFile)
{
    const std::string name = file("");
    BOOST_REQUIRE(truncate(name.c_str(), 16 * 1024 * 1024 + 1) == 0);
    BOOST_TEST(only_error(name) ==
               name + ": found a file of more than 16 MiB; accepted: a readable file of at most 16 MiB");
    BOOST_REQUIRE(truncate(name.c_str(), 16 * 1024 * 1024) == 0);
    BOOST_TEST(only_error(name) == name + ":1: found the control character U+0000; accepted: text");
}

BOOST_AUTO_TEST_SUITE_END()
