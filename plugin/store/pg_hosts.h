// Where PostgreSQL's servers may be, from what libpq is told.
//
// libpq would try several hosts by itself, but not go on from one that keeps silent, and it looks up names while everything
// else waits. So each host is tried alone, by its address.
#pragma once

#include <string>
#include <vector>

namespace usher
{

/// Of one host, as libpq's parameters of these names have them. What is empty is libpq's to find.
struct PgHost {
    std::string host;  ///< a name, an address or the directory of a Unix socket
    std::string hostaddr;
    std::string port;

    /// Whether `host` has to be looked up.
    [[nodiscard]] bool is_name() const
    {
        return hostaddr.empty() && !host.empty() && host.front() != '/' && host.front() != '@';
    }

    friend bool operator==(const PgHost&, const PgHost&) = default;
};

/// The hosts in `options`, `KEY=VALUE ...`, in their order; also those that a service file or the environment names. At least
/// one. Options that are wrong give one that is empty: libpq will say what is wrong. Reads files, no more.
[[nodiscard]] std::vector<PgHost> pg_hosts(const std::string& options);

}  // namespace usher
