// People and groups from a real directory, with 10,000 people.
#include "plugin/ldap/directory_reading.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdio>
#include <future>
#include <string>
#include <vector>

#include "loopback.h"
#include "plugin/ldap/ldap_session.h"
#include "private_slapd.h"

namespace usher
{

namespace
{

namespace bdata = boost::unit_test::data;
using test::PrivateSlapd;

constexpr int kPeople = 10'000;

std::string number(int i)
{
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%05d", i);
    return text.data();
}

std::string below(const std::string& name)
{
    return name + "," + PrivateSlapd::kBase;
}

std::string user_dn(int i)
{
    return below("uid=u" + number(i) + ",ou=people");
}

std::string few_dn(const std::string& uid)
{
    return below("uid=" + uid + ",ou=few");
}

std::string group_dn(const std::string& name)
{
    return below("cn=" + name + ",ou=groups");
}

std::string unit(const std::string& name)
{
    return "dn: " + below("ou=" + name) + "\nobjectClass: organizationalUnit\nou: " + name + "\n\n";
}

std::string person(const std::string& dn, const std::string& more)
{
    return "dn: " + dn +
           "\nobjectClass: inetOrgPerson\nobjectClass: directoryUser\ncn: somebody\nsn: Capulet\n" + more +
           "\n";
}

std::string unix_group(const std::string& dn, const std::vector<std::string>& uids)
{
    std::string text = "dn: " + dn + "\nobjectClass: posixGroup\ngidNumber: 7\n";
    for (const std::string& uid : uids) {
        text += "memberUid: " + uid + "\n";
    }
    return text + "\n";
}

std::string group(const std::string& dn, const std::vector<std::string>& members)
{
    std::string text = "dn: " + dn + "\nobjectClass: groupOfNames\n";
    for (const std::string& member : members) {
        text += "member: " + member + "\n";
    }
    return text + "\n";
}

/// Half of the people are of the department Sales, one in a hundred is disabled.
std::string entries()
{
    std::string text = unit("people") + unit("few") + unit("groups") + unit("hidden") + unit("invisible") +
                       unit("several") + unit("referring") + unit("veiled") + unit("unlabelled") +
                       unit("unnamed");
    std::vector<std::string> sales;
    for (int i = 0; i < kPeople; ++i) {
        const std::string n = number(i);
        text += person(user_dn(i), "givenName: Person\ndisplayName: Person " + n + "\nmail: U" + n +
                                       "@Corp.Example\nuserPrincipalName: u" + n +
                                       "\ndepartment: " + (i % 2 == 0 ? "Sales" : "Support") +
                                       "\nuserAccountControl: " + (i % 100 == 99 ? "514" : "512") + "\n");
        if (i % 2 == 0) {
            sales.push_back(user_dn(i));
        }
    }
    text += person(few_dn("amy"), "mail: amy@corp.example\n");
    text += person(few_dn("ben"), "mail: ben@corp.example\n");
    text += person(few_dn("cal"), "mail: cal@corp.example\nuserAccountControl: 512\n");
    text += person(few_dn("dora"),
                   "userPrincipalName:: S8OkdGhlQELDnENIRVIuZXhhbXBsZQ==\n");  // Käthe@BÜCHER.example
    text += person(few_dn("ed"), "mail: ed at corp.example\n");
    text += group(group_dn("sales"), sales);
    text += group(group_dn("all"), {group_dn("sales"), user_dn(1), below("uid=gone,ou=people")});
    text += group(group_dn("round"), {"CN=ring, OU=Groups,DC=corp,DC=example", few_dn("amy")});
    text += group(group_dn("ring"), {group_dn("round"), few_dn("BEN")});
    text += unix_group(group_dn("unix"), {"amy", "nobody"});
    text += unix_group(group_dn("unix-empty"), {});
    text += "dn: " + group_dn("unique") +
            "\nobjectClass: groupOfUniqueNames\nuniqueMember: " + few_dn("cal") + "#'01'B\n\n";
    text += group(below("cn=secret,ou=hidden"), {few_dn("amy")});
    text += group(group_dn("around-secret"), {few_dn("amy"), below("cn=secret,ou=hidden")});
    text += group(below("cn=nobody-sees-me,ou=invisible"), {few_dn("ben")});
    text += group(group_dn("around-invisible"), {few_dn("amy"), below("cn=nobody-sees-me,ou=invisible")});
    text += group(group_dn("with-unit"), {few_dn("amy"), below("ou=few")});
    text += person(below("uid=fay,ou=several"), "mail: fay@corp.example\nmail: f@corp.example\nmail: none\n");
    text += person(below("uid=gus,ou=several"), "mail: fay@corp.example\nmail: f@corp.example\n");
    text += group(group_dn("of-fay"), {below("uid=fay,ou=several")});
    text += group(group_dn("of-gus"), {below("uid=gus,ou=several")});
    text += unix_group(group_dn("unix-gus"), {"gus"});
    text += person(below("uid=ref,ou=referring"), "mail: ref@corp.example\n");
    text += "dn: " + below("ou=elsewhere,ou=referring") +
            "\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\nref: ldap://" +
            "elsewhere.example/ou=x\n\n";
    text += "dn: " + group_dn("ad") + "\nobjectClass: group\ncn: ad\nmember: " + few_dn("amy") + "\n\n";
    for (const char* const user : {"vera", "unseen-hugo", "refused-rosa"}) {
        text += person(below("uid=" + std::string(user) + ",ou=veiled"),
                       "mail: " + std::string(user) + "@corp.example\n");
        text += unix_group(group_dn("unix-" + std::string(user)), {"vera", user});
        text +=
            group(group_dn("of-" + std::string(user)), {below("uid=" + std::string(user) + ",ou=veiled")});
    }
    text += unix_group(group_dn("unix-others"), {"Gone, or so", "disabled", "program"});
    text += person(below("uid=disabled,ou=veiled"), "userAccountControl: 514\nmail: d@corp.example\n");
    text += "dn: " + below("uid=program,ou=veiled") + "\nobjectClass: account\n\n";
    text += unix_group(below("cn=unix-hidden,ou=hidden"), {"vera"});
    text += group(group_dn("around-unix-hidden"),
                  {below("uid=vera,ou=veiled"), below("cn=unix-hidden,ou=hidden")});
    text += "dn: " + below("cn=ad-hidden,ou=hidden") +
            "\nobjectClass: group\nmember: " + below("uid=vera,ou=veiled") + "\n\n";
    text += person(below("cn=nora,ou=unlabelled"), "mail: nora@corp.example\nuid: nora\n");
    text += person(below("uid=una,ou=unlabelled"), "mail: una@corp.example\n");
    text += person(below("cn=otto,ou=unnamed"), "mail: otto@corp.example\n");
    text += unix_group(group_dn("unix-nora"), {"nora"});
    text += unix_group(group_dn("unix-una"), {"una"});
    return text;
}

PrivateSlapd& slapd()
{
    static PrivateSlapd server(entries());
    return server;
}

using Read = tl::expected<DirectoryContents, DirectoryFailure>;

struct Reading {
    explicit Reading(const std::string& unit = "ou=few")
    {
        std::signal(SIGPIPE, SIG_IGN);
        settings.url = slapd().tls_url();
        settings.ca_file = slapd().ca_file();
        settings.bind_dn = PrivateSlapd::kReader;
        settings.password_file = slapd().password_file();
        settings.base = below(unit);
    }

