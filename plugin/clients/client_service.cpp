#include "plugin/clients/client_service.h"

#include <spdlog/spdlog.h>

#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"
#include "plugin/clients/menus.h"

namespace usher
{

namespace
{

/// The account that sent a stanza. Empty if the sender is not an account, or if our preparation would change
/// the address: the server then prepares addresses differently, and it might mean another account.
std::optional<Address> sender(const Stanza& stanza)
{
    const std::string_view from = stanza.attribute("from");
    auto address = Address::prepare(from);
    if (address && from.substr(0, from.find('/')) != address->text()) {
        address.reset();
    }
    return address;
}

}  // namespace

ClientService::ClientService(Entity& entity, Operations& operations, Clock& clock, bool component)
    : entity_(entity),
      operations_(operations),
      component_(component),
      commands_(clock, std::chrono::system_clock::now, [&entity](std::string_view xml) { entity.send(xml); }),
      discovery_({component, "Usher", USHER_VERSION,
                  "Answers contact requests as you, or your administrator, have decided.",
                  // An account is not found by service discovery, so nobody would look for the search there.
                  [&operations, component](const Address& user) {
                      return component && operations.may_search(Actor::sender(user)).has_value();
                  }},
                 commands_, [&entity](std::string_view xml) { entity.send(xml); }),
      search_(operations, clock, [&entity](std::string_view xml) { entity.send(xml); }),
      logins_(entity, clock, component),
      chat_(operations, logins_, clock, [&entity](std::string_view xml) { entity.send(xml); })
{
    add_menus(commands_, operations);
    entity.set_client_stanzas(this);
}

bool ClientService::is_known(const Address& user) const
{
    return operations_.organization_of(user) != nullptr ||
           !operations_.administered(Actor::sender(user)).empty();
}

bool ClientService::is_for_us(const Stanza& stanza) const
{
    const std::string_view to = stanza.attribute("to");
    const std::string_view own = entity_.address();
    return to == own || (!component_ && (to.empty() || to == own.substr(0, own.find('/'))));
}

bool ClientService::received_iq(const Stanza& iq)
{
    if (iq.attribute("to") != entity_.address()) {
        return false;
    }
    const auto user = sender(iq);
    if (component_ && search_.received(iq, user)) {
        return true;
    }
    if (iq.attribute("type") == "get") {
        return discovery_.received(iq, user);
    }
    if (!user || !iq.first().is("command", ns::kCommands)) {
        return false;
    }
    commands_.received(iq, *user);
    return true;
}

void ClientService::received_message(const Stanza& message)
{
    const auto user = sender(message);
    // No reply to strangers, nor to our own messages.
    if (!user || !is_for_us(message) || !is_known(*user) || user == Address::prepare(entity_.address())) {
        return;
    }
    if (!logins_.received(message, *user)) {
        chat_.received(message, *user);
    }
}

void ClientService::received_presence(const Stanza& presence)
{
    const auto user = sender(presence);
    const std::string_view type = presence.attribute("type");
    const bool subscribe = type == "subscribe";
    if ((!subscribe && type != "probe") || !user || !is_for_us(presence) || !is_known(*user)) {
        return;
    }
    const auto send = [&](std::string_view type_sent, std::string_view to) {
        std::string xml = "<presence";
        append_attribute(xml, "to", to);
        if (component_) {
            append_attribute(xml, "from", entity_.address());
        }
        if (!type_sent.empty()) {
            append_attribute(xml, "type", type_sent);
        }
        entity_.send(xml + "/>");
    };
    if (subscribe) {
        spdlog::debug("{} has added Usher to its contacts", user->text());
        send("subscribed", user->text());
    }
    // The presence of an account is sent by its server.
    if (component_) {
        send({}, presence.attribute("from"));
    }
}

}  // namespace usher
