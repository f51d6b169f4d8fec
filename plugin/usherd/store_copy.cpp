#include "plugin/usherd/store_copy.h"

#include <unistd.h>

#include <chrono>
#include <iostream>

#include "plugin/store/copy_store.h"

namespace usher
{

ExitCode copy_store_and_report(const std::string& from, const std::string& to)
{
    using std::chrono::steady_clock;
    const bool in_terminal = ::isatty(STDERR_FILENO) != 0;
    // A terminal shows it in one line; a log has a line for each.
    const std::chrono::seconds interval(in_terminal ? 1 : 10);
    const char* const line_begin = in_terminal ? "\r" : "";
    const char* const line_end = in_terminal ? "" : "\n";
    steady_clock::time_point next = steady_clock::now() + interval;
    bool shown = false;
    const auto copied = copy_store(from, to, [&](std::int64_t rows, std::int64_t of) {
        if (steady_clock::now() >= next) {
            std::cerr << line_begin << rows << " of " << of << " rows" << line_end << std::flush;
            next = steady_clock::now() + interval;
            shown = true;
        }
    });
    if (shown && in_terminal) {
        std::cerr << "\r\033[K" << std::flush;
    }
    if (!copied) {
        std::cerr << "usherd: nothing is copied: " << copied.error() << '\n';
        return kFailed;
    }
    std::cerr << *copied << " rows copied to " << to << '\n';
    return kStopped;
}

}  // namespace usher
