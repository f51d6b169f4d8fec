// What the log says when a domain's state has changed, and what to do about it.
#pragma once

#include <string>

#include "integration/requests/domain_session.h"

namespace usher
{

/// Logs a state that an administrator has to know of: that the domain is answered, or why not. `own` is the address
/// that usherd logs in with.
void log_domain_state(const std::string& domain, DomainState state, const std::string& own);

}  // namespace usher
