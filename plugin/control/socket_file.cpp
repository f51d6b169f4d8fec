#include "plugin/control/socket_file.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace usher
{

namespace
{

/// Everybody who may read and write the file may say what is to be done.
constexpr mode_t kAllButOwnerAndGroup = 0117;

int unix_socket()
{
    return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

std::string because(const std::string& path)
{
    return path + ": " + std::strerror(errno);
}

/// Why that name cannot be taken; empty if it can.
std::string taken(const std::string& path, const sockaddr_un& address)
{
    struct stat status {
    };
    if (::lstat(path.c_str(), &status) != 0) {
        return errno == ENOENT ? std::string() : because(path);
    }
    if (!S_ISSOCK(status.st_mode)) {
        return path + ": is there, and is not a socket";
    }
    const int probe = unix_socket();
    const bool dead = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
                      errno == ECONNREFUSED;
    ::close(probe);
    if (!dead) {
        return path + ": another usherd listens there";
    }
    return ::unlink(path.c_str()) == 0 || errno == ENOENT ? std::string() : because(path);
}

}  // namespace

SocketFile::SocketFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor)
{
    struct stat status {
    };
    if (::lstat(path_.c_str(), &status) == 0) {
        device_ = status.st_dev;
        inode_ = status.st_ino;
    }
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      device_(other.device_),
      inode_(other.inode_)
{
}

SocketFile::~SocketFile()
{
    remove();
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

tl::expected<SocketFile, std::string> SocketFile::listen(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return tl::unexpected(path + ": longer than the name of a socket may be");
    }
    path.copy(address.sun_path, path.size());
    if (std::string why = taken(path, address); !why.empty()) {
        return tl::unexpected(std::move(why));
    }
    const int descriptor = unix_socket();
    if (descriptor < 0) {
        return tl::unexpected(because(path));
    }
    // The file is made with these permissions: at no time is it open to more.
    const mode_t before = ::umask(kAllButOwnerAndGroup);
    const int bound = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::umask(before);
    if (bound != 0 || ::listen(descriptor, SOMAXCONN) != 0) {
        auto error = tl::unexpected(because(path));
        ::close(descriptor);
        return error;
    }
    return SocketFile(path, descriptor);
}

int SocketFile::take_descriptor()
{
    return std::exchange(descriptor_, -1);
}

void SocketFile::remove()
{
    struct stat status {
    };
    const std::string path = std::exchange(path_, {});
    if (!path.empty() && ::lstat(path.c_str(), &status) == 0 && status.st_dev == device_ &&
        status.st_ino == inode_) {
        ::unlink(path.c_str());
    }
}

}  // namespace usher
