#include "plugin/settings/named_files.h"

#include <cstddef>

#include "plugin/files/regular_file.h"
#include "plugin/files/secret_file.h"

namespace usher
{

namespace
{

using Problems = std::vector<std::string>;

void check_secret(Problems& problems, const std::string& key, const std::string& file)
{
    if (const auto read = read_secret(file); !read) {
        problems.push_back(key + ": " + read.error());
    }
}

void check_authorities(Problems& problems, const std::string& key, const std::string& path)
{
    constexpr std::size_t kMaxBytes = std::size_t{16} * 1024 * 1024;
    const auto file = read_regular_file(path, kMaxBytes);
    if (!file || file->text.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
        problems.push_back(key + ": found no certificate in " + path + "; accepted: a readable PEM file");
    }
}

}  // namespace

std::vector<std::string> check_files(const Settings& settings)
{
    Problems problems;
    const ConnectionSettings& connection = settings.connection;
    check_secret(problems, connection.component ? "connection.secret_file" : "connection.password_file",
                 credentials_file(connection));
    if (!connection.ca_file.empty()) {
        // libstrophe takes authorities that it cannot load for a server without TLS
        check_authorities(problems, "connection.ca_file", connection.ca_file);
    }
    if (!settings.ldap.password_file.empty()) {
        check_secret(problems, "ldap.password_file", settings.ldap.password_file);
    }
    if (!settings.ldap.ca_file.empty()) {
        check_authorities(problems, "ldap.ca_file", settings.ldap.ca_file);
    }
    return problems;
}

}  // namespace usher
