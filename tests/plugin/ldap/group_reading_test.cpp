// Groups of a real directory, also those of which the reader may not see everything.
#include "plugin/ldap/group_reading.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "directory_scene.h"

namespace usher
{

namespace
{

using namespace test;

}  // namespace

BOOST_AUTO_TEST_SUITE(ldap_groups)

BOOST_FIXTURE_TEST_CASE(a_group_of_five_thousand_and_one_around_it, ReadingAll)
{
    const auto groups = contents({group_dn("sales"), group_dn("all"), "(department=Sales)"}).groups;
    BOOST_TEST(groups.at(group_dn("sales")).size() == 5000U);
    BOOST_TEST(groups.at(group_dn("all")).size() == 5001U);
    BOOST_TEST((groups.at("(department=Sales)") == groups.at(group_dn("sales"))));
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
