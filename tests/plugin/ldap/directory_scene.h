// A real directory with 10,000 people, some few, and groups; and a reading of it.
#pragma once

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "plugin/ldap/directory_reading.h"
#include "private_slapd.h"

namespace usher::test
{

inline constexpr int kPeople = 10'000;

/// Names of entries: below the base, in `ou=people`, `ou=few` and `ou=groups`.
[[nodiscard]] std::string below(const std::string& name);
[[nodiscard]] std::string user_dn(int i);
[[nodiscard]] std::string few_dn(const std::string& uid);
[[nodiscard]] std::string group_dn(const std::string& name);

/// One for all tests of the program.
[[nodiscard]] PrivateSlapd& slapd();

using Read = tl::expected<DirectoryContents, DirectoryFailure>;

struct Reading {
    explicit Reading(const std::string& unit = "ou=few")
    {
        std::signal(SIGPIPE, SIG_IGN);
        settings.url = slapd().tls_url();
        settings.ca_file = slapd().ca_file();
        settings.bind_dn = PrivateSlapd::kReader;
        settings.password_file = slapd().password_file();
        settings.base = below(unit);
    }

    [[nodiscard]] Read read(const std::vector<std::string>& groups = {}) const
    {
        return read_directory(settings, groups, password, -1, limits);
    }
    [[nodiscard]] DirectoryContents contents(const std::vector<std::string>& groups = {}) const
    {
        const Read all = read(groups);
        if (!all) {
            throw std::runtime_error(all.error().text);
        }
        return *all;
    }
    [[nodiscard]] std::vector<std::string> addresses() const
    {
        std::vector<std::string> all;
        for (const Person& one : contents().people) {
            all.push_back(one.address.text());
        }
        return all;
    }
    [[nodiscard]] bool has(const std::string& address) const
    {
        const auto all = addresses();
        return std::find(all.begin(), all.end(), address) != all.end();
    }
    /// Who is in that group; `?` if it is not known.
    [[nodiscard]] std::vector<std::string> members(const std::string& name) const
    {
        const auto groups = contents({name}).groups;
        const auto found = groups.find(name);
        if (found == groups.end()) {
            return {"?"};
        }
        std::vector<std::string> all;
        for (const Address& address : found->second) {
            all.push_back(address.text());
        }
        return all;
    }
    /// Whether it cannot be read, and the error has this part.
    [[nodiscard]] bool refused(const std::string& part) const
    {
        const Read all = read();
        const std::string said = all ? "it was read" : all.error().text;
        BOOST_TEST_MESSAGE(said);
        BOOST_TEST_INFO(said);
        const bool right = !all && said.starts_with(settings.url + ": ") &&
                           said.find(part) != std::string::npos &&
                           said.find(PrivateSlapd::kSecret) == std::string::npos;
        BOOST_TEST(right, said << " has no: " << part);
        return right;
    }

    /// On the first connection there nothing comes before the search.
    void search_at(std::uint16_t port)
    {
        settings.url = "ldap://127.0.0.1:" + std::to_string(port);
        settings.tls_required = false;
        settings.bind_dn.clear();
    }

    LdapSettings settings;
    LdapLimits limits;
    std::string password = PrivateSlapd::kSecret;
};

struct ReadingAll : Reading {
    ReadingAll() : Reading("ou=people") {}
};

using Texts = std::vector<std::string>;

}  // namespace usher::test
