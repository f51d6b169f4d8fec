// Handles stanzas that do not come from the server itself: menus, chat and presence of users.
#pragma once

#include <optional>
#include <string>

#include "integration/base/clock.h"
#include "integration/commands/command.h"
#include "integration/commands/service_discovery.h"
#include "integration/requests/entity.h"
#include "plugin/clients/chat.h"
#include "plugin/clients/login_confirmation.h"
#include "plugin/clients/user_search.h"
#include "plugin/core/operations.h"

namespace usher
{

class ClientService : public ClientStanzas
{
  public:
    /// Registers with the entity. All arguments must outlive the service.
    ClientService(Entity& entity, Operations& operations, Clock& clock, bool component);
    ~ClientService() override { entity_.set_client_stanzas(nullptr); }
    ClientService(const ClientService&) = delete;
    ClientService& operator=(const ClientService&) = delete;

    /// See Commands.
    void set_session_key(std::string key) { commands_.set_session_key(std::move(key)); }

    [[nodiscard]] LoginConfirmation& login_confirmation() { return logins_; }

    bool received_iq(const Stanza& iq) override;
    void received_message(const Stanza& message) override;
    void received_presence(const Stanza& presence) override;

  private:
    /// A user or an administrator of an organisation.
    [[nodiscard]] bool is_known(const Address& user) const;
    [[nodiscard]] bool is_for_us(const Stanza& stanza) const;

    Entity& entity_;
    Operations& operations_;
    const bool component_;
    Commands commands_;
    ServiceDiscovery discovery_;
    UserSearch search_;
    LoginConfirmation logins_;
    Chat chat_;
};

}  // namespace usher