    [[nodiscard]] Read read(const std::vector<std::string>& groups = {}) const
    {
        return read_directory(settings, groups, password, -1, limits);
    }
    [[nodiscard]] DirectoryContents contents(const std::vector<std::string>& groups = {}) const
    {
        const Read all = read(groups);
        if (!all) {
            throw std::runtime_error(all.error().text);
        }
        return *all;
    }
    [[nodiscard]] std::vector<std::string> addresses() const
    {
        std::vector<std::string> all;
        for (const Person& one : contents().people) {
            all.push_back(one.address.text());
        }
        return all;
    }
    [[nodiscard]] bool has(const std::string& address) const
    {
        const auto all = addresses();
        return std::find(all.begin(), all.end(), address) != all.end();
    }
    /// Who is in that group; `?` if it is not known.
    [[nodiscard]] std::vector<std::string> members(const std::string& name) const
    {
        const auto groups = contents({name}).groups;
        const auto found = groups.find(name);
        if (found == groups.end()) {
            return {"?"};
        }
        std::vector<std::string> all;
        for (const Address& address : found->second) {
            all.push_back(address.text());
        }
        return all;
    }
    /// Whether it cannot be read, and the error has this part.
    [[nodiscard]] bool refused(const std::string& part) const
    {
        const Read all = read();
        const std::string said = all ? "it was read" : all.error().text;
        BOOST_TEST_MESSAGE(said);
        BOOST_TEST_INFO(said);
        const bool right = !all && said.starts_with(settings.url + ": ") &&
                           said.find(part) != std::string::npos &&
                           said.find(PrivateSlapd::kSecret) == std::string::npos;
        BOOST_TEST(right, said << " has no: " << part);
        return right;
    }

