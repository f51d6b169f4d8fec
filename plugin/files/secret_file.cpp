#include "plugin/files/secret_file.h"

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "integration/base/random_token.h"
#include "plugin/files/regular_file.h"

namespace usher
{

tl::expected<std::string, std::string> read_secret(const std::string& path)
{
    constexpr std::size_t kMaxSecretBytes = 65536;
    const auto refused = [&path](const std::string& why) { return tl::unexpected(path + ": " + why); };
    const auto content = read_regular_file(path, kMaxSecretBytes);
    if (!content) {
        const FileError& error = content.error();
        return refused(error.kind == FileError::Kind::unreadable ? std::strerror(error.error) : "not a file");
    }
    if ((content->permissions & S_IRWXO) != 0) {
        std::array<char, 16> mode{};
        std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(content->permissions));
        return refused("everybody on this machine has access to it (mode " + std::string(mode.data()) +
                       "); fix: chmod o= " + path);
    }
    std::string secret = content->text.substr(0, content->text.find('\n'));
    if (secret.ends_with('\r')) {
        secret.pop_back();
    }
    if (secret.empty()) {
        return refused("the first line is empty");
    }
    return secret;
}

std::string new_secret()
{
    return random_token();
}

}  // namespace usher
