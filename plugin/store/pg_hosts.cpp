#include "plugin/store/pg_hosts.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace usher
{

namespace
{

struct Free {
    void operator()(PGconn* connection) const { PQfinish(connection); }
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

/// What libpq would connect with.
struct Lists {
    std::vector<std::string> hosts;
    std::vector<std::string> addresses;
    std::vector<std::string> ports;
};

std::vector<std::string> split(std::string_view list)
{
    std::vector<std::string> parts;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        parts.emplace_back(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return parts;
}

Lists lists_in(const std::string& options)
{
    // Only a connection knows what is in a service file. This one fails before it looks at any host, because of the last
    // parameter; with a password it does not look for one.
    const char* const keywords[] = {"dbname", "password", "channel_binding", nullptr};
    const char* const values[] = {options.c_str(), "none", "none", nullptr};
    const std::unique_ptr<PGconn, Free> connection(PQconnectStartParams(keywords, values, 1));
    const std::unique_ptr<PQconninfoOption, Free> all(PQconninfo(connection.get()));
    Lists lists;
    for (const PQconninfoOption* option = all.get(); option != nullptr && option->keyword != nullptr;
         ++option) {
        const std::string_view keyword = option->keyword;
        const std::string_view value = option->val == nullptr ? "" : option->val;
        if (keyword == "host") {
            lists.hosts = split(value);
        } else if (keyword == "hostaddr") {
            lists.addresses = split(value);
        } else if (keyword == "port") {
            lists.ports = split(value);
        }
    }
    return lists;
}

}  // namespace

std::vector<PgHost> pg_hosts(const std::string& options)
{
    const Lists lists = lists_in(options);
    const std::size_t count = std::max(lists.hosts.size(), lists.addresses.size());
    const auto fits = [count](const std::vector<std::string>& list, std::size_t otherwise) {
        return list.size() == count || list.size() == otherwise;
    };
    // An empty place in a list is a default of libpq's.
    const auto has_gap = [](const std::vector<std::string>& list) {
        return std::find(list.begin(), list.end(), "") != list.end();
    };
    if (count == 0 || !fits(lists.hosts, 0) || !fits(lists.addresses, 0) || !fits(lists.ports, 1) ||
        has_gap(lists.hosts) || has_gap(lists.addresses) || has_gap(lists.ports)) {
        return {PgHost{}};
    }
    std::vector<PgHost> hosts(count);
    for (std::size_t i = 0; i < count; ++i) {
        hosts[i].host = lists.hosts.empty() ? "" : lists.hosts[i];
        hosts[i].hostaddr = lists.addresses.empty() ? "" : lists.addresses[i];
        hosts[i].port = lists.ports.size() == 1 ? lists.ports.front() : lists.ports[i];
    }
    return hosts;
}

}  // namespace usher
