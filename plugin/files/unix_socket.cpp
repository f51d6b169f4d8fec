#include "plugin/files/unix_socket.h"

#include <sys/socket.h>

#include <cerrno>

namespace usher
{

tl::expected<sockaddr_un, std::string> unix_address(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() > kMaxSocketPathBytes) {
        return tl::unexpected(path + ": longer than the name of a socket may be");
    }
    path.copy(address.sun_path, path.size());
    return address;
}

FileDescriptor unix_socket()
{
    return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

SocketProbe probe_socket(const sockaddr_un& address)
{
    using Result = SocketProbe::Result;
    const FileDescriptor caller = unix_socket();
    if (caller && ::connect(caller.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return {Result::listening, 0};
    }
    switch (const int error = errno) {
        case EAGAIN:  // the queue of callers is full
            return {Result::listening, error};
        case ENOENT:
            return {Result::nobody, error};
        case ECONNREFUSED:
            return {Result::dead, error};
        default:
            return {Result::unknown, error};
    }
}

}  // namespace usher
