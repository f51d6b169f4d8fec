#include "plugin/control/socket_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "plugin/files/unix_socket.h"

namespace usher
{

namespace
{

/// Everybody who may read and write the file may say what is to be done.
constexpr mode_t kAllButOwnerAndGroup = 0117;

std::string because(const std::string& path)
{
    return path + ": " + std::strerror(errno);
}

/// Why that name cannot be taken; empty if it can.
std::string taken(const std::string& path, const sockaddr_un& address)
{
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        return errno == ENOENT ? std::string() : because(path);
    }
    if (!S_ISSOCK(status.st_mode)) {
        return path + ": exists and is not a socket";
    }
    const SocketProbe probe = probe_socket(address);
    switch (probe.result) {
        case SocketProbe::Result::listening:
            return path + ": another usherd listens there";
        case SocketProbe::Result::unknown:
            return path + ": is not known to be unused (" + std::strerror(probe.error) + ")";
        case SocketProbe::Result::nobody:
            return {};  // gone in the meantime
        case SocketProbe::Result::dead:
            break;
    }
    return ::unlink(path.c_str()) == 0 || errno == ENOENT ? std::string() : because(path);
}

}  // namespace

SocketFile::SocketFile(std::string path, FileDescriptor descriptor)
    : path_(std::move(path)), descriptor_(std::move(descriptor))
{
    struct stat status{};
    if (::lstat(path_.c_str(), &status) == 0) {
        device_ = status.st_dev;
        inode_ = status.st_ino;
    }
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      descriptor_(std::move(other.descriptor_)),
      device_(other.device_),
      inode_(other.inode_)
{
}

SocketFile::~SocketFile()
{
    remove();
}

tl::expected<SocketFile, std::string> SocketFile::listen(const std::string& path)
{
    const auto address = unix_address(path);
    if (!address) {
        return tl::unexpected(address.error());
    }
    if (std::string why = taken(path, *address); !why.empty()) {
        return tl::unexpected(std::move(why));
    }
    FileDescriptor descriptor = unix_socket();
    if (!descriptor) {
        return tl::unexpected(because(path));
    }
    // The file is made with these permissions: at no time is it open to more.
    const mode_t before = ::umask(kAllButOwnerAndGroup);
    const int bound = ::bind(descriptor.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
    ::umask(before);
    if (bound != 0 || ::listen(descriptor.get(), SOMAXCONN) != 0) {
        return tl::unexpected(because(path));
    }
    return SocketFile(path, std::move(descriptor));
}

int SocketFile::take_descriptor()
{
    return descriptor_.release();
}

void SocketFile::remove()
{
    struct stat status{};
    const std::string path = std::exchange(path_, {});
    if (!path.empty() && ::lstat(path.c_str(), &status) == 0 && status.st_dev == device_ &&
        status.st_ino == inode_) {
        ::unlink(path.c_str());
    }
}

}  // namespace usher
