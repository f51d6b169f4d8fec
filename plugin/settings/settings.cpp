#include "plugin/settings/settings.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "plugin/settings/toml_file.h"

namespace usher
{

std::string organization_place(std::size_t organization)
{
    return "organization[" + std::to_string(organization) + "]";
}

std::string group_place(std::size_t organization, std::size_t group)
{
    return organization_place(organization) + ".group[" + std::to_string(group) + "]";
}

std::string rule_place(std::size_t organization, std::size_t rule)
{
    return organization_place(organization) + ".rule[" + std::to_string(rule) + "]";
}

std::string StoreSettings::why_not_for(std::chrono::seconds length) const
{
    // What is due waits for a look, and is tried again if it could not be revoked.
    constexpr std::chrono::days kSpare{1};
    if (journal_days == 0 || length + kSpare <= std::chrono::days(journal_days)) {
        return {};
    }
    return "less than [store] journal_days, which is " + std::to_string(journal_days) + ", by a day at least";
}

const std::uint32_t* Lines::find(const std::string& key) const
{
    const auto found = all().find(key);
    return found == all().end() ? nullptr : &found->second;
}

void Lines::set(const std::string& key, std::uint32_t line)
{
    if (!shared_) {
        shared_ = std::make_shared<Map>();
    } else if (shared_.use_count() > 1) {
        shared_ = std::make_shared<Map>(*shared_);
    }
    (*shared_)[key] = line;
}

const Lines::Map& Lines::all() const
{
    static const Map kNone;
    return shared_ ? *shared_ : kNone;
}

std::string source_of(const Settings& settings, const std::string& key)
{
    const std::uint32_t* line = settings.lines.find(key);
    return line == nullptr ? "default" : shortened(settings.file) + ":" + std::to_string(*line);
}

std::string own_address(const ConnectionSettings& connection)
{
    return connection.component ? *connection.component : connection.account->text();
}

const std::string& credentials_file(const ConnectionSettings& connection)
{
    return connection.component ? connection.secret_file : connection.password_file;
}

bool is_loopback(std::string_view host)
{
    std::array<unsigned char, sizeof(in6_addr)> address{};
    const std::string text(host);
    if (inet_pton(AF_INET, text.c_str(), address.data()) == 1) {
        return address[0] == 127;
    }
    if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) {
        return std::memcmp(address.data(), &in6addr_loopback, address.size()) == 0;
    }
    return strcasecmp(text.c_str(), "localhost") == 0;
}

}  // namespace usher
