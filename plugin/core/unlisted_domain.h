// A domain that is missing in a list, because it could not be asked.
#pragma once

#include <string>
#include <vector>

namespace usher
{

/// A domain whose requests or approvals could not be listed.
struct UnlistedDomain {
    std::string domain;
    std::string why;  ///< a clause, as in "not listed: montague.lit, because its server does not answer"
};

/// Says which could not be listed and why; the first few of them. At least one. For what stands before a colon.
[[nodiscard]] std::string reasons(const std::vector<UnlistedDomain>& domains);

}  // namespace usher
