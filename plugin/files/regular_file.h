// Reads a whole file into memory, if it is one and not too large.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

#include <tl/expected.hpp>

namespace usher
{

struct FileContent {
    std::string text;
    bool whole = true;       ///< false: the file is longer than `text`
    mode_t permissions = 0;  ///< the last twelve bits of its mode
};

struct FileError {
    enum class Kind { unreadable, directory, not_regular };
    Kind kind = Kind::unreadable;
    int error = 0;  ///< with `unreadable`: the errno
};

/// What stands there instead of a file that can be read, as "found ..." has it.
[[nodiscard]] std::string found_instead(const FileError& error);

/// Reads the file up to `max_bytes`. Never waits: a FIFO or device is an error.
[[nodiscard]] tl::expected<FileContent, FileError> read_regular_file(const std::string& path,
                                                                     std::size_t max_bytes);

}  // namespace usher
