// Which other domains have asked for an organisation's users, and what became of their requests: from this an administrator
// makes the list of domains that federation is open to.
//
// Reads the journal by a connection of its own and waits for it, as replay.h does.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace usher
{

/// Requests from one domain. What the connector asked about is counted once; what was answered only later, when it waited, by
/// policy or by people, is counted there besides.
struct DomainRequests {
    std::string domain;
    std::uint64_t approved = 0;
    std::uint64_t denied = 0;
    std::uint64_t left = 0;  ///< to the user
    std::uint64_t approved_later = 0;
    std::uint64_t denied_later = 0;
    std::chrono::system_clock::time_point last;
};

struct FederationReport {
    static constexpr std::size_t kMaxDomains = 1'000;

    std::string organization;
    std::vector<DomainRequests> domains;  ///< those with the most requests first
    bool more = false;                    ///< than are listed
};

struct FederationOrder {
    /// An organisation and its domains.
    struct Of {
        std::string organization;
        std::vector<std::string> domains;
    };
    std::vector<Of> organizations;
    std::chrono::system_clock::time_point since;
};

/// Of each organisation, in their order. `stop` as in replay(). The error is for people.
[[nodiscard]] tl::expected<std::vector<FederationReport>, std::string> federation_report(
    const std::string& store_url, const FederationOrder& order, int stop = -1);

}  // namespace usher
