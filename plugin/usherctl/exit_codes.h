// What usherctl's exit codes mean.
#pragma once

namespace usher
{

enum UsherctlExit : int {
    kDone = 0,
    kFailed = 1,  ///< refused, or the daemon cannot be reached
    kUsage = 2,   ///< the command line
    kTrouble =
        2,  ///< `replay`: nothing could be compared, as diff(1) has it; kFailed is that something differs
};

}  // namespace usher
