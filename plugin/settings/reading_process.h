// Reads the settings file in a process of its own, so that a file can end that process at most, whatever the parser
// does of it, and not the daemon that reads it again.
//
// The process is the same program, started anew under another name; the settings come back through a pipe.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "plugin/settings/reader.h"

namespace usher
{

/// To be called first in main(). If read_settings_apart() started this process, reads the file and writes the settings;
/// what is returned is the exit status.
[[nodiscard]] std::optional<int> serve_reading(int argc, char** argv);

struct ReadingProcess {
    std::string program = "/proc/self/exe";  ///< one that calls serve_reading()
    std::chrono::milliseconds patience{300'000};
    int stop = -1;  ///< a descriptor; while it is readable, nothing is waited for
    /// What is to be read instead of the file, which is named in errors only.
    std::optional<std::string> text = {};
};

/// As read_settings(). Waits for the process, on any thread. That it died, was stopped or took too long is an error
/// of the file.
[[nodiscard]] ReadSettings read_settings_apart(const std::string& path, const ReadingProcess& process = {});

}  // namespace usher
