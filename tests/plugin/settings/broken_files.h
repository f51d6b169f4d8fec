// Settings files with one fault, and what is said of it.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace usher::test
{

struct Broken {
    const char* what;
    std::string toml;
    std::uint32_t line;
    const char* key;
    const char* found;
    const char* accepted;
};

std::ostream& operator<<(std::ostream& out, const Broken& broken);

/// Reads the file, and checks that this is all that is wrong with it.
void check_only_error(const Broken& broken, const std::string& toml);

}  // namespace usher::test
