// What the kernel counts for a running program.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace usher::test
{

/// The environment that the service's unit (packaging/systemd) sets for usherd.
inline const std::vector<std::string> kEnvironment = {"GLIBC_TUNABLES=glibc.malloc.tcache_count=1000"};

/// User and system time of all its threads, in seconds.
[[nodiscard]] double cpu_time(pid_t process);
/// In bytes.
[[nodiscard]] double resident(pid_t process);
/// How often its threads have waited and were woken.
[[nodiscard]] std::uint64_t waits(pid_t process);

}  // namespace usher::test
