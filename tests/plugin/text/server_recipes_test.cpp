// What a server's configuration has to look like: one place, and the documents say the same.
#include "plugin/text/server_recipes.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

namespace usher
{

namespace
{

constexpr std::string_view kSecret = "a long random string";

std::string recipe(ServerKind server, LoginKind login)
{
    const std::string own = login == LoginKind::component ? "usher.example.org" : "usher@example.org";
    std::string text = server_configuration({server, login, own, {"example.org"}}, kSecret);
    while (text.ends_with("\n\n")) {
        text.pop_back();
    }
    return text;
}

/// The code blocks of a document that are in one of the servers' languages.
std::vector<std::string> server_blocks(const std::string& document)
{
    std::ifstream file(std::string(USHER_SOURCE) + "/" + document);
    BOOST_REQUIRE_MESSAGE(file, document);
    std::vector<std::string> blocks;
    bool inside = false;
    bool wanted = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("```")) {
            wanted = !inside && (line == "```lua" || line == "```yaml");
            inside = !inside;
            if (wanted) {
                blocks.emplace_back();
            }
        } else if (wanted) {
            blocks.back() += line + "\n";
        }
    }
    return blocks;
}

/// Those of them that load the connector or grant something to Usher.
std::vector<std::string> recipes_in(const std::string& document)
{
    std::vector<std::string> recipes = server_blocks(document);
    std::erase_if(recipes, [](const std::string& block) {
        return block.find("subscription_requests") == std::string::npos &&
               block.find(kGrantedNamespace) == std::string::npos;
    });
    return recipes;
}

const std::string kDocuments[] = {"README.md", "integration/SERVERS.md", "integration/PROTOCOL.md",
                                  "integration/prosody/README.md", "integration/ejabberd/README.md"};

}  // namespace

BOOST_AUTO_TEST_SUITE(server_recipes)

