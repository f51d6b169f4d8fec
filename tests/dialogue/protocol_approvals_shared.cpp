#include "protocol_approvals.h"

namespace usher::test
{

namespace
{

std::string approvals_xml(const std::string& payload, const std::vector<Pair>& pairs)
{
    std::string xml = "<" + payload + " xmlns='" + kApprovalsNs + "'>";
    for (const Pair& pair : pairs) {
        xml += "<approval user='" + escaped(pair.user) + "' contact='" + escaped(pair.contact) + "'" +
               (payload == "revoke" ? " mark='" + escaped(pair.mark) + "'/>" : "/>");
    }
    return xml + "</" + payload + ">";
}

}  // namespace

ServerOptions approvals_options(Login login)
{
    ServerOptions options = ScriptedStage::options({entity_address(login)});
    options.approval_entities = options.entities;
    return options;
}

Element ask_for_approvals(WireStream& asker, const std::vector<Pair>& pairs)
{
    return asker.request("get", "capulet.lit", approvals_xml("approvals", pairs));
}

std::string revoke_xml(const std::vector<Pair>& pairs)
{
    return approvals_xml("revoke", pairs);
}

Element ask_to_revoke(WireStream& asker, const std::vector<Pair>& pairs)
{
    return asker.request("set", "capulet.lit", revoke_xml(pairs));
}

std::vector<Element> approvals_in(const Element& reply, const std::string& payload)
{
    const Element* found = reply.child(payload, kApprovalsNs);
    BOOST_REQUIRE_MESSAGE(reply.attribute("type") == "result" && found != nullptr, reply.str());
    for (const Element& child : found->children) {
        BOOST_TEST_REQUIRE(child.name == "approval", reply.str());
    }
    return found->children;
}

std::vector<Element> in_force(WireStream& asker, const std::vector<Pair>& pairs)
{
    return approvals_in(ask_for_approvals(asker, pairs), "approvals");
}

std::string mark_of(WireStream& asker, const std::string& user, const std::string& contact)
{
    const std::vector<Element> found = in_force(asker, {{user, contact}});
    BOOST_TEST_REQUIRE(found.size() == 1U);
    BOOST_TEST_REQUIRE(!found.front().attribute("mark").empty());
    return found.front().attribute("mark");
}

std::vector<std::string> outcomes(const Element& reply)
{
    std::vector<std::string> all;
    for (const Element& approval : approvals_in(reply, "revoke")) {
        all.push_back(approval.attribute("result"));
    }
    return all;
}

std::string revoke(WireStream& asker, const std::string& user, const std::string& contact,
                   const std::string& mark)
{
    const std::vector<std::string> all = outcomes(ask_to_revoke(asker, {{user, contact, mark}}));
    BOOST_TEST_REQUIRE(all.size() == 1U);
    return all.front();
}

void approve(WireClient& user, WireStream& speaker, const std::string& contact, bool mutual)
{
    const auto say = [&](const std::string& type) {
        speaker.send("<presence type='" + type + "' to='" + user.address() + "'" +
                     (is_account(speaker.address()) ? "/>" : " from='" + contact + "'/>"));
    };
    say("subscribe");
    user.expect(presence("subscribe", contact));
    user.send(to(contact, "subscribed"));
    speaker.expect(presence("subscribed", user.address()));
    if (mutual) {
        user.send(to(contact, "subscribe"));
        speaker.expect(presence("subscribe", user.address()));
        say("subscribed");
        user.expect(presence("subscribed", contact));
    }
}

}  // namespace usher::test
