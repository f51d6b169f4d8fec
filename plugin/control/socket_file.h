// A listening Unix socket that has a name in the file system.
#pragma once

#include <sys/types.h>

#include <string>

#include <tl/expected.hpp>

#include "integration/base/file_descriptor.h"

namespace usher
{

/// Removes the name when it is destroyed, unless another process has taken the name by then.
class SocketFile
{
  public:
    /// Listens, for owner and group only. A name that a dead process left behind is taken over; one where a
    /// process listens is an error. The error is for people.
    [[nodiscard]] static tl::expected<SocketFile, std::string> listen(const std::string& path);

    SocketFile(SocketFile&& other) noexcept;
    SocketFile& operator=(SocketFile&&) = delete;
    ~SocketFile();

    /// The listening socket, which the caller closes. To be called once.
    [[nodiscard]] int take_descriptor();
    /// Removes the name: no new client can connect.
    void remove();

  private:
    SocketFile(std::string path, FileDescriptor descriptor);

    std::string path_;  // empty: removed
    FileDescriptor descriptor_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace usher
