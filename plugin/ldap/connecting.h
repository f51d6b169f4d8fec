// A TCP connection that can be given up while it is being made.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include <tl/expected.hpp>

#include "integration/base/file_descriptor.h"

namespace usher
{

/// Connects to the first of the host's addresses that answers, each within ten seconds. The socket does not block.
/// The error is for people; it is one as well once `stop` is readable.
[[nodiscard]] tl::expected<FileDescriptor, std::string> connect_tcp(const std::string& host,
                                                                    std::uint16_t port, int stop);

/// Ends a connection as soon as `stop` is readable, whatever is being waited for on it: the library that waits cannot
/// be told of another descriptor.
class ConnectionEnder
{
  public:
    /// `socket` may be closed before this is gone. Ends it as well when so much time has passed; negative: never.
    ConnectionEnder(int socket, int stop, std::chrono::milliseconds time = std::chrono::milliseconds(-1));
    ConnectionEnder(const ConnectionEnder&) = delete;
    ConnectionEnder& operator=(const ConnectionEnder&) = delete;
    ~ConnectionEnder();

    [[nodiscard]] bool ended() const { return ended_; }

  private:
    FileDescriptor socket_;  // a duplicate
    FileDescriptor done_;
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

}  // namespace usher
