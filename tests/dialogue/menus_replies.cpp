#include "menus.h"

namespace usher::test::menus
{

std::string menus_of(Login login)
{
    return login == Login::account ? entity_address(login) + "/usher" : entity_address(login);
}

UsherdOptions settings(bool users_may_choose, const std::string& option)
{
    UsherdOptions options;
    options.users_may_choose = users_may_choose;
    options.option = option;
    options.organization = "administrators = [\"" + kNurse + "\"]\n";
    options.more = "[[organization]]\nname = \"Mantua\"\ndomains = [\"mantua.lit\"]\nadministrators = [\"" +
                   kBalthasar + "\"]\n";
    return options;
}

std::string submit(const Fields& fields)
{
    std::string xml = "<x xmlns='jabber:x:data' type='submit'>";
    for (const auto& [var, value] : fields) {
        xml += "<field var='" + var + "'><value>" + escaped(value) + "</value></field>";
    }
    return xml + "</x>";
}

std::string Reply::outcome() const
{
    const Element* error = iq.child("error");
    return error != nullptr ? error->children.front().name : command().attribute("status");
}

std::string Reply::text() const
{
    if (const Element* error = iq.child("error")) {
        const Element* text = error->child("text");
        return text != nullptr ? text->text : std::string();
    }
    std::string text;
    for (const Element& child : command().children) {
        if (child.name == "note") {
            text += (text.empty() ? "" : " | ") + child.text;
        }
    }
    return text;
}

std::string Reply::title() const
{
    const Element* form = command().child("x", "jabber:x:data");
    return form == nullptr ? std::string() : form->child("title")->text;
}

Strings Reply::content() const
{
    Strings lines;
    const Element* form = command().child("x", "jabber:x:data");
    for (const Element& child : form == nullptr ? std::vector<Element>() : form->children) {
        std::string line;
        if (child.name == "field" && child.attribute("var") != "FORM_TYPE") {
            line = child.attribute("var") + "=";
            for (const Element& value : child.children) {
                line += value.name == "value" ? value.text + ";" : "";
            }
        } else {
            continue;
        }
        lines.push_back(line);
    }
    return lines;
}

Reply execute(Client& client, const std::string& usher, const std::string& node)
{
    return {client.request("set", usher, "<command xmlns='" + kCommands + "' node='" + node + "'/>")};
}

Reply go_on(Client& client, const std::string& usher, const Reply& before, const std::string& payload)
{
    return {client.request("set", usher,
                           "<command xmlns='" + kCommands + "' node='" + before.command().attribute("node") +
                               "' sessionid='" + before.session() + "'>" + payload + "</command>")};
}

Reply run(Client& client, const std::string& usher, const std::string& node, const Fields& fields)
{
    return go_on(client, usher, execute(client, usher, node), submit(fields));
}

Strings listed(Client& client, const std::string& usher)
{
    const Element reply = client.request(
        "get", usher, "<query xmlns='http://jabber.org/protocol/disco#items' node='" + kCommands + "'/>");
    Strings nodes;
    for (const Element& item : reply.child("query")->children) {
        nodes.push_back(item.attribute("node"));
        BOOST_TEST(item.attribute("jid") == usher);
    }
    return nodes;
}

Matcher message_from(const std::string& usher)
{
    return {"a message from " + usher, [=](const Element& stanza) {
                return stanza.name == "message" && stanza.attribute("from").starts_with(usher);
            }};
}

std::string said(Client& client, Login login, const std::string& words)
{
    client.send("<message type='chat' to='" + entity_address(login) + "'><body>" + escaped(words) +
                "</body></message>");
    return client.expect(message_from(entity_address(login))).child("body")->text;
}

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace usher::test::menus
