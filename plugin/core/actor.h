// On whose behalf something is asked of Usher. What they may do, Operations decide (operations.h).
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "policy/address.h"

namespace usher
{

/// On whose behalf something is asked.
class Actor
{
  public:
    /// Whoever can open the control socket: its permissions are the authorisation. So are those of who logs in at the page by a
    /// link from there. May do everything.
    [[nodiscard]] static Actor local(std::string name) { return Actor(std::nullopt, std::move(name)); }
    /// Who sent a stanza, as the server vouches for it, or has logged in at the page as its client. Users may see and change what is theirs;
    /// administrators, besides, what is their organisation's.
    [[nodiscard]] static Actor sender(const Address& address) { return {address, address.text()}; }

    /// Nothing for a local one.
    [[nodiscard]] const std::optional<Address>& address() const { return address_; }
    /// For the journal and for "saved by".
    [[nodiscard]] const std::string& name() const { return name_; }

    friend bool operator==(const Actor&, const Actor&) = default;

  private:
    Actor(std::optional<Address> address, std::string name)
        : address_(std::move(address)), name_(std::move(name))
    {
    }

    std::optional<Address> address_;
    std::string name_;
};

}  // namespace usher