    /// On the first connection there nothing comes before the search.
    void search_at(std::uint16_t port)
    {
        settings.url = "ldap://127.0.0.1:" + std::to_string(port);
        settings.tls_required = false;
        settings.bind_dn.clear();
    }

    LdapSettings settings;
    LdapLimits limits;
    std::string password = PrivateSlapd::kSecret;
};

struct ReadingAll : Reading {
    ReadingAll() : Reading("ou=people") {}
};

using Texts = std::vector<std::string>;

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

BOOST_FIXTURE_TEST_CASE(a_group_of_five_thousand_and_one_around_it, ReadingAll)
{
    const auto groups = contents({group_dn("sales"), group_dn("all"), "(department=Sales)"}).groups;
    BOOST_TEST(groups.at(group_dn("sales")).size() == 5000U);
    BOOST_TEST(groups.at(group_dn("all")).size() == 5001U);
    BOOST_TEST((groups.at("(department=Sales)") == groups.at(group_dn("sales"))));
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

BOOST_FIXTURE_TEST_CASE(only_so_many_members_are_read_one_by_one, ReadingAll)
{
    limits.member_reads = 2;  // a group, and who is gone
    BOOST_TEST(members(group_dn("all")).size() == 5001U);
    limits.member_reads = 1;
    BOOST_TEST((members(group_dn("all")) == Texts{"?"}));
    BOOST_TEST(
        contents({group_dn("all")}).remarks.back().find(": more than 1 of them are none of the people") !=
        std::string::npos);
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

BOOST_FIXTURE_TEST_CASE(groups_in_a_circle_end, Reading)
{
    BOOST_TEST((members(group_dn("round")) == Texts{"amy@corp.example", "ben@corp.example"}));
}

BOOST_FIXTURE_TEST_CASE(other_classes_of_groups_have_members_too, Reading)
{
    BOOST_TEST((members(group_dn("unix")) == Texts{"amy@corp.example"}));
    BOOST_TEST((members(group_dn("unique")) == Texts{"cal@corp.example"}));
    BOOST_TEST((members(group_dn("unix-empty")) == Texts{}));
    BOOST_TEST(contents({group_dn("unix-empty")}).remarks.back() ==
               "nobody is in the group " + group_dn("unix-empty"));
}

BOOST_FIXTURE_TEST_CASE(who_is_in_a_group_by_memberof, Reading)
{
    slapd().change("dn: " + group_dn("late") +
                   "\nchangetype: add\nobjectClass: groupOfNames\nmember: " + few_dn("amy") + "\n");
    BOOST_TEST((members("(memberOf=" + group_dn("late") + ")") == Texts{"amy@corp.example"}));
}

BOOST_FIXTURE_TEST_CASE(a_group_that_cannot_be_read_is_not_an_empty_one, Reading)
{
    const std::vector<std::string> groups{group_dn("nowhere"),
                                          "Sales",
                                          "(department=Sales",
                                          below("ou=few"),
                                          below("cn=secret,ou=hidden"),
                                          group_dn("around-secret"),
                                          group_dn("unix")};
    const DirectoryContents all = contents(groups);
    BOOST_TEST(all.groups.size() == 1U);
    BOOST_TEST(all.groups.contains(group_dn("unix")));
    for (const std::string& remark : all.remarks) {
        BOOST_TEST_MESSAGE(remark);
    }
    BOOST_TEST(std::count_if(all.remarks.begin(), all.remarks.end(), [](const std::string& remark) {
                   return remark.starts_with("group not known: ");
               }) == 6);
}

BOOST_FIXTURE_TEST_CASE(a_group_around_one_that_is_not_seen_is_not_known, Reading)
{
    BOOST_TEST((members(group_dn("around-invisible")) == Texts{"?"}));
    const std::string said = contents({group_dn("around-invisible")}).remarks.back();
    BOOST_TEST(said.starts_with("group not known: cannot read the members of " +
                                group_dn("around-invisible") + ": 1 of them "));
    BOOST_TEST(
        (members(group_dn("with-unit")) == Texts{"amy@corp.example"}));  // which is no group, as is seen
}

/// Nobody may see unseen-hugo and refused-rosa, who have accounts all the same: a rule for their groups is theirs, too.
BOOST_FIXTURE_TEST_CASE(a_group_with_somebody_who_is_hidden_is_not_known, Reading)
{
    settings.base = below("ou=veiled");
    BOOST_TEST((members(group_dn("unix-vera")) == Texts{"vera@corp.example"}));
    for (const char* const name :
         {"unix-unseen-hugo", "of-unseen-hugo", "unix-refused-rosa", "of-refused-rosa"}) {
        BOOST_TEST((members(group_dn(name)) == Texts{"?"}), name);
    }
    BOOST_TEST(
        contents({group_dn("unix-unseen-hugo")}).remarks.back() ==
        "group not known: cannot read the members of " + group_dn("unix-unseen-hugo") +
            ": 1 of them cannot be seen and may be there; cn=usher,dc=corp,dc=example has to see them, or, "
            "if they are deleted, the group must not have them");
}

BOOST_FIXTURE_TEST_CASE(who_is_in_a_group_by_uid_and_none_of_the_people_is_no_reason_not_to_know_it, Reading)
{
    settings.base = below("ou=veiled");
    settings.disabled_filter = "(userAccountControl:1.2.840.113556.1.4.803:=2)";
    const DirectoryContents all = contents({group_dn("unix-others")});
    BOOST_TEST(all.groups.at(group_dn("unix-others")).empty());
    BOOST_TEST(all.remarks.back() ==
               "members of " + group_dn("unix-others") + " that are not there or may not be seen: 1");
}

BOOST_FIXTURE_TEST_CASE(a_group_whose_members_are_hidden_is_not_an_empty_one, Reading)
{
    for (const std::string& name : {below("cn=unix-hidden,ou=hidden"), below("cn=ad-hidden,ou=hidden"),
                                    group_dn("around-unix-hidden")}) {
        BOOST_TEST((members(name) == Texts{"?"}), name);
    }
    BOOST_TEST(contents({group_dn("around-unix-hidden")}).remarks.back() ==
               "group not known: cannot read the members of " + below("cn=unix-hidden,ou=hidden") +
                   ": none is seen, but cn=usher,dc=corp,dc=example may not read member");
}

BOOST_FIXTURE_TEST_CASE(a_uid_that_is_hidden_is_known_from_the_name_or_may_be_anybodys, Reading)
{
    settings.base = below("ou=unlabelled");
    BOOST_TEST((members(group_dn("unix-una")) == Texts{"una@corp.example"}));
    BOOST_TEST((members(group_dn("unix-nora")) == Texts{"?"}));
    settings.base = below("ou=unnamed");  // otto has none
    BOOST_TEST((members(group_dn("unix-nora")) == Texts{}));
}

BOOST_FIXTURE_TEST_CASE(only_so_many_uids_are_looked_for, Reading)
{
    settings.base = below("ou=veiled");
    settings.disabled_filter = "(userAccountControl:1.2.840.113556.1.4.803:=2)";
    limits.uid_reads = 2;  // who is gone, and the program
    BOOST_TEST((members(group_dn("unix-others")) == Texts{}));
    limits.uid_reads = 1;
    BOOST_TEST((members(group_dn("unix-others")) == Texts{"?"}));
    BOOST_TEST(
        contents({group_dn("unix-others")}).remarks.back() ==
        "group not known: cannot read the members of " + group_dn("unix-others") +
            ": groups have more uids that are of none of the people than the 1 that are looked for one by one");
    settings.disabled_filter.clear();
    settings.base = below("ou=unnamed");
    limits.uid_reads = 0;
    BOOST_TEST((members(group_dn("unix-nora")) == Texts{"?"}));
}

/// Whoever is deleted stays in groups, in many directories.
BOOST_FIXTURE_TEST_CASE(a_person_who_is_not_there_is_counted, ReadingAll)
{
    BOOST_TEST((contents({group_dn("all")}).remarks ==
                Texts{"members of " + group_dn("all") + " that are not there or may not be seen: 1"}));
}

BOOST_FIXTURE_TEST_CASE(all_addresses_of_an_entry_are_in_its_groups, Reading)
{
    settings.base = below("ou=several");
    BOOST_TEST((addresses() == Texts{"f@corp.example"}));
    const Texts both_addresses{"f@corp.example", "fay@corp.example"};
    BOOST_TEST((members(group_dn("of-fay")) == both_addresses));
    BOOST_TEST((members(group_dn("of-gus")) == both_addresses));
    BOOST_TEST((members(group_dn("unix-gus")) == both_addresses));
    BOOST_TEST((members("(uid=gus)") == both_addresses));
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

BOOST_FIXTURE_TEST_CASE(what_a_server_refuses_of_one_group_concerns_no_other, Reading)
{
    const DirectoryContents all =
        contents({group_dn("unix"), std::string("cn=board,") + PrivateSlapd::kClosed});
    BOOST_TEST(all.groups.size() == 1U);
    BOOST_TEST(all.groups.contains(group_dn("unix")));
    BOOST_TEST(all.remarks.back().starts_with("group not known: "));
    BOOST_TEST(all.remarks.back().find("unwilling") != std::string::npos);
}

/// slapd does not follow groups as Active Directory does, so that nobody is in one; but what is a group is seen.
BOOST_FIXTURE_TEST_CASE(in_active_directory_only_a_group_is_one, Reading)
{
    slapd().stop();
    slapd().set_capability("1.2.840.113556.1.4.800");
    slapd().start();
    const DirectoryContents all =
        contents({group_dn("ad"), group_dn("round"), below("ou=few"), group_dn("nowhere")});
    slapd().stop();
    slapd().set_capability("");
    slapd().start();
    BOOST_TEST(all.groups.size() == 1U);
    BOOST_TEST(all.groups.contains(group_dn("ad")));
    BOOST_TEST((members(group_dn("ad")) == Texts{"amy@corp.example"}));
}

BOOST_FIXTURE_TEST_CASE(changes_are_in_the_next_reading, Reading)
{
    settings.disabled_filter = "(userAccountControl:1.2.840.113556.1.4.803:=2)";
    BOOST_TEST(has("cal@corp.example"));
    slapd().change("dn: " + few_dn("cal") +
                   "\nchangetype: modify\nreplace: mail\nmail: carl@corp.example\n\ndn: " + few_dn("cal") +
                   "\nchangetype: modrdn\nnewrdn: uid=carl\ndeleteoldrdn: 1\n");
    BOOST_TEST(!has("cal@corp.example"));
    BOOST_TEST(has("carl@corp.example"));
    slapd().change("dn: " + few_dn("carl") +
                   "\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n");
    BOOST_TEST(!has("carl@corp.example"));
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
