// Unix sockets that have a name in the file system: the address, the socket, and who listens there.
#pragma once

#include <sys/un.h>

#include <cstddef>
#include <string>

#include <tl/expected.hpp>

#include "integration/base/file_descriptor.h"

namespace usher
{

constexpr std::size_t kMaxSocketPathBytes = sizeof(sockaddr_un::sun_path) - 1;

/// The error, for people, names the path: it is longer than an address can hold.
[[nodiscard]] tl::expected<sockaddr_un, std::string> unix_address(const std::string& path);

/// A new stream socket that does not block. None, with errno set, if there cannot be one.
[[nodiscard]] FileDescriptor unix_socket();

struct SocketProbe {
    enum class Result {
        nobody,     ///< no such name
        dead,       ///< a name that nobody listens at: left behind, or not a socket at all
        listening,  ///< somebody listens, perhaps with more callers than they have taken
        unknown,    ///< it cannot be told
    };
    Result result = Result::unknown;
    int error = 0;  ///< the errno of the attempt to connect; 0: connected
};

/// Connects, and hangs up. Never waits.
[[nodiscard]] SocketProbe probe_socket(const sockaddr_un& address);

}  // namespace usher
