// PROTOCOL.md, rules S79 to S81, where Prosody's accounts are not its own, or cannot be read.
#include <filesystem>
#include <fstream>

#include "private_prosody.h"
#include "protocol_people.h"

namespace usher::test
{

namespace
{

Element ask_for_accounts(ScriptedEntity& entity, const std::vector<std::string>& addresses)
{
    std::string accounts;
    for (const std::string& address : addresses) {
        accounts += "<account jid='" + address + "'/>";
    }
    return entity.stream().request("get", entity.organization(),
                                   "<accounts xmlns='" + kRequestsNs + "'>" + accounts + "</accounts>");
}

std::vector<std::string> existing(const Element& reply)
{
    const Element* accounts = reply.child("accounts", kRequestsNs);
    BOOST_REQUIRE_MESSAGE(accounts != nullptr, reply.str());
    std::vector<std::string> addresses;
    for (const Element& account : accounts->children) {
        addresses.push_back(account.attribute("jid"));
    }
    return addresses;
}

bool cannot_tell(const Element& reply)
{
    return is_error(reply, "wait", "internal-server-error");
}

/// mod_auth_directory's file.
class Directory
{
  public:
    Directory() { write({"juliet", "nurse"}); }

    void write(const std::vector<std::string>& names) const
    {
        std::ofstream out(file());
        for (const std::string& name : names) {
            out << name << "\n";
        }
    }
    void goes_away() const { std::filesystem::remove(file()); }

    [[nodiscard]] ServerOptions options() const
    {
        ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
        options.for_organization =
            "authentication = \"directory\"\ndirectory_file = \"" + file().string() + "\"\n";
        return options;
    }

  private:
    [[nodiscard]] std::filesystem::path file() const { return place_.path() / "names"; }

    TemporaryDirectory place_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(prosody_accounts)

BOOST_AUTO_TEST_CASE(S81_directory_that_does_not_answer_is_no_proof_of_a_deletion)
{
    const Directory directory;
    ScriptedStage stage(directory.options());
    stage.admit_entity();
    ScriptedEntity& entity = stage.entity();
    const std::vector<std::string> juliet = {kJuliet};
    BOOST_TEST(existing(ask_for_accounts(entity, {kJuliet, "tybalt@capulet.lit"})) == juliet,
               boost::test_tools::per_element());
    // Nobody who exists shows that it is there.
    BOOST_TEST(cannot_tell(ask_for_accounts(entity, {"tybalt@capulet.lit"})));
    directory.goes_away();
    BOOST_TEST(cannot_tell(ask_for_accounts(entity, {kJuliet, "tybalt@capulet.lit"})));
    // Somebody who is online does.
    directory.write({"juliet", "nurse"});
    WireClient& nurse = stage.client(kNurse, "wire");
    nurse.connect();
    BOOST_TEST(existing(ask_for_accounts(entity, {"tybalt@capulet.lit"})).empty());
    directory.goes_away();
    BOOST_TEST(cannot_tell(ask_for_accounts(entity, {kNurse, "tybalt@capulet.lit"})));
}

BOOST_AUTO_TEST_CASE(S81_account_file_that_cannot_be_read_is_no_proof_of_a_deletion)
{
    ScriptedStage stage(Login::component);
    auto& prosody = dynamic_cast<PrivateProsody&>(stage.server());
    prosody.add_account(kJuliet);
    prosody.store("accounts", kNurse, "} nothing");
    BOOST_TEST(existing(ask_for_accounts(stage.entity(), {kJuliet})).size() == 1U);
    BOOST_TEST(cannot_tell(ask_for_accounts(stage.entity(), {kJuliet, kNurse})));
}

BOOST_AUTO_TEST_CASE(S90_S91_directory_is_not_listed_but_those_who_are_known_are_read)
{
    const Directory directory;
    ServerOptions options = directory.options();
    options.people_entities = options.entities;
    ScriptedStage stage(options);
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    for (const std::string set : {"", "<max>0</max>", "<max>10</max>"}) {
        const Element reply = ask_for_people_page(entity, set);
        BOOST_TEST(is_error(reply, "cancel", "feature-not-implemented"), reply.str());
    }
    const std::string both = persons_xml({kJuliet, kTybalt});
    BOOST_TEST(persons_on(ask_for_people(entity, both)) == std::vector<std::string>{kJuliet},
               boost::test_tools::per_element());
    directory.goes_away();
    BOOST_TEST(cannot_tell(ask_for_people(entity, both)));
}

BOOST_AUTO_TEST_CASE(S85_account_file_that_cannot_be_read_hides_nobody)
{
    ScriptedStage stage(people_options(Login::component));
    auto& prosody = dynamic_cast<PrivateProsody&>(stage.server());
    prosody.add_account(kJuliet);
    prosody.store("accounts", kNurse, "} nothing");
    prosody.store("accounts", std::string("\0@capulet.lit", 13), "{ ['password'] = 'x' }");
    stage.admit_entity();
    const std::vector<std::string> expected = {kJuliet, kNurse};
    BOOST_TEST(persons_on(ask_for_people(stage.entity().stream(), {})) == expected,
               boost::test_tools::per_element());
    BOOST_TEST(cannot_tell(ask_for_people(stage.entity().stream(), persons_xml({kJuliet, kNurse}))));
}

BOOST_AUTO_TEST_CASE(S80_time_of_creation_is_told_where_prosody_knows_it)
{
    ScriptedStage stage(Login::component);
    auto& prosody = dynamic_cast<PrivateProsody&>(stage.server());
    prosody.add_account(kJuliet);
    prosody.add_account(kNurse);
    // As in Prosody 13.
    prosody.order(
        "> require('core.usermanager').get_account_info = function (username, host) "
        "return { created = username == 'juliet' and host == 'capulet.lit' and 1777712347.5 or nil } end");
    const Element reply = ask_for_accounts(stage.entity(), {kJuliet, kNurse});
    BOOST_TEST_REQUIRE(existing(reply).size() == 2U);
    const std::vector<Element>& accounts = reply.child("accounts")->children;
    BOOST_TEST(accounts[0].attribute("created") == "2026-05-02T08:59:07Z");
    BOOST_TEST(accounts[1].attributes.size() == 1U);
}

BOOST_AUTO_TEST_CASE(S79_account_that_still_exists_is_not_said_to_be_removed)
{
    const Directory directory;
    ScriptedStage stage(directory.options());
    stage.admit_entity();
    auto& prosody = dynamic_cast<PrivateProsody&>(stage.server());
    const auto deleted = [&](const std::string& username) {
        prosody.order("> prosody.events.fire_event('user-deleted', { username = '" + username +
                      "', host = 'capulet.lit' })");
    };
    deleted("juliet");
    deleted("tybalt");
    const Element told = stage.entity().stream().expect(
        {"a deletion", [](const Element& stanza) { return stanza.child("removed") != nullptr; }});
    BOOST_TEST(told.child("removed", kRequestsNs)->child("account")->attribute("jid") ==
               "tybalt@capulet.lit");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
