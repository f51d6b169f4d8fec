// What needs no directory: names, filters, and entries as people.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

#include "plugin/ldap/distinguished_name.h"
#include "plugin/ldap/entry_people.h"
#include "plugin/ldap/filters.h"

namespace usher
{

namespace
{

namespace bdata = boost::unit_test::data;

struct NameCase {
    std::string one;
    std::string other;
    bool same;
};

std::ostream& operator<<(std::ostream& out, const NameCase& c)
{
    return out << c.one << " and " << c.other;
}

const NameCase kNames[] = {
    {"cn=Amy,dc=corp,dc=example", "CN=amy, DC=Corp, DC=Example", true},
    {"cn=M\xc3\x9cller,dc=corp", "cn=m\\C3\\BCller,dc=corp", true},
    {"cn=Amy+uid=a,dc=corp", "uid=a+cn=Amy,dc=corp", true},
    {"cn=Amy\\, Lee,dc=corp", "cn=Amy\\2c  Lee,dc=corp", true},
    {"cn=Amy,dc=corp", "cn=Amy,dc=corp,dc=example", false},
    {"cn=Amy,dc=corp", "cn=Amy\\,dc=corp", false},
    {"cn=Amy,dc=corp", "uid=Amy,dc=corp", false},
};

LdapEntry entry(const std::string& dn, std::map<std::string, std::vector<std::string>> attributes)
{
    return {dn, std::move(attributes)};
}

struct Entries {
    LdapSettings settings;
    EntryPeople people{settings};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ldap_parts)

BOOST_DATA_TEST_CASE(names_are_compared_as_directories_do, bdata::make(kNames), c)
{
    BOOST_TEST_REQUIRE(name_key(c.one).has_value());
    BOOST_TEST((name_key(c.one) == name_key(c.other)) == c.same);
}

struct ParentCase {
    std::string name;
    std::string parent;
    std::string uid;  // in the name
};

std::ostream& operator<<(std::ostream& out, const ParentCase& c)
{
    return out << c.name;
}

const ParentCase kParents[] = {
    {"uid=amy,ou=few,dc=corp", "ou=few,dc=corp", "amy"},
    {"UserID=amy,dc=corp", "dc=corp", "amy"},
    {"uid=Lee\\2c amy,cn=a\\,b+cn=c", "cn=a\\2Cb+cn=c", "Lee, amy"},
    {"uid=amy+cn=Amy,dc=corp", "dc=corp", ""},
    {"cn=amy,dc=corp", "dc=corp", ""},
    {"uid=amy", "", "amy"},
    {"amy", "", ""},
};

BOOST_DATA_TEST_CASE(a_name_has_a_parent_and_perhaps_a_uid, bdata::make(kParents), c)
{
    BOOST_TEST(key_of(parent_of(c.name)) == key_of(c.parent));
    BOOST_TEST(uid_in_name(c.name) == c.uid);
    BOOST_TEST(is_named_by_uid(c.name) == !c.uid.empty());
    if (!c.uid.empty()) {
        BOOST_TEST(key_of(named_by_uid(c.uid, c.parent)) ==
                   key_of("uid=" + c.name.substr(c.name.find('=') + 1)));
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_name_has_no_key)
{
    BOOST_TEST(!name_key("Sales").has_value());
    BOOST_TEST(!name_key("").has_value());
}

BOOST_AUTO_TEST_CASE(whose_name_is_a_uid)
{
    BOOST_TEST(is_named_by_uid("uid=amy,ou=people,dc=corp"));
    BOOST_TEST(is_named_by_uid("UID = amy,dc=corp"));
    BOOST_TEST(is_named_by_uid("0.9.2342.19200300.100.1.1=amy,dc=corp"));
    BOOST_TEST(!is_named_by_uid("cn=amy,uid=people,dc=corp"));
    BOOST_TEST(!is_named_by_uid("uid=amy+cn=amy,dc=corp"));
    BOOST_TEST(!is_named_by_uid("amy"));
}

// No server of the tests follows groups so; that Active Directory takes this filter is from its documentation.
BOOST_AUTO_TEST_CASE(the_name_of_a_group_cannot_change_the_filter)
{
    BOOST_TEST(both("(objectClass=user)", in_chain_filter("CN=A (*)\\, B,DC=corp")) ==
               "(&(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:=CN=A \\28\\2a\\29\\5c, B,DC=corp))");
}

BOOST_FIXTURE_TEST_CASE(texts_are_made_harmless, Entries)
{
    std::string long_name = "x";
    while (long_name.size() < 400) {
        long_name += "\xc3\xbc";
    }
    people.add(entry("uid=amy", {{"mail", {"amy@corp.example"}},
                                 {"displayname", {long_name}},
                                 {"givenname", {"Amy\x1b[31m"}},
                                 {"sn", {"\xff\xfe", "\xfc"}}}));
    const PeopleOfEntries all = people.finish();
    BOOST_TEST_REQUIRE(all.people.size() == 1U);
    BOOST_TEST(all.people[0].full_name == long_name.substr(0, 255));
    BOOST_TEST(all.people[0].given_name == "Amy[31m");
    BOOST_TEST(all.people[0].family_name == "");
}

BOOST_FIXTURE_TEST_CASE(of_several_addresses_the_first_usable_one_is_found, Entries)
{
    people.add(entry("uid=amy", {{"mail", {"z@corp.example", "b@corp.example", "@a", "a"}}}));
    const PeopleOfEntries all = people.finish();
    BOOST_TEST(all.people.at(0).address.text() == "b@corp.example");
    BOOST_TEST_REQUIRE(all.addresses.size() == 1U);
    BOOST_TEST(all.addresses[0].size() == 2U);  // what is not found is in groups
    settings.domain = "home.example";
    people.add(entry("uid=amy", {{"mail", {"a@corp.example", "amy@HOME.example"}}}));
    BOOST_TEST(people.finish().people.at(0).address.text() == "amy@home.example");
}

BOOST_FIXTURE_TEST_CASE(the_same_address_is_one_person_whoever_comes_first, Entries)
{
    people.add(entry("uid=b", {{"mail", {"amy@corp.example"}}, {"sn", {"Second"}}}));
    people.add(entry("uid=a", {{"mail", {"AMY@corp.example"}}, {"sn", {"First"}}}));
    people.add(entry("uid=0", {{"mail", {"amy@corp.example"}}, {"sn", {"Disabled"}}}));
    people.disable("UID=0");
    const PeopleOfEntries all = people.finish();
    BOOST_TEST_REQUIRE(all.people.size() == 1U);
    BOOST_TEST(all.people[0].family_name == "First");
    BOOST_TEST(all.by_name.size() == 2U);  // the other entry's groups are theirs too
    BOOST_TEST(all.addresses.size() == 2U);
    BOOST_TEST(people.duplicates() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
