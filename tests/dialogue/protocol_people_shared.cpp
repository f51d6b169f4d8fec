#include "protocol_people.h"

namespace usher::test
{

ServerOptions people_options(Login login)
{
    ServerOptions options = ScriptedStage::options({entity_address(login)});
    options.people_entities = options.entities;
    options.profiles = true;
    return options;
}

Element ask_for_people(WireStream& asker, const std::string& content)
{
    return asker.request("get", "capulet.lit", "<people xmlns='" + kPeopleNs + "'>" + content + "</people>");
}

Element ask_for_people_page(WireStream& asker, const std::string& set)
{
    return ask_for_people(asker, "<set xmlns='http://jabber.org/protocol/rsm'>" + set + "</set>");
}

std::string persons_xml(const std::vector<std::string>& addresses)
{
    std::string persons;
    for (const std::string& address : addresses) {
        persons += "<person jid='" + escaped(address) + "'/>";
    }
    return persons;
}

std::vector<std::string> persons_in(const Element& list)
{
    std::vector<std::string> addresses;
    for (const Element& child : list.children) {
        if (child.name == "person") {
            addresses.push_back(child.attribute("jid"));
        }
    }
    return addresses;
}

std::vector<std::string> persons_on(const Element& reply)
{
    const Element* people = reply.child("people", kPeopleNs);
    BOOST_REQUIRE_MESSAGE(reply.attribute("type") == "result" && people != nullptr, reply.str());
    return persons_in(*people);
}

Element ask_for_availability(WireStream& asker, const std::string& viewer,
                             const std::vector<std::string>& users)
{
    std::string xml = "<availability xmlns='" + kPeopleNs + "' to='" + escaped(viewer) + "'>";
    for (const std::string& user : users) {
        xml += "<user jid='" + escaped(user) + "'/>";
    }
    return asker.request("get", "capulet.lit", xml + "</availability>");
}

std::vector<std::pair<std::string, std::string>> shows_in(const Element& reply)
{
    const Element* availability = reply.child("availability", kPeopleNs);
    BOOST_REQUIRE_MESSAGE(reply.attribute("type") == "result" && availability != nullptr, reply.str());
    std::vector<std::pair<std::string, std::string>> shows;
    for (const Element& user : availability->children) {
        shows.emplace_back(user.attribute("jid"), user.attribute("show"));
    }
    return shows;
}

}  // namespace usher::test
