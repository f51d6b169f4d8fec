// What is wrong with a settings file, for whoever wrote it.
#pragma once

#include <cstdint>
#include <string>

namespace usher
{

/// One thing wrong with the file. `line` is 0 where no line can be named (the file cannot be read).
struct SettingError {
    std::string file;
    std::uint32_t line = 0;
    std::string key;       ///< such as `organization.option`; empty for a syntax error
    std::string found;     ///< what stands there
    std::string accepted;  ///< what may stand there
};

/// `FILE:LINE: KEY: found FOUND; accepted: ACCEPTED`
[[nodiscard]] std::string to_string(const SettingError& error);

}  // namespace usher
