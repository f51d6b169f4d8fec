// People and groups of a directory decide and are found; and a directory that is away makes no decision laxer.
#include <boost/test/unit_test.hpp>

#include "ldap_section.h"
#include "people_search.h"
#include "private_slapd.h"
#include "protocol_people.h"
#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

const std::string kUsher = entity_address(Login::component);
const std::string kMercutio = "mercutio@montague.lit";
const std::string kBenvolio = "benvolio@montague.lit";

std::string person_entry(const std::string& address, const std::string& name, const std::string& department)
{
    const std::string user = address.substr(0, address.find('@'));
    return "dn: uid=" + user + "," + PrivateSlapd::kBase +
           "\nobjectClass: inetOrgPerson\nobjectClass: directoryUser\nuid: " + user + "\ncn: " + user +
           "\nsn: " + user + "\ndisplayName: " + name + "\nmail: " + address + "\ndepartment: " + department +
           "\n\n";
}

const std::string kEntries =
    person_entry(kNurse, "Angelica Muller", "Household") + person_entry(kRomeo, "Romeo", "Montague") +
    person_entry(kMercutio, "Mercutio", "Rivals") + "dn: cn=suitors," + PrivateSlapd::kBase +
    "\nobjectClass: groupOfNames\ncn: suitors\nmember: uid=romeo," + PrivateSlapd::kBase + "\n\n";

/// Rivals are denied, suitors are approved, and so is everybody else of their domain by a last rule.
UsherdOptions with_directory(const PrivateSlapd& slapd, int refresh_minutes = 60)
{
    UsherdOptions options;
    options.organization = R"toml(
[[organization.group]]
name = "rivals"
ldap = "(department=Rivals)"
[[organization.group]]
name = "suitors"
ldap = "cn=suitors,dc=corp,dc=example"
[organization.people]
listed = "opt-out"
names = "ldap"
searches_per_minute = 1000
)toml" + rule({"group:rivals"}, "deny") +
                           rule({"group:suitors"}, "approve") + rule({"montague.lit"}, "approve");
    options.more = ldap_section(slapd.tls_url(), PrivateSlapd::kBase) + "ca_file = \"" + slapd.ca_file() +
                   "\"\nbind_dn = \"" + PrivateSlapd::kReader + "\"\npassword_file = \"" +
                   slapd.password_file() + "\"\nrefresh_minutes = " + std::to_string(refresh_minutes) + "\n";
    return options;
}

struct LdapStage : Stage {
    LdapStage()
        : Stage(people_options(Login::component)), usherd(connection_to(server()), with_directory(slapd))
    {
        server().add_account(kNurse);
        juliet = &enter(kJuliet);
        usherd.start();
        usherd.wait_until_answering();
        usherd.wait_for_log("was read: 3 people, 2 groups");
    }

    /// Has it read the directory now, because something else is set.
    void read_again()
    {
        usherd.write_settings(with_directory(slapd, ++minutes));
        usherctl.done({"reload"});
    }
    /// How many people Juliet is shown for these words.
    std::size_t found(const std::string& words) { return rows_found(*juliet, kUsher, words).size(); }

    PrivateSlapd slapd{kEntries};
    Usherd usherd;
    Usherctl usherctl{usherd.directory() / "control.sock"};
    WireClient* juliet = nullptr;
    int minutes = 60;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ldap)

BOOST_FIXTURE_TEST_CASE(groups_decide_and_people_are_found_also_while_the_directory_is_away, LdapStage)
{
    WireClient& mercutio = enter(kMercutio);
    mercutio.send(to(kJuliet, "subscribe"));
    mercutio.expect(presence("unsubscribed", kJuliet));
    const std::string why = usherctl.done({"explain", kJuliet, kMercutio});
    BOOST_TEST(why.find("the group rivals") != std::string::npos, why);
    const std::string decisions = usherctl.done({"journal", "--json"});
    BOOST_TEST(decisions.find(R"("contact_groups":["rivals"])") != std::string::npos, decisions);
    BOOST_TEST(found("angelica") == 1U);
    BOOST_TEST(found("romeo") == 0U);  // of another domain

    slapd.stop();
    read_again();
    usherd.wait_for_log("the directory cannot be read, and what was read last stays in force");
    WireClient& romeo = enter(kRomeo);
    romeo.send(to(kJuliet, "subscribe"));
    romeo.expect(presence("subscribed", kJuliet));
    BOOST_TEST(found("angelica") == 1U);
    const auto status = usherctl.json("GET", "/v1/status", {"status"})["ldap"];
    BOOST_TEST(status["people"] == 3);
    BOOST_TEST(status["problem"] != "");
}

BOOST_FIXTURE_TEST_CASE(without_the_directory_no_laxer_rule_decides_and_what_waits_is_decided_when_it_is_back,
                        LdapStage)
{
    BOOST_TEST(usherd.stop() == 0);
    slapd.stop();
    usherd.start();
    usherd.wait_until_answering();
    usherd.wait_for_log("it is not known who is in its groups");
    WireClient& benvolio = enter(kBenvolio);
    WireClient& mercutio = enter(kMercutio);
    for (WireClient* contact : {&benvolio, &mercutio}) {
        contact->send(to(kJuliet, "subscribe"));
        juliet->expect(presence("subscribe", contact->address()));
    }
    const std::string why = usherctl.done({"explain", kJuliet, kBenvolio});
    BOOST_TEST(why.find("rivals") != std::string::npos, why);

    slapd.start();
    read_again();
    benvolio.expect(presence("subscribed", kJuliet));
    mercutio.expect(presence("unsubscribed", kJuliet));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
