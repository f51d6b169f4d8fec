#include "plugin/usherd/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace usher
{

tl::expected<void, std::string> drop_privileges(const std::string& user)
{
    if (::geteuid() != 0) {
        return {};
    }
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> texts{};
    if (::getpwnam_r(user.c_str(), &entry, texts.data(), texts.size(), &found) != 0 || found == nullptr) {
        return tl::unexpected(
            "started as root, and there is no user \"" + user +
            "\" to run as: create it with `systemd-sysusers` or `adduser --system --group`, or name another "
            "with --user");
    }
    if (found->pw_uid == 0) {
        return {};
    }
    if (::initgroups(found->pw_name, found->pw_gid) != 0 || ::setgid(found->pw_gid) != 0 ||
        ::setuid(found->pw_uid) != 0 || ::setuid(0) == 0) {
        return tl::unexpected("cannot become the user \"" + user + "\": " + std::strerror(errno));
    }
    return {};
}

void keep_memory_private()
{
#ifndef __SANITIZE_ADDRESS__  // its leak check needs ptrace
    ::prctl(PR_SET_DUMPABLE, 0);
#endif
}

}  // namespace usher
