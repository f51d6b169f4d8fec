#include "directory_scene.h"

#include <array>
#include <cstdio>

namespace usher::test
{

namespace
{

std::string number(int i)
{
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%05d", i);
    return text.data();
}

}  // namespace

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

namespace
{

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
                       unit("unnamed") + unit("changing");
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
    text += person(few_dn("cal"), "mail: cal@corp.example\n");
    for (const char* const user : {"ida", "joe"}) {
        text += person(below("uid=" + std::string(user) + ",ou=changing"),
                       "mail: " + std::string(user) + "@corp.example\nuserAccountControl: 512\n");
    }
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

}  // namespace

PrivateSlapd& slapd()
{
    static PrivateSlapd server(entries());
    return server;
}

}  // namespace usher::test
