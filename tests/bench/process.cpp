#include "process.h"

#include <time.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace usher::test
{

namespace
{

/// A number of a file such as /proc/PID/status.
double value(const std::filesystem::path& file, const std::string& name)
{
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(name + ":")) {
            return std::stod(line.substr(name.size() + 1));
        }
    }
    throw std::runtime_error(file.string() + " has no " + name);
}

std::filesystem::path directory(pid_t process)
{
    return "/proc/" + std::to_string(process);
}

}  // namespace

double cpu_time(pid_t process)
{
    clockid_t clock = 0;
    timespec time{};
    if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
        throw std::runtime_error("a measured process has gone");
    }
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double resident(pid_t process)
{
    return value(directory(process) / "status", "VmRSS") * 1024;
}

std::uint64_t waits(pid_t process)
{
    std::uint64_t all = 0;
    for (const auto& thread : std::filesystem::directory_iterator(directory(process) / "task")) {
        all += static_cast<std::uint64_t>(value(thread.path() / "status", "voluntary_ctxt_switches"));
    }
    return all;
}

}  // namespace usher::test
