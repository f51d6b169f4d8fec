#include "plugin/settings/named_files.h"

#include <cstddef>

#include "plugin/files/regular_file.h"
#include "plugin/files/secret_file.h"

namespace usher
{

std::vector<std::string> check_files(const Settings& settings)
{
    constexpr std::size_t kMaxBytes = std::size_t{16} * 1024 * 1024;
    std::vector<std::string> problems;
    const ConnectionSettings& connection = settings.connection;
    if (const auto read = read_secret(credentials_file(connection)); !read) {
        problems.push_back(
            (connection.component ? "connection.secret_file: " : "connection.password_file: ") +
            read.error());
    }
    if (!connection.ca_file.empty()) {
        // libstrophe takes authorities that it cannot load for a server without TLS
        const auto file = read_regular_file(connection.ca_file, kMaxBytes);
        if (!file || file->text.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
            problems.push_back("connection.ca_file: found no certificate in " + connection.ca_file +
                               "; accepted: a readable PEM file");
        }
    }
    return problems;
}

}  // namespace usher