BOOST_AUTO_TEST_CASE(where_people_may_be_searched_for_that_is_granted_too)
{
    Installation installed{ServerKind::prosody,
                           LoginKind::component,
                           "usher.example.org",
                           {"example.org", "example.net"},
                           {"example.net"}};
    const auto begins_after = [](const std::string& text, const std::string& first,
                                 const std::string& second) {
        return text.find(second, text.find(first)) != std::string::npos &&
               text.find(second) > text.find(first);
    };
    const std::string lua = server_configuration(installed, kSecret);
    const std::string granted =
        R"("both"; ["urn:xmpp:subscription-requests:0#approvals"] = "both"; ["urn:xmpp:subscription-requests:0#people"] = "get" } })";
    BOOST_TEST(begins_after(lua, "VirtualHost \"example.net\"", granted), lua);
    installed.server = ServerKind::ejabberd;
    const std::string yaml = server_configuration(installed, kSecret);
    BOOST_TEST(
        begins_after(yaml, "  example.net:\n", "        people_entities:\n          - usher.example.org\n"),
        yaml);
    installed.people_domains.clear();
    BOOST_TEST(server_configuration(installed, kSecret).find("people") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(documents_have_the_recipes_and_no_others)
{
    for (const std::string& document : kDocuments) {
        BOOST_TEST_CONTEXT(document)
        {
            std::vector<std::string> expected;
            if (document.find("prosody") != std::string::npos) {
                expected = {recipe(ServerKind::prosody, LoginKind::component),
                            recipe(ServerKind::prosody, LoginKind::account)};
            } else if (document.find("ejabberd") != std::string::npos) {
                expected = {recipe(ServerKind::ejabberd, LoginKind::component),
                            recipe(ServerKind::ejabberd, LoginKind::account)};
            }
            BOOST_TEST(recipes_in(document) == expected, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(the_readme_grants_what_stock_mode_needs)
{
    const auto blocks = server_blocks("README.md");
    BOOST_REQUIRE(blocks.size() == 1U);
    for (const std::string_view grant : kStockGrants) {
        BOOST_TEST_CONTEXT(grant)
        {
            BOOST_TEST(blocks[0].find(std::string(grant) + ";") != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_domain_grants_and_the_component_is_configured_once)
{
    const Installation two{
        ServerKind::prosody, LoginKind::component, "usher.capulet.lit", {"capulet.lit", "montague.lit"}};
    const std::string lua = server_configuration(two, kSecret);
    const std::string host =
        "\"\n\tmodules_enabled = { \"subscription_requests\" }\n\tprivileged_entities = {\n"
        "\t\t[\"usher.capulet.lit\"] = { iq = { [\"urn:xmpp:subscription-requests:0\"] = \"both\"; "
        "[\"urn:xmpp:subscription-requests:0#approvals\"] = \"both\" } };\n"
        "\t}\n\n";
    BOOST_TEST(lua.find("VirtualHost \"capulet.lit" + host + "VirtualHost \"montague.lit" + host +
                        "Component \"usher.capulet.lit\"\n") != std::string::npos);
    BOOST_TEST(lua.find("Component") == lua.rfind("Component"));

    const std::string yaml =
        server_configuration({ServerKind::ejabberd, two.login, two.own, two.domains}, kSecret);
    const std::string module =
        ":\n    modules:\n      mod_subscription_requests:\n        entities:\n"
        "          - usher.capulet.lit\n        approval_entities:\n          - usher.capulet.lit\n";
    BOOST_TEST(yaml.ends_with("append_host_config:\n  capulet.lit" + module + "  montague.lit" + module));
}

BOOST_AUTO_TEST_CASE(a_secret_is_taken_as_it_is)
{
    const std::string lua = server_configuration(
        {ServerKind::prosody, LoginKind::component, "usher.example.org", {"example.org"}}, "{own}{grant}");
    BOOST_TEST(lua.find("component_secret = \"{own}{grant}\"\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_account_has_no_secret_in_the_configuration)
{
    for (const ServerKind server : {ServerKind::prosody, ServerKind::ejabberd}) {
        BOOST_TEST(recipe(server, LoginKind::account).find(kSecret) == std::string::npos);
        BOOST_TEST(recipe(server, LoginKind::component).find(kSecret) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(steps_quote_the_recipes)
{
    const ServerSteps prosody =
        server_steps(ServerKind::prosody, LoginKind::component, "usher.example.org", "example.org");
    BOOST_TEST(prosody.connector ==
               "put the folder mod_subscription_requests into one of the plugin_paths, add "
               "\"subscription_requests\" to modules_enabled for example.org, and restart Prosody");
    BOOST_TEST(
        prosody.grant ==
        "privileged_entities = { [\"usher.example.org\"] = { iq = { "
        "[\"urn:xmpp:subscription-requests:0\"] = \"both\" } } } for example.org, then restart "
        "Prosody (not needed for a host that was added with it while Prosody ran: usherd logs in again by "
        "itself); Component \"usher.example.org\" needs modules_enabled = { \"privilege\" }");
    BOOST_TEST(server_steps(ServerKind::prosody, LoginKind::account, "usher@example.org", "example.org")
                   .grant.ends_with("usherd logs in again by itself)"));

    const ServerSteps ejabberd =
        server_steps(ServerKind::ejabberd, LoginKind::account, "usher@example.org", "example.org");
    BOOST_TEST(ejabberd.connector ==
               "install mod_subscription_requests, and add it to the modules of example.org with "
               "\"usher@example.org\" among its `entities`");
    BOOST_TEST(ejabberd.grant ==
               "add \"usher@example.org\" to the `entities` of mod_subscription_requests for "
               "example.org, and reload the configuration");

    BOOST_TEST(ejabberd.approvals ==
               "add \"usher@example.org\" to the `approval_entities` of mod_subscription_requests for "
               "example.org, and reload the configuration");
    BOOST_TEST(prosody.approvals ==
               "set [\"urn:xmpp:subscription-requests:0#approvals\"] = \"both\" in the iq = { ... } of "
               "\"usher.example.org\" in privileged_entities for example.org, and restart Prosody");
    BOOST_TEST(prosody.message_archive ==
               "add \"mam\" to modules_enabled for example.org, and restart Prosody");

    const ServerSteps other = server_steps({}, LoginKind::component, "usher.example.org", "example.org");
    BOOST_TEST(other.grant ==
               "grant \"usher.example.org\" the iq permission (XEP-0356) `both` for "
               "urn:xmpp:subscription-requests:0 on example.org");

    BOOST_TEST(stock_step() ==
               "grant roster = \"both\", presence = \"managed_entity\" and "
               "iq = { [\"urn:xmpp:blocking\"] = \"get\" }");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
