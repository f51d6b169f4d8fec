// What is in force, as a file that means the same.
#include "plugin/settings/writer.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "ldap_section.h"
#include "plugin/settings/documents.h"
#include "plugin/text/lists.h"
#include "settings_files.h"

namespace bdata = boost::unit_test::data;
using namespace usher;
using namespace usher::test;

BOOST_AUTO_TEST_SUITE(writer)

const std::string kFiles[] = {
    kStart,      kComponent + kOrganization, kComponent + "tls = \"off\"\n" + kOrganization,
    kEverything, sample_settings(),
};

BOOST_DATA_TEST_CASE(effective_settings_mean_the_same, bdata::make(kFiles), file)
{
    const Settings once = valid(file);
    const Settings twice = valid(to_toml(once));
    check_same(once, twice);
    BOOST_TEST(to_toml(once) == to_toml(twice));
}

BOOST_DATA_TEST_CASE(what_is_written_ahead_is_the_same, bdata::make(kFiles), file)
{
    const Settings once = valid(file);
    Settings ready = once;
    make_ready(ready);
    BOOST_TEST(policy_to_toml(ready) == policy_to_toml(once), boost::test_tools::per_element());
    BOOST_TEST(to_toml(ready) == to_toml(once));
    BOOST_TEST(to_toml(ready, Sources::shown) == to_toml(once, Sources::shown));
}

/// So that what the journal names can be decided again. What it does not have is the directory and who was in its groups.
BOOST_AUTO_TEST_CASE(the_text_of_a_policy_makes_the_same_policy)
{
    const Settings once = valid(kEverything);
    const Settings again = valid(kComponent + joined(policy_to_toml(once), "") + ldap_section());
    Settings twice = once;
    twice.organizations = again.organizations;
    twice.limits = again.limits;
    check_same(once, twice);
}

BOOST_AUTO_TEST_CASE(effective_settings_show_every_default)
{
    BOOST_TEST(to_toml(valid(kStart)) == R"([connection]
host = "127.0.0.1"
port = 5222
account = "usher@example.org"
password_file = "/etc/usher/password"
tls = "required"
stock_reads_per_second = 10

[[organization]]
name = "Example"
domains = ["example.org"]
users_may_choose = true
option = "organization"
approve_contacts_users_asked_for = true
ask_back = false
name_contacts = false
revoke_when_no_longer_approved = "never"
stock = "off"
administrators = []

[organization.federation]
mode = "open"
domains = []
answer = "leave"

[organization.people]
listed = "off"
names = "vcard"
availability = true
fields = ["full_name", "given_name", "family_name", "nickname", "email"]
searchers = []
not_listed = []
searches_per_minute = 10
people_per_day = 300

[organization.archive]
default = "server"
lock = false

[limits]
approvals_per_contact_per_hour = 60
approvals_per_domain_per_hour = 1000
approvals_per_user_per_hour = 1000

[store]
url = "sqlite3:///var/lib/usher/usher.db"
journal_days = 365

[control]
socket = "/run/usher/control.sock"
metrics_port = 0

[log]
level = "info"
)");
}

BOOST_AUTO_TEST_SUITE_END()
