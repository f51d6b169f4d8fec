#include "integration/stream/host_lookup.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/in.h>

#include <array>
#include <utility>

namespace usher
{

namespace
{

bool is_numeric(const std::string& host)
{
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return evutil_inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           evutil_inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

std::string numeric_text(const evutil_addrinfo& entry)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* address =
        entry.ai_family == AF_INET6
            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(entry.ai_addr)->sin6_addr)
            : static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(entry.ai_addr)->sin_addr);
    const char* written = evutil_inet_ntop(entry.ai_family, address, text.data(), text.size());
    return written == nullptr ? std::string() : written;
}

struct FreeDns {
    void operator()(evdns_base* dns) const { evdns_base_free(dns, 0); }
};

}  // namespace

/// It may outlive its look-up, because libevent also calls back, later, for what was cancelled.
struct HostLookup::Query {
    HostLookup* owner;  // null after it was destroyed
    std::unique_ptr<evdns_base, FreeDns> dns;
    evdns_getaddrinfo_request* running = nullptr;
    std::string error = {};

    static void done(int error, evutil_addrinfo* found, void* self) noexcept
    {
        auto* query = static_cast<Query*>(self);
        query->running = nullptr;
        if (query->owner == nullptr) {
            delete query;  // cancelled, so nothing was found
            return;
        }
        if (error != 0 && query->error.empty()) {
            query->error = evutil_gai_strerror(error);
        }
        std::vector<std::string> addresses;
        for (const evutil_addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
            if (std::string address = numeric_text(*entry); !address.empty()) {
                addresses.push_back(std::move(address));
            }
        }
        if (found != nullptr) {
            evutil_freeaddrinfo(found);
        }
        query->owner->done_(std::move(addresses), query->error);
    }
};

HostLookup::HostLookup(event_base* base, std::string host, Done done)
    : base_(base), host_(std::move(host)), done_(std::move(done))
{
}

HostLookup::~HostLookup()
{
    if (running()) {
        query_->owner = nullptr;
        evdns_getaddrinfo_cancel(query_->running);
        static_cast<void>(query_.release());  // Query::done() deletes it
    }
}

bool HostLookup::running() const
{
    return query_ && query_->running != nullptr;
}

void HostLookup::start()
{
    if (is_numeric(host_)) {
        done_({host_}, {});
        return;
    }
    std::unique_ptr<evdns_base, FreeDns> dns(evdns_base_new(base_, EVDNS_BASE_INITIALIZE_NAMESERVERS));
    if (!dns) {  // without resolv.conf, only the hosts file is left
        dns.reset(evdns_base_new(base_, 0));
        evdns_base_load_hosts(dns.get(), "/etc/hosts");
    }
    query_ = std::make_unique<Query>(Query{this, std::move(dns)});
    evutil_addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_protocol = IPPROTO_TCP;
    query_->running =
        evdns_getaddrinfo(query_->dns.get(), host_.c_str(), nullptr, &hints, &Query::done, query_.get());
    if (running() && evdns_base_count_nameservers(query_->dns.get()) == 0) {
        query_->error = "no name server is configured";
        cancel();
    }
}

void HostLookup::cancel()
{
    evdns_getaddrinfo_cancel(query_->running);
}

}  // namespace usher
