// Approval on domains whose server has no connector: what the entity needs of it. integration/stock does it.
#pragma once

#include <string>
#include <string_view>

#include "integration/requests/privilege.h"

namespace usher
{

class StockMode
{
  public:
    /// Why a domain cannot be served.
    enum class Refusal {
        forbidden,    ///< the server does not let us read or change rosters
        ineffective,  ///< roster sets fail, or leave the subscription as it was
    };

    virtual ~StockMode() = default;
    /// Serves the domain from now on, or goes on to, with these permissions: Advertisement::enough_for_stock().
    virtual void start(const std::string& domain, const Advertisement& granted) = 0;
    virtual void stop(const std::string& domain) = 0;
    /// The stream has ended: nothing that was known holds any longer.
    virtual void stream_lost() = 0;
    virtual void policy_changed() = 0;

    /// Presence of a user, `from` a full address of a domain that may come to be served.
    virtual void received_presence(std::string_view from, bool available) = 0;
    /// The roster of that user has changed. No more than a hint, so it need not be true.
    virtual void received_push(std::string_view user) = 0;
};

}  // namespace usher
