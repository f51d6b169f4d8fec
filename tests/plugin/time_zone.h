// A time zone for as long as a test runs.
#pragma once

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

namespace usher
{

/// Two hours east of UTC, without summer time.
struct Zone {
    Zone() { set("TST-2"); }
    ~Zone()
    {
        if (before) {
            set(before->c_str());
        } else {
            ::unsetenv("TZ");
            ::tzset();
        }
    }
    Zone(const Zone&) = delete;
    Zone& operator=(const Zone&) = delete;

    static void set(const char* zone)
    {
        ::setenv("TZ", zone, 1);
        ::tzset();
    }
    std::optional<std::string> before =
        std::getenv("TZ") != nullptr ? std::optional<std::string>(std::getenv("TZ")) : std::nullopt;
};

}  // namespace usher
