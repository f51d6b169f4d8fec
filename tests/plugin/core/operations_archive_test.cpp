// Who is told what of message archives.
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <vector>

#include "people_scene.h"

namespace usher
{

namespace
{

Address address(const std::string& text)
{
    return Address::prepare(text).value();
}

struct Archives : test::PeopleScene {
    Archives()
    {
        want("default = \"never\"");
        operations.set_archive({[](std::string_view domain) -> std::optional<ArchiveStatus> {
                                    ArchiveStatus status;
                                    status.wish = {Archiving::never, false};
                                    status.accounts = {1, 2, 3, 4, 5};
                                    return domain == "capulet.lit" ? std::optional(status) : std::nullopt;
                                },
                                [this](const Address& account, const auto& then) {
                                    looked_up.push_back(account.text());
                                    then(found);
                                }});
    }
    void connect()
    {
        entity.start();
        channels.opened("usher.capulet.lit");
    }
    void want(const std::string& archive)
    {
        set_people_settings("listed = \"off\"\n[organization.archive]\n" + archive);
    }
    Result<UserArchive> of(const Actor& actor, const std::string& user)
    {
        std::optional<Result<UserArchive>> given;
        operations.archive_of(actor, address(user),
                              [&given](Result<UserArchive> one) { given = std::move(one); });
        return given.value();
    }

    std::vector<std::string> looked_up;
    ArchiveSources::Found found =
        AccountArchive{ArchiveState::own, Archiving::always, false, {Archiving::never}};
};

const Actor kRoot = Actor::local("root");
const Actor kJuliet = Actor::sender(address("juliet@capulet.lit"));

}  // namespace

BOOST_FIXTURE_TEST_SUITE(operations_archive, Archives)

BOOST_AUTO_TEST_CASE(all_organizations_are_reported_to_who_opens_the_socket_and_to_no_user)
{
    const auto all = operations.archives(kRoot, std::nullopt).value();
    BOOST_TEST_REQUIRE(all.size() == 2U);
    BOOST_TEST(all[0].organization == "Capulet");
    BOOST_TEST((all[0].wish == ArchiveWish{Archiving::never, false}));
    BOOST_TEST_REQUIRE(all[0].domains.size() == 1U);
    BOOST_TEST(all[0].domains[0].domain == "capulet.lit");
    BOOST_TEST((all[1].wish == ArchiveWish{}));
    BOOST_TEST(all[1].domains.empty());
    BOOST_TEST(operations.archives(kRoot, "Montague")->size() == 1U);
    BOOST_TEST((operations.archives(kRoot, "Verona").error().kind == Refusal::Kind::not_found));
    BOOST_TEST((operations.archives(kJuliet, std::nullopt).error().kind == Refusal::Kind::forbidden));
}

BOOST_AUTO_TEST_CASE(without_a_connection_that_is_the_problem)
{
    const auto problem = [this] {
        return operations.archives(kRoot, "Capulet").value().at(0).domains.at(0).status.problem;
    };
    BOOST_TEST(problem() == "usherd is not connected to the server");
    connect();
    BOOST_TEST(problem() == "");
}

BOOST_AUTO_TEST_CASE(a_user_is_looked_up_where_something_is_wanted)
{
    BOOST_TEST((of(kRoot, "juliet@capulet.lit").error().kind == Refusal::Kind::unavailable));
    connect();
    BOOST_TEST((of(kRoot, "juliet@capulet.lit")->archive == **found));
    BOOST_TEST((of(kJuliet, "nurse@capulet.lit").error().kind == Refusal::Kind::forbidden));
    BOOST_TEST((of(kRoot, "romeo@verona.lit").error().kind == Refusal::Kind::not_found));
    BOOST_TEST((of(kRoot, "romeo@montague.lit")->archive.wish == ArchiveWish{}));
    BOOST_TEST(looked_up == std::vector<std::string>{"juliet@capulet.lit"}, boost::test_tools::per_element());
    found = std::nullopt;
    BOOST_TEST((of(kRoot, "nobody@capulet.lit").error().kind == Refusal::Kind::not_found));
    found = tl::unexpected<std::string>("its server did not answer");
    const Refusal refusal = of(kRoot, "juliet@capulet.lit").error();
    BOOST_TEST((refusal.kind == Refusal::Kind::unavailable));
    BOOST_TEST(refusal.text ==
               "The archiving preferences of juliet@capulet.lit are not known: its server did not answer.");
}

BOOST_AUTO_TEST_CASE(users_are_told_what_applies_to_them)
{
    const auto notice = [this](const std::string& user) { return operations.archive_notice(address(user)); };
    const std::string others =
        " Messages stored before stay, and the people and rooms you write to keep their own copies.";
    BOOST_TEST(
        notice("juliet@capulet.lit") ==
        "Policy of Capulet: your server is to store none of your messages, unless you have chosen something "
        "else in your client." +
            others);
    BOOST_TEST(notice("romeo@montague.lit").empty());
    BOOST_TEST(notice("romeo@verona.lit").empty());
    want("default = \"always\"\nlock = true");
    BOOST_TEST(
        notice("juliet@capulet.lit") ==
        "Policy of Capulet: your server is to store your messages. Once this is set for your account, you "
        "cannot change it in your client. Messages that a client marks not to be stored are not stored." +
            others);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
