// The seam between protocol and daemon: what is kept for accounts, and has to go with them (PROTOCOL.md section 4.8).
//
// Not here: how the server is asked which accounts exist (account_check.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "policy/address.h"

namespace usher
{

/// The setting of an account: whose it is, and since when.
struct KeptSetting {
    std::string account;  ///< prepared, `local@domain`
    std::chrono::system_clock::time_point since;
};

/// An account as the server names it.
struct NamedAccount {
    std::string address;
    std::string created;  ///< XEP-0082; empty where the server does not know
};

/// None: there are no more. The error, for people, says why they could not be read.
using KeptCallback = std::function<void(tl::expected<std::vector<KeptSetting>, std::string>)>;

class AccountSettings
{
  public:
    virtual ~AccountSettings() = default;
    /// Reads the settings of the domain's accounts behind `after` (empty: from the first one), `most` at most, in an
    /// order that stays. `then` is called once, before this returns or later from the event loop; but not after this
    /// object is gone.
    virtual void kept(std::string_view domain, std::string_view after, std::size_t most,
                      KeptCallback then) = 0;
    /// The account was deleted.
    virtual void removed(const Address& account) = 0;
    /// The server was asked for the accounts of these settings, and has those. The settings of the others are another
    /// owner's, as are those from before the account was created; unless they have been changed since.
    virtual void checked(std::span<const KeptSetting> asked, std::span<const NamedAccount> existing) = 0;
};

}  // namespace usher
