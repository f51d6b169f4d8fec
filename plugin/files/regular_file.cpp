#include "plugin/files/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "integration/base/file_descriptor.h"

namespace usher
{

namespace
{

tl::unexpected<FileError> unreadable()
{
    return tl::unexpected(FileError{FileError::Kind::unreadable, errno});
}

}  // namespace

std::string found_instead(const FileError& error)
{
    switch (error.kind) {
        case FileError::Kind::unreadable:
            return std::string("nothing to read: ") + std::strerror(error.error);
        case FileError::Kind::directory:
            return "a directory";
        case FileError::Kind::not_regular:
            break;
    }
    return "something that is not a file";
}

tl::expected<FileContent, FileError> read_regular_file(const std::string& path, std::size_t max_bytes)
{
    // O_NONBLOCK: opening a FIFO by mistake must not wait for a writer
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) {
        return unreadable();
    }
    if (!S_ISREG(status.st_mode)) {
        return tl::unexpected(FileError{
            S_ISDIR(status.st_mode) ? FileError::Kind::directory : FileError::Kind::not_regular, 0});
    }
    constexpr std::size_t kBlock = 65536;
    FileContent content;
    content.permissions = status.st_mode & 07777U;
    const std::size_t most = max_bytes + 1;  // one more shows whether that was all
    while (content.text.size() < most) {
        const std::size_t size = content.text.size();
        content.text.resize(std::min(most, size + kBlock));
        const ssize_t got = ::read(file.get(), content.text.data() + size, content.text.size() - size);
        content.text.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got < 0 && errno != EINTR) {
            return unreadable();
        }
        if (got == 0) {
            break;
        }
    }
    if (content.text.size() > max_bytes) {
        content.text.resize(max_bytes);
        content.whole = false;
    }
    return content;
}

}  // namespace usher
