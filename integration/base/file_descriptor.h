// Owns a file descriptor, and looks at one.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <utility>

namespace usher
{

class FileDescriptor
{
  public:
    /// As `open` and `socket` return it; negative: none, with their errno.
    explicit FileDescriptor(int descriptor = -1) : descriptor_(descriptor) {}
    FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept
    {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~FileDescriptor()
    {
        if (*this) {
            ::close(descriptor_);
        }
    }

    [[nodiscard]] explicit operator bool() const { return descriptor_ >= 0; }
    [[nodiscard]] int get() const { return descriptor_; }
    /// The caller closes it.
    [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

  private:
    int descriptor_;
};

/// Whether something can be read from it now, if only its end. Of -1: never.
[[nodiscard]] inline bool is_readable(int descriptor)
{
    pollfd awaited{descriptor, POLLIN, 0};
    return ::poll(&awaited, 1, 0) > 0;
}

}  // namespace usher
