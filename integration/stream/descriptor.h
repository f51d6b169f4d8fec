// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

namespace usher
{

/// Owns it; -1: none.
class Descriptor
{
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor() { reset(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int get() const { return fd_; }
    void reset(int fd = -1)
    {
        if (fd_ != -1) {
            ::close(fd_);
        }
        fd_ = fd;
    }

  private:
    int fd_;
};

}  // namespace usher
